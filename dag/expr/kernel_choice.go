package expr

import (
	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
)

// conditionalKernel is `condition ? then : otherwise`. Each branch is computed for its own rows; a null condition chooses
// the second.
type conditionalKernel struct {
	kind                       kind
	condition, then, otherwise *compiled
}

func (k *conditionalKernel) eval(f *frame) column {
	c := k.condition.eval(f)
	if c.one {
		if !c.isNull(0) && c.bools[0] {
			return k.then.eval(f)
		}
		return k.otherwise.eval(f)
	}
	if k.then.harmless() && k.otherwise.harmless() && (k.kind == kindInt || k.kind == kindFloat) {
		return k.blend(f, c)
	}
	yes := trues(f, c)
	switch len(yes) {
	case 0:
		return k.otherwise.eval(f)
	case f.n:
		return k.then.eval(f)
	}
	no := complement(f.e.scratch.places.get(f.n-len(yes)), yes, f.n)
	thenFrame, elseFrame := f.sub(yes), f.sub(no)
	a := k.then.eval(thenFrame)
	b := k.otherwise.eval(elseFrame)
	return f.interleave(k.kind, a, yes, b, no)
}

// complement lists the entries of n that are not in at.
func complement(out, at []int32, n int) []int32 {
	k, next := 0, 0
	for i := range int32(n) {
		if next < len(at) && at[next] == i {
			next++
			continue
		}
		out[k] = i
		k++
	}
	return out[:k]
}

// coalesceKernel is `left ?? right`. The right side is computed for the rows where the left one is null.
type coalesceKernel struct {
	kind        kind
	left, right *compiled
}

func (k *coalesceKernel) eval(f *frame) column {
	a := k.left.eval(f)
	switch {
	case a.allNull():
		return k.right.eval(f)
	case a.one || a.nulls == nil:
		return a
	}
	null := trues(f, column{kind: kindBool, bools: a.nulls})
	switch len(null) {
	case 0:
		a.nulls = nil
		return a
	case f.n:
		return k.right.eval(f)
	}
	b := k.right.eval(f.sub(null))
	rest := complement(f.e.scratch.places.get(f.n-len(null)), null, f.n)
	return f.interleave(k.kind, f.e.gather(a, rest), rest, b, null)
}

// interleave makes one column of two that were computed in parts of the frame: the entries of a stand at the places atA, those
// of b at atB; together these are all places.
func (f *frame) interleave(k kind, a column, atA []int32, b column, atB []int32) column {
	s := &f.e.scratch
	out := column{kind: k}
	if a.nulls != nil || b.nulls != nil {
		out.nulls = s.bools.zeroed(f.n)
		spreadAt(out.nulls, a.nulls, a.one, atA)
		spreadAt(out.nulls, b.nulls, b.one, atB)
	}
	switch k {
	case kindBool:
		out.bools = s.bools.get(f.n)
		spreadAt(out.bools, a.bools, a.one, atA)
		spreadAt(out.bools, b.bools, b.one, atB)
	case kindInt:
		out.ints = s.ints.get(f.n)
		spreadAt(out.ints, a.ints, a.one, atA)
		spreadAt(out.ints, b.ints, b.one, atB)
	case kindFloat:
		out.floats = s.floats.get(f.n)
		spreadAt(out.floats, a.floats, a.one, atA)
		spreadAt(out.floats, b.floats, b.one, atB)
	case kindText:
		out.text = f.interleaveText(a, atA, b, atB)
	case kindArray:
		f.interleaveArrays(&out, a, atA, b, atB)
	}
	return out
}

// spreadAt writes the entries of a part to their places. A nil part (a null of no type, or no nulls) leaves them.
func spreadAt[T any](out, part []T, one bool, at []int32) {
	switch {
	case part == nil:
	case one:
		for _, p := range at {
			out[p] = part[0]
		}
	default:
		for i, p := range at {
			out[p] = part[i]
		}
	}
}

func (f *frame) interleaveText(a column, atA []int32, b column, atB []int32) text {
	s := &f.e.scratch
	out := text{start: s.places.zeroed(f.n), end: s.places.zeroed(f.n)}
	if sameBytes(a.text.data, b.text.data) || len(b.text.data) == 0 || len(a.text.data) == 0 {
		out.data = a.text.data
		if len(out.data) == 0 {
			out.data = b.text.data
		}
		spreadAt(out.start, a.text.start, a.one, atA)
		spreadAt(out.end, a.text.end, a.one, atA)
		spreadAt(out.start, b.text.start, b.one, atB)
		spreadAt(out.end, b.text.end, b.one, atB)
		return out
	}
	w := f.textWriter(out)
	w.place(a, atA)
	w.place(b, atB)
	return w.done()
}

func sameBytes(a, b []byte) bool {
	return len(a) == len(b) && (len(a) == 0 || &a[0] == &b[0])
}

func (f *frame) interleaveArrays(out *column, a column, atA []int32, b column, atB []int32) {
	out.index = f.e.scratch.places.zeroed(f.n)
	var shift int32
	switch {
	case a.array == nil:
		out.array = b.array
	case b.array == nil || a.array == b.array:
		out.array = a.array
	default:
		other := retyped(b.array, a.array.DataType())
		both, err := array.Concatenate([]arrow.Array{a.array, other}, f.e.mem)
		other.Release()
		if err != nil {
			f.e.abort(err)
			out.array = a.array
			return
		}
		out.array = f.e.own(both)
		shift = int32(a.array.Len())
	}
	placeIndex(out.index, a, atA, 0)
	placeIndex(out.index, b, atB, shift)
}

func placeIndex(out []int32, c column, at []int32, shift int32) {
	if c.array == nil {
		return
	}
	for i, p := range at {
		j := int32(c.at(i))
		if c.index != nil {
			j = c.index[j]
		}
		out[p] = j + shift
	}
}
