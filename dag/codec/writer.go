package codec

import (
	"encoding/binary"
	"slices"
	"unsafe"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"flowrun/dag/batch"
)

// writer is a column of the batch in hand.
type writer struct {
	kind kind
	name string
	key  []byte // `{"name":` or `,"name":`

	array  arrow.Array
	nulls  bool
	valid  []byte // a bit for each value, from the bit offset on
	offset int
	ints   []int64 // of intKind and timestampKind
	floats []float64
	bools  *array.Boolean
	ends   []int32 // of stringKind
	data   []byte

	// What the last value was like, which the next one may be like too.
	decimals int   // of floatKind
	day      int64 // of timestampKind, counted from 1970, and its text
	date     [10]byte
}

// shortKey is as much of a key as is copied without a call.
type shortKey [16]byte

// maxValue is as long as a value is at the most that is no text, list, map or struct.
const maxValue = 40

func (w *writer) load(arr arrow.Array) {
	w.array, w.nulls = arr, arr.NullN() > 0
	w.valid, w.offset = arr.NullBitmapBytes(), arr.Data().Offset()
	switch a := arr.(type) {
	case *array.Int64:
		w.ints = a.Int64Values()
	case *array.Timestamp:
		w.ints = cast64(a.TimestampValues())
	case *array.Float64:
		w.floats = a.Float64Values()
	case *array.Boolean:
		w.bools = a
	case *array.String:
		w.ends, w.data = nil, nil
		if a.Len() > 0 {
			w.ends, w.data = a.ValueOffsets(), a.ValueBytes()
		}
	}
}

func cast64(v []arrow.Timestamp) []int64 {
	return unsafe.Slice((*int64)(unsafe.Pointer(unsafe.SliceData(v))), len(v))
}

// unload forgets the batch.
func (w *writer) unload() {
	w.array, w.valid, w.ints, w.floats, w.bools, w.ends, w.data = nil, nil, nil, nil, nil, nil, nil
}

func (w *writer) isNull(row int) bool {
	if len(w.valid) == 0 { // a column of no type but null
		return true
	}
	row += w.offset
	return w.valid[row>>3]>>(row&7)&1 == 0
}

// appendKey appends the key to dst, which has room for it and for a shortKey.
func (w *writer) appendKey(dst []byte) []byte {
	n := len(dst)
	if len(w.key) > len(shortKey{}) {
		return append(dst, w.key...)
	}
	dst = dst[:n+len(shortKey{})]
	*(*shortKey)(dst[n:]) = *(*shortKey)(w.key[:len(shortKey{})])
	return dst[:n+len(w.key)]
}

// appendMoment appends a timestamp, in microseconds since 1970; ok is false for one that RFC 3339 cannot write.
func (w *writer) appendMoment(dst []byte, us int64) (out []byte, ok bool) {
	const perDay = 24 * 3600 * usPerSecond
	day := us / perDay
	us -= day * perDay
	if us < 0 {
		us += perDay
		day--
	}
	if day != w.day {
		if day < firstDay || day > lastDay {
			return dst, false
		}
		w.day = day
		batch.AppendDate(w.date[:0], day)
	}
	seconds := uint32(us / usPerSecond)
	n := len(dst)
	dst = dst[:n+len(`"2006-01-02T15:04:05Z"`)]
	b := dst[n:]
	b[0] = '"'
	copy(b[1:], w.date[:])
	hour, minute := seconds/3600, seconds/60
	b[11] = 'T'
	*(*[2]byte)(b[12:]) = pairs[hour]
	b[14] = ':'
	*(*[2]byte)(b[15:]) = pairs[minute-60*hour]
	b[17] = ':'
	*(*[2]byte)(b[18:]) = pairs[seconds-60*minute]
	b[20], b[21] = 'Z', '"'
	if fraction := uint64(us - int64(seconds)*usPerSecond); fraction != 0 {
		dst = dst[:n+len(`"2006-01-02T15:04:05.000000`)]
		b = dst[n:]
		b[20] = '.'
		putUint(b[21:], fraction)
		for dst[len(dst)-1] == '0' {
			dst = dst[:len(dst)-1]
		}
		dst = append(dst, 'Z', '"')
	}
	return dst, true
}

// appendText appends data[from:to] as a JSON string to dst, and leaves at least room bytes behind it.
func appendText(dst, data []byte, from, to, room int) []byte {
	n := to - from
	dst = slices.Grow(dst, n+2+8+room)
	start := len(dst)
	if to+8 > len(data) {
		return slices.Grow(appendQuoted(dst, data[from:to]), room)
	}
	dst = dst[:start+1+n+8]
	dst[start] = '"'
	// What is copied behind the end is written over.
	at := start + 1
	for i := from; i < to; i += 8 {
		w := load(data, i)
		m := unquotable(w)
		if left := to - i; left < 8 {
			m &= 1<<(8*left) - 1
		}
		if m != 0 {
			return slices.Grow(appendQuoted(dst[:start], data[from:to]), room)
		}
		binary.LittleEndian.PutUint64(dst[at:], w)
		at += 8
	}
	dst[start+1+n] = '"'
	return dst[:start+2+n]
}
