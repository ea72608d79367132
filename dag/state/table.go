package state

import (
	"errors"
	"fmt"
	"math"

	"github.com/apache/arrow-go/v18/arrow"
)

// ErrFull says that a table or list has as many entries as it can number.
var ErrFull = errors.New("state: more than 2147483647 entries")

// Table maps keys, one value in each of its key columns, to slots, and owns what is kept per slot.
type Table struct {
	keys   []*Values
	hashes []uint64 // by slot, so that growing the index hashes no key again
	index  index
	marks  marks
	limit  int // of slots

	names    []string
	attached []Column

	// Scratch of one call of Slots.
	rowHashes []uint64
	fresh     []int32 // rows that brought new keys
	wrong     []int32 // rows whose hash, but not key, was that of the slot found
	bad       uint64  // hash bits to ignore, so that tests can make collisions
}

// NewTable makes an empty table with key columns of the given types. Without any there is one key, and one slot from the
// first row on.
func NewTable(types ...arrow.DataType) (*Table, error) {
	t := &Table{limit: math.MaxInt32}
	for _, dt := range types {
		c, err := NewValues(dt)
		if err != nil {
			return nil, err
		}
		t.keys = append(t.keys, c)
	}
	return t, nil
}

// Attach makes the table responsible for columns. The name says what the column is of, apart from all others of the table
// and the same in every run, since stored state is found by it.
func (t *Table) Attach(name string, c Column) {
	for _, n := range t.names {
		if n == name {
			panic(fmt.Sprintf("state: column %q attached twice", name))
		}
	}
	t.names, t.attached = append(t.names, name), append(t.attached, c)
	c.Grow(t.Len())
}

// Len is the number of slots.
func (t *Table) Len() int { return len(t.hashes) }

// Key is a key column, by slot. It must not be changed.
func (t *Table) Key(i int) *Values { return t.keys[i] }

// Bytes is the memory that the table and everything attached to it hold.
func (t *Table) Bytes() int64 {
	n := sizeOf(t.hashes) + t.index.bytes() + t.marks.bytes()
	for _, k := range t.keys {
		n += k.Bytes()
	}
	for _, c := range t.attached {
		n += c.Bytes()
	}
	return n
}

// Clear forgets all keys and everything that is kept for them.
func (t *Table) Clear() {
	t.hashes = empty(t.hashes)
	t.index.clear()
	t.marks.clear()
	for _, k := range t.keys {
		k.Clear()
	}
	for _, c := range t.attached {
		c.Clear()
	}
}

// Slots finds the slot of each of n rows, whose keys are loaded (by LoadKeys), one vector per key column; a new key gets the
// next slot. Attached columns have grown when it returns. The result uses the memory of slots where that is enough. After
// ErrFull the table can only be cleared.
func (t *Table) Slots(keys []*Vector, n int, slots []int32) ([]int32, error) {
	if len(keys) != len(t.keys) {
		panic(fmt.Sprintf("state: %d keys for a table with %d key columns", len(keys), len(t.keys)))
	}
	slots = resize(slots, n)
	if n == 0 {
		return slots, nil
	}
	before := t.Len()
	if len(t.keys) == 0 {
		t.hashes = grow(t.hashes, 1)
		clear(slots)
	} else if err := t.find(keys, slots); err != nil {
		return slots, err
	}
	if t.Len() > before {
		for _, c := range t.attached {
			c.Grow(t.Len())
		}
		t.marks.grow(t.Len())
	}
	return slots, nil
}

// find takes the whole batch through the index by hash alone, then compares the keys column by column. Rows with the hash of
// another key, which are next to none, are found again one by one.
func (t *Table) find(keys []*Vector, slots []int32) error {
	t.rowHashes = hashKeys(keys, len(slots), t.rowHashes)
	if t.bad != 0 {
		for i := range t.rowHashes {
			t.rowHashes[i] &^= t.bad
		}
	}
	t.fresh, t.wrong = t.fresh[:0], t.wrong[:0]
	t.index.make()
	if err := t.probe(slots); err != nil {
		return err
	}
	for k, c := range t.keys {
		c.Append(keys[k], t.fresh)
	}
	for k, c := range t.keys {
		t.wrong = c.same(keys[k], slots, t.wrong)
	}
	for _, i := range t.wrong {
		s, err := t.findOne(keys, int(i))
		if err != nil {
			return err
		}
		slots[i] = s
	}
	return nil
}

func (t *Table) probe(slots []int32) error {
	entries, mask := t.index.entries, t.index.mask
	for i, h := range t.rowHashes {
		pos, tag := h&mask, h>>32
		for {
			e := entries[pos]
			if e == 0 {
				if err := t.insert(h); err != nil {
					return err
				}
				entries, mask = t.index.entries, t.index.mask
				slots[i] = int32(len(t.hashes) - 1)
				t.fresh = append(t.fresh, int32(i))
				break
			}
			if e>>32 == tag {
				slots[i] = int32(uint32(e)) - 1
				break
			}
			pos = (pos + 1) & mask
		}
	}
	return nil
}

// insert gives a hash the next slot.
func (t *Table) insert(h uint64) error {
	if len(t.hashes) >= t.limit {
		return ErrFull
	}
	t.hashes = append(t.hashes, h)
	t.index.add(h, len(t.hashes)-1, t.hashes)
	return nil
}

func (t *Table) findOne(keys []*Vector, i int) (int32, error) {
	h := t.rowHashes[i]
	for pos := h & t.index.mask; ; pos = (pos + 1) & t.index.mask {
		e := t.index.entries[pos]
		if e == 0 {
			break
		}
		if e>>32 == h>>32 {
			if s := int32(uint32(e)) - 1; t.sameKey(keys, i, s) {
				return s, nil
			}
		}
	}
	if err := t.insert(h); err != nil {
		return 0, err
	}
	for k, c := range t.keys {
		c.Append(keys[k], []int32{int32(i)})
	}
	return int32(len(t.hashes) - 1), nil
}

func (t *Table) sameKey(keys []*Vector, i int, slot int32) bool {
	for k, c := range t.keys {
		if !c.sameOne(keys[k], i, slot) {
			return false
		}
	}
	return true
}
