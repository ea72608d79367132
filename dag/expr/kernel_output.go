package expr

import (
	"math"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
)

// output computes a program and makes the array of its result: an entry for each row of the record, null where the row failed.
func (e *Set) output(f *frame, root *compiled, t arrow.DataType) arrow.Array {
	n := int(e.batch.Record.NumRows())
	if k := kindOf(t); f.rows == nil && (k == kindFloat || k == kindInt && t.ID() != arrow.DATE32) {
		return e.outputNumbers(f, root, t, k)
	}
	c := root.eval(f)
	if e.err != nil {
		return nil
	}
	if c.kind == kindNull {
		return array.MakeArrayOfNull(e.mem, t, n)
	}
	return e.arrayOfColumn(f, f.full(c), t, n, e.failed)
}

// outputNumbers is output for numbers of 64 bits and all rows: they are computed where the array has them.
func (e *Set) outputNumbers(f *frame, root *compiled, t arrow.DataType, k kind) arrow.Array {
	buf := e.buffer(f.n * 8)
	into := column{}
	if k == kindFloat {
		into.floats = arrow.Float64Traits.CastFromBytes(buf.Bytes())
	} else {
		into.ints = arrow.Int64Traits.CastFromBytes(buf.Bytes())
	}
	var c column
	if w, ok := root.kernel.(writer); ok && f.n > 0 {
		c = w.evalInto(f, into)
	} else {
		c = root.eval(f)
	}
	switch {
	case e.err != nil:
		buf.Release()
		return nil
	case c.kind == kindNull || c.allNull():
		buf.Release()
		return array.MakeArrayOfNull(e.mem, t, f.n)
	case k == kindFloat:
		settle(into.floats, c.floats, c.one)
	default:
		settle(into.ints, c.ints, c.one)
	}
	if c.one {
		c.nulls = nil
	}
	bitmap, nulls := e.validity(f, c, f.n, e.failed)
	return e.arrayOf(t, f.n, nulls, bitmap, buf)
}

// settle sees to it that numbers are where they are wanted.
func settle[T number](into, from []T, one bool) {
	switch {
	case len(into) == 0:
	case one:
		fill(into, from[0])
	case &into[0] != &from[0]:
		copy(into, from)
	}
}

// dense makes an array of the entries of a column of a frame, for a kernel that makes lists or structs of it.
func (f *frame) dense(c column, t arrow.DataType) arrow.Array {
	g := &frame{e: f.e, n: f.n}
	if c.kind == kindNull {
		return array.MakeArrayOfNull(f.e.mem, t, f.n)
	}
	return f.e.arrayOfColumn(g, f.full(c), t, f.n, nil)
}

// arrayOfColumn makes the array of a column with one entry per row of the frame; rows in failed are null.
func (e *Set) arrayOfColumn(f *frame, c column, t arrow.DataType, n int, failed []bool) arrow.Array {
	if c.kind == kindArray {
		return e.outputArray(f, c, t, n, failed)
	}
	bitmap, nulls := e.validity(f, c, n, failed)
	buffers := []*memory.Buffer{bitmap, nil}
	switch c.kind {
	case kindBool:
		buffers[1] = e.packRows(f, c.bools, n)
	case kindFloat:
		buffers[1] = e.buffer(n * 8)
		scatter(arrow.Float64Traits.CastFromBytes(buffers[1].Bytes()), c.floats, f.rows)
	case kindInt:
		if t.ID() == arrow.DATE32 {
			buffers[1] = e.buffer(n * 4)
			days := arrow.Int32Traits.CastFromBytes(buffers[1].Bytes())
			clearGaps(days, f.rows)
			for i, d := range c.ints[:f.n] {
				days[f.row(i)] = int32(d)
			}
		} else {
			buffers[1] = e.buffer(n * 8)
			scatter(arrow.Int64Traits.CastFromBytes(buffers[1].Bytes()), c.ints, f.rows)
		}
	case kindText:
		var bytes *memory.Buffer
		buffers[1], bytes = e.outputText(f, c, n, failed)
		buffers = append(buffers, bytes)
	}
	return e.arrayOf(t, n, nulls, buffers...)
}

// buffer takes size bytes from the allocator, with arbitrary content.
func (e *Set) buffer(size int) *memory.Buffer {
	b := memory.NewResizableBuffer(e.mem)
	b.Resize(size)
	return b
}

// scatter writes the dense entries of a frame to their rows; rows that do not count become zero.
func scatter[T any](out, from []T, rows []int32) {
	if rows == nil {
		copy(out, from)
		return
	}
	clearGaps(out, rows)
	for i, r := range rows {
		out[r] = from[i]
	}
}

func clearGaps[T any](out []T, rows []int32) {
	if rows != nil && len(rows) < len(out) {
		clear(out)
	}
}

// validity makes the bitmap of the result, or nil where every entry is valid, and counts the nulls.
func (e *Set) validity(f *frame, c column, n int, failed []bool) (*memory.Buffer, int) {
	if c.nulls == nil && failed == nil {
		return nil, 0
	}
	var missing []bool // by row
	switch {
	case f.rows == nil && failed == nil:
		missing = c.nulls[:n]
	case f.rows == nil && c.nulls == nil:
		missing = failed[:n]
	default:
		missing = e.scratch.bools.get(n)
		clearGaps(missing, f.rows)
		if c.nulls != nil {
			scatter(missing, c.nulls[:f.n], f.rows)
		} else {
			clear(missing)
		}
		if failed != nil {
			orBools(missing, missing, failed[:n])
		}
	}
	nulls := countBools(missing)
	if nulls == 0 {
		return nil, 0
	}
	buf := e.buffer((n + 7) / 8)
	pack(buf.Bytes(), missing, true)
	return buf, nulls
}

func (e *Set) packRows(f *frame, bools []bool, n int) *memory.Buffer {
	if f.rows == nil {
		return e.pack(bools[:n])
	}
	all := e.scratch.bools.get(n)
	scatter(all, bools, f.rows)
	return e.pack(all)
}

// pack makes a bitmap of truths.
func (e *Set) pack(bools []bool) *memory.Buffer {
	buf := e.buffer((len(bools) + 7) / 8)
	pack(buf.Bytes(), bools, false)
	return buf
}

// outputText makes the offsets and the bytes of a column of texts. Nulls and rows that failed or do not count take no bytes.
func (e *Set) outputText(f *frame, c column, n int, failed []bool) (offsets, bytes *memory.Buffer) {
	start, end := c.text.start[:f.n], c.text.end[:f.n]
	size, adjoining := 0, f.rows == nil && c.nulls == nil && failed == nil
	for i := range start {
		size += int(end[i] - start[i])
		adjoining = adjoining && (i == 0 || start[i] == end[i-1])
	}
	if size > math.MaxInt32 {
		e.abort(errTextLimit)
		size, start = 0, nil
	}
	offsets, bytes = e.buffer((n+1)*4), e.buffer(size)
	at, out := arrow.Int32Traits.CastFromBytes(offsets.Bytes()), bytes.Bytes()
	if adjoining && len(start) > 0 {
		first := start[0]
		for i, s := range start {
			at[i] = s - first
		}
		at[n] = int32(size)
		copy(out, c.text.data[first:])
		return offsets, bytes
	}
	written, row := int32(0), 0
	for i := range start {
		r := int(f.row(i))
		for ; row <= r; row++ {
			at[row] = written
		}
		if c.nulls != nil && c.nulls[i] || failed != nil && failed[r] {
			continue
		}
		written += int32(copy(out[written:], c.text.data[start[i]:end[i]]))
	}
	for ; row <= n; row++ {
		at[row] = written
	}
	bytes.ResizeNoShrink(int(written))
	return offsets, bytes
}

// outputArray makes an array of the entries that a column points at in another one.
func (e *Set) outputArray(f *frame, c column, t arrow.DataType, n int, failed []bool) arrow.Array {
	if c.array != nil && c.index == nil && f.rows == nil && failed == nil && c.array.Len() == n {
		return retyped(c.array, t)
	}
	if c.array == nil {
		return array.MakeArrayOfNull(e.mem, t, n)
	}
	index := fill(e.scratch.places.get(n), -1)
	for i := range f.n {
		r := f.row(i)
		switch {
		case c.nulls != nil && c.nulls[i], failed != nil && failed[r]:
		case c.index != nil:
			index[r] = c.index[i]
		default:
			index[r] = int32(i)
		}
	}
	out, err := gatherArray(e.mem, c.array, index)
	if err != nil {
		e.abort(err)
		return nil
	}
	defer out.Release()
	return retyped(out, t)
}

// repeat is the result of a program that is one literal. It is made once for the largest batch and cut for the others.
func (e *Set) repeat(i, n int) arrow.Array {
	if a := e.literals[i]; a == nil || a.Len() < n {
		if a != nil {
			a.Release()
		}
		e.literals[i] = e.repeatLiteral(e.programs[i].root, roundUp(n))
	}
	return array.NewSlice(e.literals[i], 0, int64(n))
}

func (e *Set) repeatLiteral(t *Typed, n int) arrow.Array {
	c := literalColumn(t.Value, t.Type)
	if c.isNull(0) {
		return array.MakeArrayOfNull(e.mem, t.Type, n)
	}
	// It outlives the batch in hand, whose failures are not its own.
	failed := e.failed
	e.failed = nil
	defer func() { e.failed = failed }()
	f := &frame{e: e, n: n}
	return e.arrayOfColumn(f, f.full(c), t.Type, n, nil)
}
