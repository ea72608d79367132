package expr

// selectOf gives the entries of the frame for which a kernel of truths is true, ascending. The slice is scratch that the
// caller may write to.
func selectOf(k *compiled, f *frame) []int32 {
	if s, ok := k.kernel.(selector); ok {
		return s.selected(f)
	}
	return trues(f, k.eval(f))
}

// trues lists the true entries of a column of truths.
func trues(f *frame, c column) []int32 {
	if c.one {
		if c.isNull(0) || !c.bools[0] {
			return nil
		}
		at := f.e.scratch.places.get(f.n)
		for i := range at {
			at[i] = int32(i)
		}
		return at
	}
	at, n := f.e.scratch.places.get(f.n), 0
	if c.nulls == nil {
		for i, v := range c.bools[:f.n] {
			at[n] = int32(i)
			n += count(v)
		}
		return at[:n]
	}
	truths := f.e.scratch.bools.get(f.n)
	butBools(truths, c.bools[:f.n], c.nulls[:f.n])
	for i, v := range truths {
		at[n] = int32(i)
		n += count(v)
	}
	return at[:n]
}
