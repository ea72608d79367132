package columnar

import (
	"fmt"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/bitutil"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"flowrun/dag/schema"
)

// The reasons for which a row of a file is rejected; they read as those of other formats.
const (
	outOfRange   = "number out of range"
	unwantedNull = "null in a field that is never null"
	invalidUTF8  = "invalid UTF-8"
)

// conversion makes arrays of one of flowrun's types from arrays of a file.
type conversion struct {
	// array converts. The result is the caller's; faults are ascending, and the entries at them are null.
	array func(s *session, a arrow.Array) (arrow.Array, []fault)
	// mayFail: there are values that have no form in the type.
	mayFail bool
	// bounded: of two values that have a form, so has all that lies between them.
	bounded bool
	// scalar converts one value as statistics hold it: a bool, int64, uint64, float64 or string; ok is false where it has no
	// form. Nil: the type has no statistics that say anything. It keeps the order of values.
	scalar func(v any) (_ any, ok bool)
}

// fault is an entry of an array that has no form.
type fault struct {
	at             int
	reason, detail string
}

// session is what conversions of a batch share.
type session struct {
	mem  memory.Allocator
	lost bool // digits below the microsecond were cut off
}

// convert finds the conversion of a file's type to the type that [typeOf] gives for it, or to a declared one that can be made
// of it. unit is that of a declared timestamp which is read from a number. It is nil where there is none.
func convert(from, to arrow.DataType, unit string) *conversion {
	switch from := from.(type) {
	case arrow.ExtensionType:
		c := convert(from.StorageType(), to, unit)
		if c == nil {
			return nil
		}
		storage := *c
		storage.array = func(s *session, a arrow.Array) (arrow.Array, []fault) {
			return c.array(s, a.(array.ExtensionArray).Storage())
		}
		return &storage
	case *arrow.DictionaryType:
		return dictionary(from, to, unit)
	case *arrow.StructType, *arrow.MapType, *arrow.ListType, *arrow.LargeListType, *arrow.FixedSizeListType:
		return nested(from, to)
	}
	switch to.ID() {
	case arrow.BOOL:
		if from.ID() == arrow.BOOL {
			return same(to)
		}
	case arrow.INT64:
		return toInt(from)
	case arrow.FLOAT64:
		return toFloat(from)
	case arrow.STRING, arrow.BINARY:
		return toText(from, to)
	case arrow.TIMESTAMP, arrow.DURATION:
		return toTime(from, to, unit)
	case arrow.DATE32:
		return toDate(from)
	}
	return nil
}

// same is the conversion of what lies in memory as it should, under another name.
func same(to arrow.DataType) *conversion {
	return &conversion{
		array:  func(_ *session, a arrow.Array) (arrow.Array, []fault) { return relabel(a, to, a.Data().Buffers()), nil },
		scalar: func(v any) (any, bool) { return v, true },
	}
}

// relabel makes an array of another type over buffers that fit a's offset and nulls.
func relabel(a arrow.Array, to arrow.DataType, buffers []*memory.Buffer) arrow.Array {
	d := a.Data()
	data := array.NewData(to, d.Len(), buffers, nil, nullsOf(buffers[0], d.Offset(), d.Len()), d.Offset())
	defer data.Release()
	return array.MakeFromData(data)
}

// made makes an array of a's length and nulls over new buffers behind the bitmap, which it takes over, and children, which it
// does not.
func made(s *session, a arrow.Array, to arrow.DataType, faults []fault, children []arrow.ArrayData, buffers ...*memory.Buffer) arrow.Array {
	valid := validity(s, a, faults)
	all := append([]*memory.Buffer{valid}, buffers...)
	data := array.NewData(to, a.Len(), all, children, nullsOf(valid, 0, a.Len()), 0)
	for _, b := range all {
		if b != nil {
			b.Release()
		}
	}
	defer data.Release()
	return array.MakeFromData(data)
}

// nullsOf counts the nulls of a bitmap: what a file says of their number is not relied on.
func nullsOf(valid *memory.Buffer, offset, n int) int {
	if valid == nil || valid.Len() == 0 {
		return 0
	}
	return n - bitutil.CountSetBits(valid.Bytes(), offset, n)
}

// validity is the bitmap of a with the faults as nulls, from bit 0; nil where all are valid.
func validity(s *session, a arrow.Array, faults []fault) *memory.Buffer {
	n := a.Len()
	if a.NullN() == 0 && len(faults) == 0 {
		return nil
	}
	buf := buffer(s, (n+7)/8)
	bits := buf.Bytes()
	if a.NullN() > 0 && len(a.NullBitmapBytes()) > 0 {
		bitutil.CopyBitmap(a.NullBitmapBytes(), a.Data().Offset(), n, bits, 0)
	} else {
		bitutil.SetBitsTo(bits, 0, int64(n), true)
	}
	for _, f := range faults {
		bitutil.ClearBit(bits, f.at)
	}
	return buf
}

func buffer(s *session, bytes int) *memory.Buffer {
	b := memory.NewResizableBuffer(s.mem)
	b.Resize(bytes)
	if bytes == 0 {
		b.Reserve(8)
	}
	return b
}

// fixed makes an array of 8-byte values, and lists the entries for which of says that there is none.
func fixed[From, To any](s *session, a arrow.Array, to arrow.DataType, from []From, cast func([]byte) []To,
	of func(From) (To, bool), why func(From) string) (arrow.Array, []fault) {
	buf := buffer(s, len(from)*to.(arrow.FixedWidthDataType).Bytes())
	out := cast(buf.Bytes())
	var faults []fault
	for i, v := range from {
		x, ok := of(v)
		if !ok && a.IsValid(i) {
			faults = append(faults, fault{i, outOfRange, why(v)})
		}
		out[i] = x
	}
	return made(s, a, to, faults, nil, buf), faults
}

// dictionary converts the values of a dictionary and looks them up.
func dictionary(from *arrow.DictionaryType, to arrow.DataType, unit string) *conversion {
	values := convert(from.ValueType, to, unit)
	if values == nil {
		return nil
	}
	return &conversion{
		mayFail: values.mayFail,
		bounded: values.bounded,
		scalar:  values.scalar,
		array: func(s *session, a arrow.Array) (arrow.Array, []fault) {
			d := a.(*array.Dictionary)
			dict, wrong := values.array(s, d.Dictionary())
			defer dict.Release()
			at := make(map[int]fault, len(wrong))
			for _, f := range wrong {
				at[f.at] = f
			}
			var faults []fault
			if len(at) > 0 {
				for i := range d.Len() {
					if f, ok := at[index(d, i)]; ok && d.IsValid(i) {
						faults = append(faults, fault{i, f.reason, f.detail})
					}
				}
			}
			return lookUp(s, d, dict, to), faults
		},
	}
}

func index(d *array.Dictionary, i int) int {
	if d.IsNull(i) {
		return -1
	}
	return d.GetValueIndex(i)
}

// describe is a type of a file as a message calls it.
func describe(t arrow.DataType) string {
	own, err := typeOf(t)
	if err != nil {
		return t.String()
	}
	if schema.Equal(own, t) {
		return schema.Name(own)
	}
	return fmt.Sprintf("%s (%s)", schema.Name(own), t)
}
