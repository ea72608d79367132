package expr

// logicKernel is `and` or `or`, three-valued. The right side is computed for the rows that the left one does not decide: where
// it is null or, for `and`, true, for `or`, false.
type logicKernel struct {
	or          bool
	left, right *compiled
}

func (k *logicKernel) eval(f *frame) column {
	a := k.left.eval(f)
	if a.one && !a.isNull(0) && a.bools[0] == k.or {
		return a
	}
	if a.one || !k.right.fallible && k.right.cheap {
		return k.join(f, a, k.right.eval(f))
	}
	at := k.undecided(f, a)
	switch len(at) {
	case 0:
		return a
	case f.n:
		return k.join(f, a, k.right.eval(f))
	}
	sub := f.sub(at)
	b := k.right.eval(sub)
	b = sub.full(k.join(sub, f.e.gather(a, at), b))
	return k.merge(f, a, at, b)
}

// undecided gives the entries for which the right side is needed.
func (k *logicKernel) undecided(f *frame, a column) []int32 {
	at, n := f.e.scratch.places.get(f.n), 0
	if a.nulls == nil {
		for i, v := range a.bools[:f.n] {
			at[n] = int32(i)
			n += count(v != k.or)
		}
		return at[:n]
	}
	for i, v := range a.bools[:f.n] {
		at[n] = int32(i)
		n += count(v != k.or || a.nulls[i])
	}
	return at[:n]
}

// join combines two columns of the same frame.
func (k *logicKernel) join(f *frame, a, b column) column {
	switch {
	case a.one && b.one:
		out := k.join(f.single(), single(a), single(b))
		out.one = true
		return out
	case a.one && a.nulls == nil: // true and b, false or b
		return b
	}
	a, b = f.full(a), f.full(b)
	out := column{kind: kindBool, bools: f.e.scratch.bools.get(f.n)}
	x, y := a.bools[:f.n], b.bools[:f.n]
	if a.nulls == nil && b.nulls == nil {
		if k.or {
			orBools(out.bools, x, y)
		} else {
			andBools(out.bools, x, y)
		}
		return out
	}
	// For each side: where it decides, since it is there and true (or) or false (and).
	s := &f.e.scratch
	decided := s.bools.zeroed(f.n)
	for _, side := range []column{a, b} {
		decides := s.bools.get(f.n)
		if k.or {
			copy(decides, side.bools[:f.n])
		} else {
			notBools(decides, side.bools[:f.n])
		}
		if side.nulls != nil {
			butBools(decides, decides, side.nulls[:f.n])
		}
		orBools(decided, decided, decides)
	}
	if k.or {
		copy(out.bools, decided)
	} else {
		notBools(out.bools, decided)
	}
	out.nulls = s.bools.get(f.n)
	butBools(out.nulls, f.eitherNull(a, b), decided)
	return out
}

// single makes a column of one entry one that is full in a frame of one.
func single(c column) column {
	c.one = false
	return c
}

// merge puts the entries that were computed apart over the left side.
func (k *logicKernel) merge(f *frame, a column, at []int32, b column) column {
	out := column{kind: kindBool, bools: f.e.scratch.bools.get(f.n)}
	copy(out.bools, a.bools)
	if a.nulls != nil || b.nulls != nil {
		out.nulls = f.e.scratch.bools.zeroed(f.n)
		copy(out.nulls, a.nulls)
	}
	for i, p := range at {
		out.bools[p] = b.bools[i]
	}
	if out.nulls != nil {
		for i, p := range at {
			out.nulls[p] = b.nulls != nil && b.nulls[i]
		}
	}
	return out
}

func (k *logicKernel) selected(f *frame) []int32 {
	if k.or {
		return k.selectedOr(f)
	}
	if !k.right.fallible {
		at := selectOf(k.left, f)
		switch len(at) {
		case 0:
			return nil
		case f.n:
			return selectOf(k.right, f)
		}
		return pickPlaces(at, selectOf(k.right, f.sub(at)))
	}
	a := k.left.eval(f)
	if a.one {
		if !a.isNull(0) && !a.bools[0] {
			return nil
		}
		b := selectOf(k.right, f)
		if a.isNull(0) {
			return nil
		}
		return b
	}
	at := k.undecided(f, a)
	if len(at) == 0 {
		return nil
	}
	both := pickPlaces(at, selectOf(k.right, f.sub(at)))
	if a.nulls != nil {
		both = without(both, a.nulls)
	}
	return both
}

// selectedOr computes the right side for the rows for which the left one is not true.
func (k *logicKernel) selectedOr(f *frame) []int32 {
	left := selectOf(k.left, f)
	if len(left) == f.n {
		return left
	}
	rest := f.e.scratch.places.get(f.n - len(left))
	n, next := 0, 0
	for i := range int32(f.n) {
		if next < len(left) && left[next] == i {
			next++
			continue
		}
		rest[n] = i
		n++
	}
	sub := f
	if len(left) > 0 {
		sub = f.sub(rest)
	}
	right := selectOf(k.right, sub)
	if len(left) == 0 {
		return right
	}
	right = pickPlaces(rest, right)
	return mergePlaces(f.e.scratch.places.get(len(left)+len(right)), left, right)
}

// pickPlaces maps entries of a frame's part to entries of the frame, in place.
func pickPlaces(part, at []int32) []int32 {
	for i, p := range at {
		at[i] = part[p]
	}
	return at
}

// mergePlaces merges two ascending lists.
func mergePlaces(out, a, b []int32) []int32 {
	out = out[:0]
	for len(a) > 0 && len(b) > 0 {
		if a[0] < b[0] {
			out, a = append(out, a[0]), a[1:]
		} else {
			out, b = append(out, b[0]), b[1:]
		}
	}
	return append(append(out, a...), b...)
}

// notKernel is `not`.
type notKernel struct{ arg *compiled }

func (k *notKernel) eval(f *frame) column {
	a := k.arg.eval(f)
	if a.allNull() {
		return a
	}
	out := a
	out.bools = f.e.scratch.bools.get(len(a.bools))
	notBools(out.bools, a.bools)
	return out
}

// nilKernel is `x == nil` or `x != nil`.
type nilKernel struct {
	not bool
	arg *compiled
}

func (k *nilKernel) eval(f *frame) column {
	a := k.arg.eval(f)
	switch {
	case a.one || a.nulls == nil:
		return column{kind: kindBool, one: true, bools: boolSlices[a.isNull(0) != k.not]}
	case !k.not:
		return column{kind: kindBool, bools: a.nulls[:f.n]}
	}
	out := column{kind: kindBool, bools: f.e.scratch.bools.get(f.n)}
	notBools(out.bools, a.nulls[:f.n])
	return out
}

var boolSlices = map[bool][]bool{false: {false}, true: {true}}
