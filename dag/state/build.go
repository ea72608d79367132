package state

import (
	"fmt"
	"math"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
)

// Build makes an Arrow array, which is the caller's, of the values at slots; a negative slot gives a null. The texts of one array
// may take 2 GiB at the most; the caller cuts by AddSizes, and more is an error.
func (c *Values) Build(mem memory.Allocator, slots []int32) (arrow.Array, error) {
	switch c.Kind {
	case Text:
		return c.buildTexts(mem, slots)
	case Nested:
		return c.buildNested(mem, slots), nil
	}
	return c.buildWords(mem, slots), nil
}

func (c *Values) buildWords(mem memory.Allocator, slots []int32) arrow.Array {
	valid := func(i int) bool { return slots[i] >= 0 && c.valid[slots[i]] }
	switch c.Type.ID() {
	case arrow.NULL, arrow.BOOL, arrow.DATE32: // narrower than a word
		words, nulls := make([]uint64, len(slots)), make([]bool, len(slots))
		for i, s := range slots {
			if nulls[i] = !valid(i); !nulls[i] {
				words[i] = c.words[s]
			}
		}
		return ArrayOf(mem, c.Type, words, nulls)
	}
	body, nulls := newBuffer(mem, 8*len(slots)), 0
	defer body.Release()
	words := arrow.Uint64Traits.CastFromBytes(body.Bytes())
	for i, s := range slots {
		if s < 0 || !c.valid[s] {
			words[i] = 0
			nulls++
			continue
		}
		words[i] = c.words[s]
	}
	bits := validity(mem, len(slots), nulls, valid)
	defer release(bits)
	return newArray(c.Type, len(slots), nulls, bits, body)
}

// AddSizes adds to each of sizes the bytes that the value of a slot takes beside a fixed part.
func (c *Values) AddSizes(sizes []int64, slots []int32) {
	if c.Kind == Word {
		return
	}
	for i, s := range slots {
		sizes[i] += int64(c.at(s).size())
	}
}

// at is the view of a slot; a negative one has a null.
func (c *Values) at(slot int32) view {
	if slot < 0 {
		return view{}
	}
	return c.views[slot]
}

func (c *Values) buildTexts(mem memory.Allocator, slots []int32) (arrow.Array, error) {
	total, nulls := int64(0), 0
	for _, s := range slots {
		w := c.at(s)
		total += int64(w.size())
		nulls += int(b2i(w.null()))
	}
	if total > math.MaxInt32 {
		return nil, fmt.Errorf("state: texts of %d bytes do not fit into one array", total)
	}
	offsets := newBuffer(mem, 4*(len(slots)+1))
	defer offsets.Release()
	data := newBuffer(mem, int(total))
	defer data.Release()
	ends, body := arrow.Int32Traits.CastFromBytes(offsets.Bytes()), data.Bytes()
	ends[0] = 0
	at := 0
	for i, s := range slots {
		w := c.at(s)
		if w.long() {
			at += copy(body[at:], c.arena.text(w))
		} else {
			var buf [16]byte
			w.put(&buf)
			at += copy(body[at:], buf[:w.size()])
		}
		ends[i+1] = int32(at)
	}
	valid := validity(mem, len(slots), nulls, func(i int) bool { return !c.at(slots[i]).null() })
	defer release(valid)
	return newArray(c.Type, len(slots), nulls, valid, offsets, data), nil
}

func (c *Values) buildNested(mem memory.Allocator, slots []int32) arrow.Array {
	bld := array.NewBuilder(mem, c.Type)
	defer bld.Release()
	bld.Reserve(len(slots))
	var buf [16]byte
	for _, s := range slots {
		if w := c.at(s); w.null() {
			bld.AppendNull()
		} else {
			buildNested(c.text(w, &buf), bld)
		}
	}
	return bld.NewArray()
}

// Build makes a list array, which is the caller's, of the lists at slots; none is null. dt is the type of the list. The limits
// are those of Values.Build, over all elements.
func (l *Lists) Build(mem memory.Allocator, dt *arrow.ListType, slots []int32) (arrow.Array, error) {
	offsets := newBuffer(mem, 4*(len(slots)+1))
	defer offsets.Release()
	ends := arrow.Int32Traits.CastFromBytes(offsets.Bytes())
	ends[0] = 0
	total := 0
	for _, s := range slots {
		total += l.Len(s)
	}
	places := make([]int32, 0, total)
	for i, s := range slots {
		places = l.Places(places, s)
		ends[i+1] = int32(len(places))
	}
	elems, err := l.values.Build(mem, places)
	if err != nil {
		return nil, err
	}
	defer elems.Release()
	data := array.NewData(dt, len(slots), []*memory.Buffer{nil, offsets}, []arrow.ArrayData{elems.Data()}, 0, 0)
	defer data.Release()
	return array.MakeFromData(data), nil
}

// AddSizes adds to each of sizes the bytes that the list of a slot takes.
func (l *Lists) AddSizes(sizes []int64, slots []int32) {
	for i, s := range slots {
		sizes[i] += 8 * int64(l.Len(s))
		if l.values.Kind == Word {
			continue
		}
		for e := l.first[s]; e != 0; e = l.next[e-1] {
			sizes[i] += int64(l.values.views[e-1].size())
		}
	}
}

// ArrayOf makes an array of a Word type, which is the caller's, of words as [Vector] has them; nulls may be nil.
func ArrayOf(mem memory.Allocator, dt arrow.DataType, words []uint64, nulls []bool) arrow.Array {
	count := 0
	for _, null := range nulls {
		count += int(b2i(null))
	}
	if dt.ID() == arrow.NULL {
		return array.NewNull(len(words))
	}
	body := newBuffer(mem, wordBytes(dt, len(words)))
	defer body.Release()
	switch dt.ID() {
	case arrow.BOOL:
		bits := body.Bytes()
		clear(bits)
		for i, w := range words {
			bits[i>>3] |= byte(w) << (i & 7)
		}
	case arrow.DATE32:
		days := arrow.Int32Traits.CastFromBytes(body.Bytes())
		for i, w := range words {
			days[i] = int32(w)
		}
	default:
		copy(arrow.Uint64Traits.CastFromBytes(body.Bytes()), words)
	}
	valid := validity(mem, len(words), count, func(i int) bool { return !nulls[i] })
	defer release(valid)
	return newArray(dt, len(words), count, valid, body)
}

func wordBytes(dt arrow.DataType, n int) int {
	switch dt.ID() {
	case arrow.BOOL:
		return (n + 7) / 8
	case arrow.DATE32:
		return 4 * n
	}
	return 8 * n
}

func newBuffer(mem memory.Allocator, size int) *memory.Buffer {
	b := memory.NewResizableBuffer(mem)
	b.Resize(size)
	return b
}

// validity makes the bitmap of n entries, nil if none is null.
func validity(mem memory.Allocator, n, nulls int, valid func(i int) bool) *memory.Buffer {
	if nulls == 0 {
		return nil
	}
	b := newBuffer(mem, (n+7)/8)
	bits := b.Bytes()
	clear(bits)
	for i := range n {
		if valid(i) {
			bits[i>>3] |= 1 << (i & 7)
		}
	}
	return b
}

func release(b *memory.Buffer) {
	if b != nil {
		b.Release()
	}
}

func newArray(dt arrow.DataType, n, nulls int, buffers ...*memory.Buffer) arrow.Array {
	data := array.NewData(dt, n, buffers, nil, nulls, 0)
	defer data.Release()
	return array.MakeFromData(data)
}
