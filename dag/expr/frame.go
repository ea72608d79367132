package expr

// frame is the set of rows that a kernel computes: all rows of a batch that count, or those that one side of a
// conditional, of `and`, `or` or `??` is needed for. Columns computed in a frame are dense: entry i is the frame's i-th row.
type frame struct {
	e    *Set
	rows []int32 // index into the record of each entry, ascending; nil: entry i is row i
	n    int
	// parent is the frame that this one is a part of, and at has its entries there; nil: all rows that count.
	parent *frame
	at     []int32
	// cols are the input columns as this frame sees them, by slot, and behind them the shared parts. They are computed, or
	// cut to the frame's rows, once, when first read.
	cols []column
	read []bool
	// whole is set in a frame of one entry that stands for all rows of another frame: what fails here fails there.
	whole *frame
}

// single returns the frame in which operations on values that are the same for every row are computed once.
func (f *frame) single() *frame {
	s := f.e.newFrame()
	s.n, s.whole = 1, f
	return s
}

// fail ends the row of entry i: its first failure is what is reported. The entry's value no longer matters.
func (f *frame) fail(i int, err error) {
	if f.whole == nil {
		f.e.fail(f.row(i), err)
		return
	}
	for j := range f.whole.n {
		f.whole.fail(j, err)
	}
}

// row is the index in the record of entry i.
func (f *frame) row(i int) int32 {
	if f.rows == nil {
		return int32(i)
	}
	return f.rows[i]
}

// sub returns the frame of the given entries of f.
func (f *frame) sub(at []int32) *frame {
	s := f.e.newFrame()
	s.n, s.parent, s.at = len(at), f, at
	if f.rows == nil {
		s.rows = at
		return s
	}
	s.rows = f.e.scratch.places.get(len(at))
	for i, p := range at {
		s.rows[i] = f.rows[p]
	}
	return s
}

// column reads the input column at a place of the schema.
func (f *frame) column(slot, index int) column {
	if !f.read[slot] {
		c := f.e.input(slot, index)
		if f.rows != nil {
			c = f.e.gather(c, f.rows)
		}
		f.cols[slot], f.read[slot] = c, true
	}
	return f.cols[slot]
}

// known gives a shared part that was computed in this frame or in one that it is a part of.
func (f *frame) known(slot int) (column, bool) {
	if f.read[slot] {
		return f.cols[slot], true
	}
	if f.parent == nil {
		return column{}, false
	}
	c, ok := f.parent.known(slot)
	if ok {
		c = f.keep(slot, f.e.gather(c, f.at))
	}
	return c, ok
}

// keep remembers a shared part.
func (f *frame) keep(slot int, c column) column {
	f.cols[slot], f.read[slot] = c, true
	return c
}

// forget lets go of the batch.
func (f *frame) forget() {
	clear(f.cols)
	clear(f.read)
	f.rows, f.at, f.whole, f.parent = nil, nil, nil, nil
}

// gather cuts a column to the given entries. A column of one entry is its own cut.
func (e *Set) gather(c column, at []int32) column {
	if c.one {
		return c
	}
	g := column{kind: c.kind}
	if c.nulls != nil {
		g.nulls = pick(e.scratch.bools.get(len(at)), c.nulls, at)
	}
	switch c.kind {
	case kindBool:
		g.bools = pick(e.scratch.bools.get(len(at)), c.bools, at)
	case kindInt:
		g.ints = pick(e.scratch.ints.get(len(at)), c.ints, at)
	case kindFloat:
		g.floats = pick(e.scratch.floats.get(len(at)), c.floats, at)
	case kindText:
		g.text = text{
			data:  c.text.data,
			start: pick(e.scratch.places.get(len(at)), c.text.start, at),
			end:   pick(e.scratch.places.get(len(at)), c.text.end, at),
		}
	case kindArray:
		g.array, g.index = c.array, at
		if c.index != nil {
			g.index = pick(e.scratch.places.get(len(at)), c.index, at)
		}
	}
	return g
}

func pick[T any](out, from []T, at []int32) []T {
	for i, p := range at {
		out[i] = from[p]
	}
	return out
}

// full returns a column with one entry per row of the frame, where a kernel has no loop of its own for a single one.
func (f *frame) full(c column) column {
	if !c.one {
		return c
	}
	s := &f.e.scratch
	g := column{kind: c.kind}
	if c.nulls != nil && c.nulls[0] {
		g.nulls = fill(s.bools.get(f.n), true)
	}
	switch c.kind {
	case kindBool:
		g.bools = fill(s.bools.get(f.n), c.bools[0])
	case kindInt:
		g.ints = fill(s.ints.get(f.n), c.ints[0])
	case kindFloat:
		g.floats = fill(s.floats.get(f.n), c.floats[0])
	case kindText:
		g.text = text{data: c.text.data, start: fill(s.places.get(f.n), c.text.start[0]), end: fill(s.places.get(f.n), c.text.end[0])}
	case kindArray:
		g.array = c.array
		at := int32(0)
		if c.index != nil {
			at = c.index[0]
		}
		g.index = fill(s.places.get(f.n), at)
	}
	return g
}

func fill[T any](b []T, v T) []T {
	for i := range b {
		b[i] = v
	}
	return b
}

// eitherNull joins the nulls of two columns of the frame; nil: there are none.
func (f *frame) eitherNull(a, b column) []bool { return f.joinNulls(f.joinNulls(nil, a), b) }

// joinNulls adds the nulls of a column to those gathered so far, without writing to either.
func (f *frame) joinNulls(nulls []bool, c column) []bool {
	switch {
	case c.nulls == nil:
		return nulls
	case c.one:
		if c.nulls[0] {
			return fill(f.e.scratch.bools.get(f.n), true)
		}
		return nulls
	case nulls == nil:
		return c.nulls[:f.n]
	}
	out := f.e.scratch.bools.get(f.n)
	orBools(out, nulls[:f.n], c.nulls[:f.n])
	return out
}
