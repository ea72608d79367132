package state

import (
	"fmt"
	"math"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/memory"
)

// Rows keeps whole rows, each in a slot of its own, until they are removed: the rows that a join or a sort waits with. Columns
// of an operator's own can be attached, as to a [Table].
type Rows struct {
	columns  []*Values // nil: not kept
	fields   []string  // their names
	n        int       // slots, free ones included
	free     []int32
	gone     []uint64 // by slot, a bit: it is free
	limit    int
	names    []string
	attached []Column
	refers   links

	vector Vector
	slots  []int32
	at     []int32
}

// NewRows makes an empty store of rows with the columns of a schema, of which those for which keep is false take no memory (nil:
// all are kept). A type without a way to hold it is an error.
func NewRows(s *arrow.Schema, keep func(column int) bool) (*Rows, error) {
	r := &Rows{limit: math.MaxInt32}
	for i, f := range s.Fields() {
		r.fields = append(r.fields, f.Name)
		if keep != nil && !keep(i) {
			r.columns = append(r.columns, nil)
			continue
		}
		c, err := NewValues(f.Type)
		if err != nil {
			return nil, fmt.Errorf("column %s: %w", f.Name, err)
		}
		r.columns = append(r.columns, c)
	}
	return r, nil
}

// Attach makes the store responsible for a column that is reached by slot; see Table.Attach.
func (r *Rows) Attach(name string, c Column) {
	r.names, r.attached = append(r.names, name), append(r.attached, c)
	c.Grow(r.n)
}

// Append copies rows of a record (nil: all of them) and gives their slots, in the order of the rows: those of removed rows first,
// then new ones. The slots are valid until the next call. After ErrFull the store can only be cleared.
func (r *Rows) Append(rec arrow.RecordBatch, rows []int32) ([]int32, error) {
	count := int(rec.NumRows())
	if rows != nil {
		count = len(rows)
	}
	again := min(count, len(r.free))
	if r.n+count-again > r.limit {
		return nil, ErrFull
	}
	r.slots, r.at = resize(r.slots, count), resize(r.at, count)
	for i := range r.slots {
		r.at[i] = int32(i)
		if i < again {
			r.slots[i] = r.free[len(r.free)-1-i]
		} else {
			r.slots[i] = int32(r.n + i - again)
		}
	}
	r.free = r.free[:len(r.free)-again]
	for _, s := range r.slots[:again] {
		r.gone[s>>6] &^= 1 << (s & 63)
	}
	r.n += count - again
	for i, c := range r.columns {
		if c == nil {
			continue
		}
		r.vector.Load(rec.Column(i), rows)
		c.put(r.slots[:again], &r.vector, r.at[:again])
		c.Append(&r.vector, r.at[again:])
	}
	for _, c := range r.attached {
		c.Grow(r.n)
	}
	return r.slots, nil
}

// Column is a column of the rows, by slot; nil where it is not kept. It must not be changed.
func (r *Rows) Column(i int) *Values { return r.columns[i] }

// Build makes the columns of the rows at slots, which are the caller's; nil for those that are not kept. The limit is that of
// Values.Build, for each column.
func (r *Rows) Build(mem memory.Allocator, slots []int32) ([]arrow.Array, error) {
	made := make([]arrow.Array, 0, len(r.columns))
	for _, c := range r.columns {
		if c == nil {
			made = append(made, nil)
			continue
		}
		arr, err := c.Build(mem, slots)
		if err != nil {
			for _, a := range made {
				if a != nil {
					a.Release()
				}
			}
			return nil, err
		}
		made = append(made, arr)
	}
	return made, nil
}

// AddSizes adds to each of sizes the bytes that the row of a slot takes beside a fixed part.
func (r *Rows) AddSizes(sizes []int64, slots []int32) {
	for _, c := range r.columns {
		if c != nil {
			c.AddSizes(sizes, slots)
		}
	}
}

// Remove forgets the rows of slots, each of which is in use and named once.
func (r *Rows) Remove(slots []int32) {
	if len(slots) == 0 {
		return
	}
	if len(slots) == r.Live() {
		r.Clear() // which gives memory back
		return
	}
	r.free = append(r.free, slots...)
	r.gone = grow(r.gone, (r.n+63)/64)
	for _, s := range slots {
		r.gone[s>>6] |= 1 << (s & 63)
	}
	for _, c := range r.columns {
		if c != nil {
			c.Reset(slots)
		}
	}
	for _, c := range r.attached {
		c.Reset(slots)
	}
}

// Live is the number of rows.
func (r *Rows) Live() int { return r.n - len(r.free) }

// Len is one more than the largest slot that was in use since Clear.
func (r *Rows) Len() int { return r.n }

// Clear forgets all rows.
func (r *Rows) Clear() {
	r.n, r.free, r.gone = 0, r.free[:0], empty(r.gone)
	for _, c := range r.columns {
		if c != nil {
			c.Clear()
		}
	}
	for _, c := range r.attached {
		c.Clear()
	}
}

// Bytes is the memory that the rows and everything attached to them hold.
func (r *Rows) Bytes() int64 {
	total := sizeOf(r.free) + sizeOf(r.gone)
	for _, c := range r.columns {
		if c != nil {
			total += c.Bytes()
		}
	}
	for _, c := range r.attached {
		total += c.Bytes()
	}
	return total
}

// Used reports whether a slot holds a row.
func (r *Rows) Used(slot int32) bool {
	return int(slot) < r.n && (int(slot>>6) >= len(r.gone) || r.gone[slot>>6]&(1<<(slot&63)) == 0)
}

// All appends the slots in use, ascending.
func (r *Rows) All(dst []int32) []int32 {
	for s := range int32(r.n) {
		if r.Used(s) {
			dst = append(dst, s)
		}
	}
	return dst
}
