package state

import (
	"encoding/binary"
	"math"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/bitutil"
)

// Vector is one column of a batch, loaded for the rows at hand: entry i belongs to the i-th of them. It is loaded again and
// again, and reuses its memory. What it holds may point into the array, so it is valid no longer than that is.
type Vector struct {
	Kind  Kind
	Words []uint64 // of a Word column; 0 where null. A float as math.Float64bits, a date as its day, a bool as 0 or 1
	Nulls []bool   // nil: none of the rows is null
	n     int

	views []view // of a Text or Nested column
	data  []byte // where long views point

	// Memory of its own, for the next load.
	words   []uint64
	nulls   []bool
	encoded []byte
}

// Load takes the values of arr at rows (nil: all of them) as they are.
func (v *Vector) Load(arr arrow.Array, rows []int32) { v.load(arr, rows, false) }

// LoadKeys takes the values as keys: every NaN becomes the same one and -0.0 becomes 0.0.
func (v *Vector) LoadKeys(arr arrow.Array, rows []int32) { v.load(arr, rows, true) }

// LoadSlots makes slots of another table the values.
func (v *Vector) LoadSlots(slots []int32) {
	for i, words := 0, v.Fill(len(slots)); i < len(slots); i++ {
		words[i] = uint64(slots[i])
	}
}

// Fill makes the vector hold n words, none of them null, which the caller writes.
func (v *Vector) Fill(n int) []uint64 {
	v.Kind, v.Nulls, v.n = Word, nil, n
	v.words = resize(v.words, n)
	v.Words = v.words
	return v.words
}

// loadKept takes entries of a column, whose texts it copies.
func (v *Vector) loadKept(c *Values, slots []int32) {
	v.Kind, v.Nulls, v.Words, v.n = c.Kind, nil, nil, len(slots)
	for i, s := range slots {
		if c.Null(s) {
			if v.Nulls == nil {
				v.nulls = resize(v.nulls, v.n)
				clear(v.nulls)
				v.Nulls = v.nulls
			}
			v.Nulls[i] = true
		}
	}
	if c.Kind == Word {
		v.words = resize(v.words, v.n)
		v.Words = v.words
		for i, s := range slots {
			v.Words[i] = c.words[s]
		}
		return
	}
	v.views, v.encoded = resize(v.views, v.n), v.encoded[:0]
	for i, s := range slots {
		w := c.views[s]
		if w.long() {
			at := len(v.encoded)
			v.encoded = append(v.encoded, c.arena.text(w)...)
			w = longView(uint64(at), w.size())
		}
		v.views[i] = w
	}
	v.data = v.encoded
}

// Len is the number of entries.
func (v *Vector) Len() int { return v.n }

func (v *Vector) load(arr arrow.Array, rows []int32, keys bool) {
	v.n = arr.Len()
	if rows != nil {
		v.n = len(rows)
	}
	v.loadNulls(arr, rows)
	v.Kind, v.Words = Word, nil
	data := arr.Data()
	at := data.Offset()
	switch dt := arr.DataType().(type) {
	case *arrow.NullType:
		v.Words = resize(v.words, v.n)
		clear(v.Words)
		v.words = v.Words
	case *arrow.BooleanType:
		v.loadBools(data.Buffers()[1], at, rows)
	case *arrow.Date32Type:
		v.loadDates(data.Buffers()[1], at, arr.Len(), rows)
	case *arrow.Int64Type, *arrow.Float64Type, *arrow.TimestampType, *arrow.DurationType:
		v.loadWords(data.Buffers()[1], at, arr.Len(), rows)
		if keys && dt.ID() == arrow.FLOAT64 {
			v.unifyFloats()
		}
	case *arrow.StringType, *arrow.BinaryType:
		v.Kind = Text
		v.loadTexts(data, rows)
	default:
		v.Kind = Nested
		v.loadNested(arr, rows, keys)
	}
	if v.Kind == Word && v.Nulls != nil {
		v.clearNulls()
	}
}

func (v *Vector) loadNulls(arr arrow.Array, rows []int32) {
	v.Nulls = nil
	if arr.NullN() == 0 {
		return
	}
	v.nulls = resize(v.nulls, v.n)
	if arr.DataType().ID() == arrow.NULL {
		for i := range v.nulls {
			v.nulls[i] = true
		}
		v.Nulls = v.nulls
		return
	}
	bits, at := arr.NullBitmapBytes(), arr.Data().Offset()
	found := false
	for i := range v.nulls {
		r := i
		if rows != nil {
			r = int(rows[i])
		}
		null := !bitutil.BitIsSet(bits, at+r)
		v.nulls[i] = null
		found = found || null
	}
	if found {
		v.Nulls = v.nulls
	}
}

// clearNulls gives null entries the word 0, whatever the array has there. The words may be the array's own.
func (v *Vector) clearNulls() {
	v.own()
	for i, null := range v.Nulls {
		if null {
			v.Words[i] = 0
		}
	}
}

// own makes the words the vector's own.
func (v *Vector) own() {
	if len(v.words) > 0 && len(v.Words) > 0 && &v.words[0] == &v.Words[0] {
		return
	}
	v.words = append(v.words[:0], v.Words...)
	v.Words = v.words
}

func (v *Vector) loadWords(buf buffer, at, n int, rows []int32) {
	if n == 0 {
		return
	}
	all := arrow.Uint64Traits.CastFromBytes(buf.Bytes())[at : at+n]
	if rows == nil {
		v.Words = all
		return
	}
	v.words = resize(v.words, len(rows))
	for i, r := range rows {
		v.words[i] = all[r]
	}
	v.Words = v.words
}

func (v *Vector) loadDates(buf buffer, at, n int, rows []int32) {
	v.words = resize(v.words, v.n)
	v.Words = v.words
	if n == 0 {
		return
	}
	all := arrow.Int32Traits.CastFromBytes(buf.Bytes())[at : at+n]
	for i := range v.words {
		r := i
		if rows != nil {
			r = int(rows[i])
		}
		v.words[i] = uint64(int64(all[r]))
	}
}

func (v *Vector) loadBools(buf buffer, at int, rows []int32) {
	v.words = resize(v.words, v.n)
	v.Words = v.words
	if v.n == 0 {
		return
	}
	bits := buf.Bytes()
	for i := range v.words {
		r := i
		if rows != nil {
			r = int(rows[i])
		}
		r += at
		v.words[i] = uint64(bits[r>>3]>>(r&7)) & 1
	}
}

var nan = math.Float64bits(math.NaN())

const signBit = 1 << 63

func (v *Vector) unifyFloats() {
	v.own()
	for i, w := range v.words {
		v.words[i] = unifyFloat(w)
	}
}

func unifyFloat(w uint64) uint64 {
	if w == signBit {
		return 0
	}
	if f := math.Float64frombits(w); f != f {
		return nan
	}
	return w
}

func (v *Vector) loadTexts(data arrow.ArrayData, rows []int32) {
	v.views = resize(v.views, v.n)
	v.data = nil
	if v.n == 0 {
		return
	}
	if buf := data.Buffers()[2]; buf != nil {
		v.data = buf.Bytes()
	}
	offsets := arrow.Int32Traits.CastFromBytes(data.Buffers()[1].Bytes())[data.Offset() : data.Offset()+data.Len()+1]
	if rows == nil {
		viewsOf(v.views, v.data, offsets)
	} else {
		for i, r := range rows {
			v.views[i] = viewOf(v.data, int(offsets[r]), int(offsets[r+1]))
		}
	}
	for i, null := range v.Nulls {
		if null {
			v.views[i] = view{}
		}
	}
}

func (v *Vector) loadNested(arr arrow.Array, rows []int32, keys bool) {
	v.views = resize(v.views, v.n)
	v.encoded = v.encoded[:0]
	ends := resize(v.words, v.n)
	v.words = ends
	for i := range v.views {
		r := i
		if rows != nil {
			r = int(rows[i])
		}
		if v.Nulls == nil || !v.Nulls[i] {
			v.encoded = appendNested(v.encoded, arr, r, keys)
		}
		ends[i] = uint64(len(v.encoded))
	}
	v.data = v.encoded
	beg := 0
	for i, end := range ends {
		v.views[i] = view{}
		if v.Nulls == nil || !v.Nulls[i] {
			v.views[i] = viewOf(v.data, beg, int(end))
		}
		beg = int(end)
	}
}

// buffer is what a column's memory offers.
type buffer interface{ Bytes() []byte }

// Text gives the bytes of entry i of a Text column; buf is used where they are not in one piece elsewhere.
func (v *Vector) Text(i int, buf *[16]byte) []byte {
	w := v.views[i]
	if w.long() {
		return v.data[w.a : w.a+uint64(w.size())]
	}
	w.put(buf)
	return buf[:w.size()]
}

func appendWord(b []byte, w uint64) []byte { return binary.LittleEndian.AppendUint64(b, w) }
