package expr

import "unsafe"

// harmless reports whether it costs little and nobody sees it when a kernel is computed for rows that do not ask for it.
func (k *compiled) harmless() bool { return k.cheap && !k.fallible }

// blend computes both branches for all rows, and takes of each what is asked for without a branch in the program's flow.
func (k *conditionalKernel) blend(f *frame, c column) column {
	s := &f.e.scratch
	truths := c.bools[:f.n]
	if c.nulls != nil {
		truths = s.bools.get(f.n)
		butBools(truths, c.bools[:f.n], c.nulls[:f.n])
	}
	a, b := k.then.eval(f), k.otherwise.eval(f)
	out := column{kind: k.kind}
	if a.nulls != nil || b.nulls != nil {
		// Null where one is chosen that is null.
		out.nulls = s.bools.zeroed(f.n)
		if x := f.joinNulls(nil, a); x != nil {
			andBools(out.nulls, x, truths)
		}
		if y := f.joinNulls(nil, b); y != nil {
			rest := s.bools.get(f.n)
			butBools(rest, y, truths)
			orBools(out.nulls, out.nulls, rest)
		}
	}
	if k.kind == kindFloat {
		out.floats = s.floats.get(f.n)
		blendWords(wordsOf(out.floats), truths, wordsOf(a.floats), a.one, wordsOf(b.floats), b.one)
	} else {
		out.ints = s.ints.get(f.n)
		blendWords(wordsOf(out.ints), truths, wordsOf(a.ints), a.one, wordsOf(b.ints), b.one)
	}
	return out
}

// wordsOf views numbers as the bits that they are.
func wordsOf[T number](x []T) []uint64 {
	return unsafe.Slice((*uint64)(unsafe.Pointer(unsafe.SliceData(x))), len(x))
}

// blendWords takes a where the truth holds and b elsewhere; either may be a single entry, or nothing at all for a null of no
// type.
func blendWords(out []uint64, truths []bool, a []uint64, oneA bool, b []uint64, oneB bool) {
	if a == nil {
		a, oneA = []uint64{0}, true
	}
	if b == nil {
		b, oneB = []uint64{0}, true
	}
	truths = truths[:len(out)]
	switch {
	case oneA && oneB:
		x, y := a[0], b[0]
		for i, t := range truths {
			out[i] = y ^ (x^y)&-uint64(count(t))
		}
	case oneA:
		x := a[0]
		for i, y := range b[:len(out)] {
			out[i] = y ^ (x^y)&-uint64(count(truths[i]))
		}
	case oneB:
		y := b[0]
		for i, x := range a[:len(out)] {
			out[i] = y ^ (x^y)&-uint64(count(truths[i]))
		}
	default:
		b = b[:len(out)]
		for i, x := range a[:len(out)] {
			y := b[i]
			out[i] = y ^ (x^y)&-uint64(count(truths[i]))
		}
	}
}
