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
	free   []int32  // slots whose keys were removed; the last one is used first
	gone   []uint64 // by slot, a bit: it is free
	limit  int      // of slots

	names    []string
	attached []Column
	refers   links

	// Scratch of one call of Slots.
	fresh []int32 // rows that brought new keys
	// And of one block of its rows.
	rowHashes []uint64
	reused    []int32 // slots that new keys got and others had before: those of the first fresh rows of the block
	wrong     []int32 // rows, by their place in the block, whose hash, but not key, was that of the slot found
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

// Len is the number of slots, free ones included: one more than the largest that was ever in use since Clear.
func (t *Table) Len() int { return len(t.hashes) }

// Key is a key column, by slot. It must not be changed.
func (t *Table) Key(i int) *Values { return t.keys[i] }

// Bytes is the memory that the table and everything attached to it hold.
func (t *Table) Bytes() int64 {
	n := sizeOf(t.hashes) + t.index.bytes() + t.marks.bytes() + sizeOf(t.free) + sizeOf(t.gone)
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
	t.hashes, t.free, t.gone = empty(t.hashes), t.free[:0], empty(t.gone)
	t.fresh = t.fresh[:0]
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
// next slot, or one that a removed key had. Attached columns have grown when it returns. The result uses the memory of slots where that is enough. After
// ErrFull the table can only be cleared.
func (t *Table) Slots(keys []*Vector, n int, slots []int32) ([]int32, error) {
	if len(keys) != len(t.keys) {
		panic(fmt.Sprintf("state: %d keys for a table with %d key columns", len(keys), len(t.keys)))
	}
	slots = resize(slots, n)
	t.fresh = t.fresh[:0]
	if n == 0 {
		return slots, nil
	}
	before := t.Len()
	if len(t.keys) == 0 {
		if before == 0 || len(t.free) > 0 {
			t.fresh = append(t.fresh, 0)
			t.free, t.gone = t.free[:0], empty(t.gone)
		}
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

// block is how many rows go through the index at a time: few enough for what one step leaves to be at hand for the next.
const block = 256

// find takes the rows through the index block by block.
func (t *Table) find(keys []*Vector, slots []int32) error {
	t.index.make()
	for from := 0; from < len(slots); from += block {
		if err := t.findBlock(keys, from, slots[from:min(from+block, len(slots))]); err != nil {
			return err
		}
	}
	return nil
}

// findBlock finds the slots of rows from the given one on: through the index by hash alone, then it compares the keys column by
// column. Rows with the hash of another key, which are next to none, are found again one by one.
func (t *Table) findBlock(keys []*Vector, from int, slots []int32) error {
	t.hashBlock(keys, from, len(slots))
	t.wrong, t.reused = t.wrong[:0], t.reused[:0]
	known := len(t.fresh)
	if err := t.probe(from, slots); err != nil {
		return err
	}
	t.enter(keys, t.fresh[known:])
	for k, c := range t.keys {
		t.wrong = c.same(keys[k], from, slots, t.wrong)
	}
	for _, i := range t.wrong {
		s, err := t.findOne(keys, from+int(i), t.rowHashes[i])
		if err != nil {
			return err
		}
		slots[i] = s
	}
	return nil
}

// hashBlock hashes the keys of n rows from the given one on.
func (t *Table) hashBlock(keys []*Vector, from, n int) {
	t.rowHashes = resize(t.rowHashes, n)
	hashRows(keys, from, t.rowHashes)
	if t.bad != 0 {
		for i := range t.rowHashes {
			t.rowHashes[i] &^= t.bad
		}
	}
}

// probe finds slots by hash, and gives new hashes new ones. Nearly all entries stand where the search begins, or one further:
// which of the two is chosen without a branch, since no processor could tell it before. Where the first is empty the second
// belongs to another key, and comparing the keys says so.
func (t *Table) probe(from int, slots []int32) error {
	entries, mask := t.index.entries, t.index.mask
	for i, h := range t.rowHashes {
		e, next := entries[h&mask], entries[(h+1)&mask]
		if e>>32 != h>>32 {
			e = next
		}
		if e>>32 == h>>32 && e != 0 {
			slots[i] = int32(uint32(e)) - 1
			continue
		}
		if s, found := t.index.search(h); found {
			slots[i] = s
			continue
		}
		s, err := t.insert(h)
		if err != nil {
			return err
		}
		entries, mask = t.index.entries, t.index.mask
		slots[i] = s
		t.fresh = append(t.fresh, int32(from+i))
	}
	return nil
}

// insert gives a hash a slot: a free one, else the next.
func (t *Table) insert(h uint64) (int32, error) {
	if n := len(t.free); n > 0 {
		return t.reuse(h, t.free[n-1]), nil
	}
	if len(t.hashes) >= t.limit {
		return 0, ErrFull
	}
	t.hashes = append(t.hashes, h)
	s := len(t.hashes) - 1
	t.index.add(h, s, t.hashes)
	return int32(s), nil
}

// findOne finds the slot of a row by its hash and its key.
func (t *Table) findOne(keys []*Vector, i int, h uint64) (int32, error) {
	if s := t.seek(keys, i, h); s >= 0 {
		return s, nil
	}
	t.reused = t.reused[:0]
	s, err := t.insert(h)
	if err != nil {
		return 0, err
	}
	t.enter(keys, []int32{int32(i)})
	t.fresh = append(t.fresh, int32(i))
	return s, nil
}

func (t *Table) sameKey(keys []*Vector, i int, slot int32) bool {
	for k, c := range t.keys {
		if !c.sameOne(keys[k], i, slot) {
			return false
		}
	}
	return true
}
