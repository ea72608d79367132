package expr

import (
	"github.com/apache/arrow-go/v18/arrow"
)

// kind is the shape in which a column is computed. Times, dates and durations are integers: microseconds, days and
// microseconds, as Arrow holds them.
type kind uint8

const (
	kindNull  kind = iota // the literal nil where it has no other type
	kindBool              // bools
	kindInt               // ints: int, timestamp, date, duration
	kindFloat             // floats
	kindText              // text: string, bytes
	kindArray             // array and index: list, map, struct
)

func kindOf(t arrow.DataType) kind {
	switch t.ID() {
	case arrow.NULL:
		return kindNull
	case arrow.BOOL:
		return kindBool
	case arrow.INT64, arrow.TIMESTAMP, arrow.DATE32, arrow.DURATION:
		return kindInt
	case arrow.FLOAT64:
		return kindFloat
	case arrow.STRING, arrow.BINARY:
		return kindText
	}
	return kindArray
}

// column is an intermediate result: one entry for each entry of the frame it was computed in, or a single one that
// stands for all. It borrows from the batch and from the evaluator's scratch, and is never written after it was
// returned by a kernel. What stands under a null or in a row that failed is arbitrary, but safe to read.
type column struct {
	kind   kind
	one    bool   // entry 0 stands for all
	nulls  []bool // true: null; nil: there is none
	bools  []bool
	ints   []int64
	floats []float64
	text   text
	// array holds the entries of kindArray; entry i is element index[i] of it, or element i where index is nil.
	array arrow.Array
	index []int32
}

// text is a column of byte strings: entry i is data[start[i]:end[i]]. Trimming, cutting and gathering need no copy of
// the bytes. start and end are the two views of one Arrow offsets buffer where a column was only read.
type text struct {
	data       []byte
	start, end []int32
}

func (t text) at(i int) []byte { return t.data[t.start[i]:t.end[i]] }

// isNull reports whether entry i is null.
func (c *column) isNull(i int) bool {
	if c.nulls == nil {
		return false
	}
	if c.one {
		i = 0
	}
	return c.nulls[i]
}

// allNull reports whether the column is one null that stands for all.
func (c *column) allNull() bool { return c.one && c.nulls != nil && c.nulls[0] }

// at maps an entry of the frame to the place where the column holds it.
func (c *column) at(i int) int {
	if c.one {
		return 0
	}
	return i
}
