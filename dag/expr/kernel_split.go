package expr

import (
	"bytes"
	"encoding/binary"
	"math"
	"math/bits"
	"slices"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
)

// splitKernel is split and splitAfter: a text into a list of texts.
type splitKernel struct {
	args  []*compiled // text, separator and perhaps the largest number of parts
	typ   arrow.DataType
	after bool
}

func (k *splitKernel) eval(f *frame) column {
	var vals [3]column
	single := true
	for i, a := range k.args {
		vals[i] = a.eval(f)
		single = single && vals[i].one
	}
	for i := range k.args {
		if vals[i].allNull() {
			return nullColumn(kindArray)
		}
	}
	g := f
	if single {
		g = f.single()
	}
	out := column{kind: kindArray, one: single}
	for i := range k.args {
		out.nulls = g.joinNulls(out.nulls, vals[i])
	}
	w := g.partWriter()
	if len(k.args) == 2 && !k.after && !vals[0].one && vals[1].one && len(vals[1].text.at(0)) == 1 {
		w.splitByte(vals[0].text, vals[1].text.at(0)[0], out.nulls)
		return w.finish(k.typ, out)
	}
	for i := range g.n {
		if out.nulls != nil && out.nulls[i] {
			w.endRow()
			continue
		}
		s, sep := vals[0].text.at(vals[0].at(i)), vals[1].text.at(vals[1].at(i))
		switch {
		case len(k.args) == 2 && !k.after && len(sep) > 0:
			w.splitText(s, sep)
		default:
			parts := -1
			if len(k.args) == 3 {
				parts = int(vals[2].ints[vals[2].at(i)])
			}
			cut := strings.SplitN
			if k.after {
				cut = strings.SplitAfterN
			}
			for _, p := range cut(str(s), str(sep), parts) {
				w.put(p)
			}
		}
		w.endRow()
	}
	return w.finish(k.typ, out)
}

// partWriter writes lists of texts.
type partWriter struct {
	f        *frame
	data     []byte
	ends     []int32 // of the texts in data, after a first 0
	lists    []int32 // of the lists in ends, after a first 0
	dataSlot int
	endsSlot int
}

func (f *frame) partWriter() *partWriter {
	s := &f.e.scratch
	w := &partWriter{f: f}
	w.dataSlot, w.data = s.bytes.grow(0)
	w.endsSlot, w.ends = s.places.grow(f.n + 1)
	w.lists = append(s.places.get(f.n + 1)[:0], 0)
	w.ends = append(w.ends, 0)
	return w
}

// splitByte splits all texts at a byte. It looks at eight bytes at once.
func (w *partWriter) splitByte(t text, sep byte, nulls []bool) {
	const highs = 0x8080808080808080
	pattern := uint64(sep) * ones
	_, _, size := t.span(w.f.n)
	if size > math.MaxInt32 {
		w.f.e.abort(errTextLimit)
		return
	}
	data, ends, at := slices.Grow(w.data, size+8)[:size+8], w.ends, 0
	for i := range w.f.n {
		if nulls == nil || !nulls[i] {
			for from, to := int(t.start[i]), int(t.end[i]); ; {
				word := wordAt(t.data, from)
				binary.LittleEndian.PutUint64(data[at:], word)
				x := word ^ pattern
				// The lowest of the marked bytes is one that is zero, so a separator.
				hit := bits.TrailingZeros64((x-ones)&^x&highs) >> 3
				left := to - from
				if hit < 8 && hit < left {
					at += hit
					from += hit + 1
					ends = append(ends, int32(at))
					continue
				}
				if left <= 8 {
					at += left
					ends = append(ends, int32(at))
					break
				}
				at, from = at+8, from+8
			}
		}
		w.lists = append(w.lists, int32(len(ends)-1))
	}
	w.data, w.ends = data[:at], ends
}

// wordAt reads eight bytes, zeros behind the end.
func wordAt(data []byte, at int) uint64 {
	if at+8 <= len(data) {
		return binary.LittleEndian.Uint64(data[at:])
	}
	var last [8]byte
	if at < len(data) {
		copy(last[:], data[at:])
	}
	return binary.LittleEndian.Uint64(last[:])
}

func (w *partWriter) splitText(s, sep []byte) {
	for {
		i := bytes.Index(s, sep)
		if i < 0 {
			w.put(str(s))
			return
		}
		w.put(str(s[:i]))
		s = s[i+len(sep):]
	}
}

func (w *partWriter) put(p string) {
	w.data = append(w.data, p...)
	w.ends = append(w.ends, int32(len(w.data)))
}

func (w *partWriter) endRow() {
	if len(w.data) > math.MaxInt32 || len(w.ends) > math.MaxInt32 {
		w.f.e.abort(errTextLimit)
		w.data, w.ends = w.data[:0], w.ends[:1]
	}
	w.lists = append(w.lists, int32(len(w.ends)-1))
}

// finish makes the lists the array of out, which has the nulls.
func (w *partWriter) finish(t arrow.DataType, out column) column {
	out.array = w.done(t, out.nulls)
	if out.array == nil {
		return nullColumn(kindArray)
	}
	return out
}

// done makes the array, which lives until the batch is done. It has the given nulls. After an error there is none.
func (w *partWriter) done(t arrow.DataType, nulls []bool) arrow.Array {
	e := w.f.e
	e.scratch.bytes.keep(w.dataSlot, w.data)
	e.scratch.places.keep(w.endsSlot, w.ends)
	if e.err != nil {
		return nil
	}
	element := t.(*arrow.ListType).Elem()
	texts := e.arrayOf(element, len(w.ends)-1, 0, nil, e.copied(arrow.Int32Traits.CastToBytes(w.ends)), e.copied(w.data))
	defer texts.Release()
	var valid *memory.Buffer
	missing := 0
	if nulls != nil {
		missing = countBools(nulls)
		valid = e.buffer((len(nulls) + 7) / 8)
		pack(valid.Bytes(), nulls, true)
	}
	lists := array.NewData(t, len(w.lists)-1, []*memory.Buffer{valid, e.copied(arrow.Int32Traits.CastToBytes(w.lists))},
		[]arrow.ArrayData{texts.Data()}, missing, 0)
	for _, b := range lists.Buffers() {
		if b != nil {
			b.Release()
		}
	}
	defer lists.Release()
	return e.own(array.MakeFromData(lists))
}

// copied takes a buffer from the allocator with the given content.
func (e *Set) copied(b []byte) *memory.Buffer {
	buf := e.buffer(len(b))
	copy(buf.Bytes(), b)
	return buf
}

// arrayOf makes an array of buffers and takes over the references to them.
func (e *Set) arrayOf(t arrow.DataType, n, nulls int, buffers ...*memory.Buffer) arrow.Array {
	data := array.NewData(t, n, buffers, nil, nulls, 0)
	defer data.Release()
	for _, b := range buffers {
		if b != nil {
			b.Release()
		}
	}
	return array.MakeFromData(data)
}
