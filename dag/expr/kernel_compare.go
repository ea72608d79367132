package expr

import "bytes"

// number is what the comparison and arithmetic loops run over.
type number interface{ int64 | float64 }

// relation is one of the six comparisons.
type relation uint8

const (
	equal relation = iota
	notEqual
	less
	lessEqual
	more
	moreEqual
)

var relations = map[string]relation{"==": equal, "!=": notEqual, "<": less, "<=": lessEqual, ">": more, ">=": moreEqual}

// flipped is the relation with its sides exchanged.
func (r relation) flipped() relation {
	switch r {
	case less:
		return more
	case lessEqual:
		return moreEqual
	case more:
		return less
	case moreEqual:
		return lessEqual
	}
	return r
}

// holds tells what the relation says of a three-way comparison.
func (r relation) holds(c int) bool {
	switch r {
	case equal:
		return c == 0
	case notEqual:
		return c != 0
	case less:
		return c < 0
	case lessEqual:
		return c <= 0
	case more:
		return c > 0
	}
	return c >= 0
}

// compareKernel compares two columns of the same kind.
type compareKernel struct {
	relation    relation
	left, right *compiled
}

func (k *compareKernel) eval(f *frame) column {
	rel, a, b, done := k.sides(f)
	if done {
		return nullColumn(kindBool)
	}
	if a.one { // both are
		out := k.compare(f.single(), rel, a, b)
		out.one = true
		return out
	}
	return k.compare(f, rel, a, b)
}

// sides computes both sides and puts a single value to the right; done: one side is null throughout.
func (k *compareKernel) sides(f *frame) (rel relation, a, b column, done bool) {
	rel, a, b = k.relation, k.left.eval(f), k.right.eval(f)
	if a.allNull() || b.allNull() {
		return rel, a, b, true
	}
	if a.one && !b.one {
		rel, a, b = rel.flipped(), b, a
	}
	return rel, a, b, false
}

func (k *compareKernel) compare(f *frame, rel relation, a, b column) column {
	out := column{kind: kindBool, bools: f.e.scratch.bools.get(f.n), nulls: f.eitherNull(a, b)}
	switch a.kind {
	case kindBool:
		compareBools(rel, a.bools, b.bools, b.one, out.bools)
	case kindInt:
		compareNumbers(rel, a.ints, b.ints, b.one, out.bools)
	case kindFloat:
		compareNumbers(rel, a.floats, b.floats, b.one, out.bools)
	case kindText:
		compareTexts(rel, a.text, b.text, b.one, out.bools)
	}
	return out
}

// selected gives the entries for which the comparison is true.
func (k *compareKernel) selected(f *frame) []int32 {
	rel, a, b, done := k.sides(f)
	if done {
		return nil
	}
	if a.one || a.kind == kindBool {
		return trues(f, k.compare(f, rel, f.full(a), b))
	}
	at := f.e.scratch.places.get(f.n)
	switch a.kind {
	case kindInt:
		at = selectNumbers(rel, a.ints[:f.n], b.ints, b.one, at)
	case kindFloat:
		at = selectNumbers(rel, a.floats[:f.n], b.floats, b.one, at)
	case kindText:
		at = selectTexts(rel, a.text, b.text, b.one, f.n, at)
	}
	if nulls := f.eitherNull(a, b); nulls != nil {
		at = without(at, nulls)
	}
	return at
}

// without drops the entries that are marked, in place.
func without(at []int32, marked []bool) []int32 {
	n := 0
	for _, i := range at {
		at[n] = i
		if !marked[i] {
			n++
		}
	}
	return at[:n]
}

func compareNumbers[T number](rel relation, a, b []T, one bool, out []bool) {
	a = a[:len(out)]
	if one {
		compareToNumber(rel, a, b[0], out)
		return
	}
	b = b[:len(out)]
	switch rel {
	case equal:
		for i := range out {
			out[i] = a[i] == b[i]
		}
	case notEqual:
		for i := range out {
			out[i] = a[i] != b[i]
		}
	case less:
		for i := range out {
			out[i] = a[i] < b[i]
		}
	case lessEqual:
		for i := range out {
			out[i] = a[i] <= b[i]
		}
	case more:
		for i := range out {
			out[i] = a[i] > b[i]
		}
	case moreEqual:
		for i := range out {
			out[i] = a[i] >= b[i]
		}
	}
}

func compareToNumber[T number](rel relation, a []T, b T, out []bool) {
	switch rel {
	case equal:
		for i, x := range a {
			out[i] = x == b
		}
	case notEqual:
		for i, x := range a {
			out[i] = x != b
		}
	case less:
		for i, x := range a {
			out[i] = x < b
		}
	case lessEqual:
		for i, x := range a {
			out[i] = x <= b
		}
	case more:
		for i, x := range a {
			out[i] = x > b
		}
	case moreEqual:
		for i, x := range a {
			out[i] = x >= b
		}
	}
}

// count turns a truth into 1, which the compiler does without a branch.
func count(b bool) int {
	if b {
		return 1
	}
	return 0
}

func selectNumbers[T number](rel relation, a, b []T, one bool, at []int32) []int32 {
	n := 0
	if !one {
		for i, x := range a {
			y := b[i]
			at[n] = int32(i)
			switch rel {
			case equal:
				n += count(x == y)
			case notEqual:
				n += count(x != y)
			case less:
				n += count(x < y)
			case lessEqual:
				n += count(x <= y)
			case more:
				n += count(x > y)
			case moreEqual:
				n += count(x >= y)
			}
		}
		return at[:n]
	}
	y := b[0]
	at = at[:len(a)]
	switch rel {
	case equal:
		for i, x := range a {
			at[n] = int32(i)
			n += count(x == y)
		}
	case notEqual:
		for i, x := range a {
			at[n] = int32(i)
			n += count(x != y)
		}
	case less:
		for i, x := range a {
			at[n] = int32(i)
			n += count(x < y)
		}
	case lessEqual:
		for i, x := range a {
			at[n] = int32(i)
			n += count(x <= y)
		}
	case more:
		for i, x := range a {
			at[n] = int32(i)
			n += count(x > y)
		}
	case moreEqual:
		for i, x := range a {
			at[n] = int32(i)
			n += count(x >= y)
		}
	}
	return at[:n]
}

func compareBools(rel relation, a, b []bool, one bool, out []bool) {
	for i := range out {
		j := i
		if one {
			j = 0
		}
		out[i] = rel.holds(count(a[i]) - count(b[j]))
	}
}

func compareTexts(rel relation, a, b text, one bool, out []bool) {
	if one && (rel == equal || rel == notEqual) {
		newMatcher(b.at(0)).test(a, rel == notEqual, out)
		return
	}
	for i := range out {
		j := i
		if one {
			j = 0
		}
		out[i] = rel.holds(bytes.Compare(a.at(i), b.at(j)))
	}
}

func selectTexts(rel relation, a, b text, one bool, rows int, at []int32) []int32 {
	if one && (rel == equal || rel == notEqual) {
		return newMatcher(b.at(0)).selected(a, rel == notEqual, at[:rows])
	}
	n := 0
	for i := range rows {
		j := i
		if one {
			j = 0
		}
		at[n] = int32(i)
		n += count(rel.holds(bytes.Compare(a.at(i), b.at(j))))
	}
	return at[:n]
}
