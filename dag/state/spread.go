package state

import (
	"errors"
	"fmt"
	"math"
	"slices"
)

// Spread moves what some instances of an operator remember to others of it, which remember nothing yet, in as many lanes as there
// are of these: each key, and what hangs on it, to the lane that rows with that key go to. Each function shows the memory of
// one instance. The old ones are good for nothing afterwards.
//
// Slots are given anew, so every column that holds slots has to have been named by Refer, and every key of the operator's own
// by Own. What belongs to no key directly belongs to that of the entry that it names, or that names it. Single numbers become the
// largest of all instances, and what is true of one is true of all.
func Spread(from, to []func(*Memory)) error { return SpreadInPieces(from, to, math.MaxInt32, nil) }

// SpreadInPieces is Spread for memories that may not be in memory all at once: between is called behind each so many entries that have
// moved, and may settle the new ones. What the slots of the old ones become is kept in memory, less than 50 bytes for each.
func SpreadInPieces(from, to []func(*Memory), entries int, between func() error) error {
	m := &mover{lanes: len(to), piece: entries, between: between}
	for _, show := range from {
		m.old = append(m.old, gather(show))
	}
	for _, show := range to {
		m.now = append(m.now, gather(show))
	}
	for _, g := range slices.Concat(m.old, m.now) {
		if g.err != nil {
			return g.err
		}
	}
	for _, old := range m.old {
		if err := m.move(old); err != nil {
			return err
		}
	}
	return nil
}

// gathered are the parts of an instance's memory, whole, by name.
type gathered struct {
	stores []named[store]
	timers []named[*Timers]
	ints   []named[[]*int64]
	bools  []*bool
	err    error
}

type named[T any] struct {
	name string
	what T
}

func gather(show func(*Memory)) *gathered {
	m := NewMemory()
	m.gathers = &gathered{}
	show(m)
	return m.gathers
}

// mover moves memories to others.
type mover struct {
	lanes    int
	piece    int          // entries that move at a time
	between  func() error // nil: nothing is to be done behind a piece
	old, now []*gathered
}

// pieces cuts slots, and ends each piece with what is to be done behind it.
func (m *mover) pieces(slots []int32, each func(slots []int32) error) error {
	for piece := range slices.Chunk(slots, m.piece) {
		if err := each(piece); err != nil {
			return err
		}
		if m.between == nil {
			continue
		}
		if err := m.between(); err != nil {
			return err
		}
	}
	return nil
}

// moved are the slots of a store of one old instance: which lane each belongs to, -1 where that is not known, and its slot there.
type moved struct {
	lane []int
	slot []int32
}

func (m *mover) move(old *gathered) error {
	all := map[store]*moved{}
	for _, s := range old.stores {
		v := &moved{lane: make([]int, s.what.Len()), slot: make([]int32, s.what.Len())}
		for i := range v.lane {
			v.lane[i], v.slot[i] = -1, -1
		}
		all[s.what] = v
	}
	m.share(old, all)
	for _, rows := range []bool{true, false} { // keys may be slots of rows
		for i, s := range old.stores {
			if _, ok := s.what.(*Rows); ok == rows {
				if err := m.give(i, s, all); err != nil {
					return err
				}
			}
		}
	}
	for i, s := range old.stores {
		if err := m.fill(i, s, all); err != nil {
			return err
		}
	}
	for i, t := range old.timers {
		v := all[t.what.of]
		if v == nil {
			return fmt.Errorf("state: timers %s do not say whose slots they are of", t.name)
		}
		for {
			at, ok := t.what.Next()
			if !ok {
				break
			}
			for _, x := range t.what.Due(at, nil) {
				if int(x.Slot) < len(v.lane) && v.slot[x.Slot] >= 0 { // else what it was of is gone
					m.now[v.lane[x.Slot]].timers[i].what.Set(x.At, v.slot[x.Slot])
				}
			}
		}
	}
	for i, n := range old.ints {
		for _, now := range m.now {
			for k, x := range now.ints[i].what {
				*x = max(*x, *n.what[k])
			}
		}
	}
	for i, b := range old.bools {
		for _, now := range m.now {
			*now.bools[i] = *now.bools[i] || *b
		}
	}
	return nil
}

// share finds the lane of every slot.
func (m *mover) share(old *gathered, all map[store]*moved) {
	type at struct {
		s    store
		slot int32
	}
	var todo []at
	reach := func(s store, slot int32, lane int) {
		if v := all[s]; v != nil && int(slot) < len(v.lane) && v.lane[slot] < 0 {
			v.lane[slot] = lane
			todo = append(todo, at{s, slot})
		}
	}
	for _, s := range old.stores {
		t, ok := s.what.(*Table)
		if !ok {
			continue
		}
		for slots := range slices.Chunk(t.All(nil), min(m.piece, 1<<16)) {
			for i, h := range t.laneHashes(slots) {
				reach(t, slots[i], LaneOf(h, m.lanes))
			}
		}
	}
	for first := true; ; first = false {
		for !first && len(todo) > 0 {
			next := todo[len(todo)-1]
			todo = todo[:len(todo)-1]
			lane := all[next.s].lane[next.slot]
			for _, r := range next.s.links().cols {
				if to := r.col.V[next.slot] - r.plus; to >= 0 {
					reach(r.to, to, lane)
				}
			}
		}
		// What names an entry whose lane is known belongs there as well; that comes first, since it is sure.
		before := len(todo)
		for _, s := range old.stores {
			for _, slot := range s.what.All(nil) {
				if all[s.what].lane[slot] >= 0 {
					continue
				}
				for _, r := range s.what.links().cols {
					if to := r.col.V[slot] - r.plus; to >= 0 && int(to) < len(all[r.to].lane) && all[r.to].lane[to] >= 0 {
						reach(s.what, slot, all[r.to].lane[to])
						break
					}
				}
			}
		}
		if !first && len(todo) == before {
			return
		}
	}
}

// laneHashes gives the hashes by which the keys of slots are shared out.
func (t *Table) laneHashes(slots []int32) []uint64 {
	var keys []*Vector
	for _, c := range t.keys[t.refers.own:] {
		v := &Vector{}
		v.loadKept(c, slots)
		keys = append(keys, v)
	}
	h := make([]uint64, len(slots))
	if len(keys) > 0 {
		HashKeys(keys, h)
	}
	return h
}

// give finds each slot of a store its place in its lane.
func (m *mover) give(i int, s named[store], all map[store]*moved) error {
	v := all[s.what]
	byLane := make([][]int32, m.lanes)
	for _, slot := range s.what.All(nil) {
		if v.lane[slot] < 0 {
			return fmt.Errorf("state: %s has an entry that hangs on no key", s.name)
		}
		byLane[v.lane[slot]] = append(byLane[v.lane[slot]], slot)
	}
	for lane, slots := range byLane {
		err := m.pieces(slots, func(slots []int32) error {
			var into []int32
			var err error
			switch to := m.now[lane].stores[i].what.(type) {
			case *Rows:
				into, err = to.adopt(s.what.(*Rows), slots)
			case *Table:
				into, err = to.adopt(s.what.(*Table), slots, all)
			}
			if err != nil {
				return err
			}
			for k, slot := range slots {
				v.slot[slot] = into[k]
			}
			return nil
		})
		if err != nil {
			return fmt.Errorf("state: %s: %w", s.name, err)
		}
	}
	return nil
}

// adopt makes slots for rows of another store, and copies their columns.
func (r *Rows) adopt(from *Rows, slots []int32) ([]int32, error) {
	if r.n+len(slots) > r.limit {
		return nil, ErrFull
	}
	into := make([]int32, len(slots))
	for i := range into {
		into[i] = int32(r.n + i)
	}
	r.n += len(slots)
	for i, c := range r.columns {
		if c == nil {
			continue
		}
		c.Grow(r.n)
		if err := c.Copy(into, from.columns[i], slots); err != nil {
			return nil, err
		}
	}
	for _, c := range r.attached {
		c.Grow(r.n)
	}
	return into, nil
}

var errTwice = errors.New("a key is there twice")

// adopt makes slots for the keys of another table.
func (t *Table) adopt(from *Table, slots []int32, all map[store]*moved) ([]int32, error) {
	keys := make([]*Vector, len(from.keys))
	for k, c := range from.keys {
		keys[k] = &Vector{}
		keys[k].loadKept(c, slots)
	}
	for i, r := range from.refers.keys {
		k := from.refers.at[i]
		words := slices.Clone(keys[k].Words)
		for j, w := range words {
			words[j] = uint64(all[r.to].slot[w])
		}
		keys[k].Words = words
	}
	before := t.Live()
	into, err := t.Slots(keys, len(slots), nil)
	if err == nil && t.Live() != before+len(slots) {
		err = errTwice
	}
	return into, err
}

// fill copies what is kept beside the slots of a store. Entries that are slots name the new ones.
func (m *mover) fill(i int, s named[store], all map[store]*moved) error {
	v := all[s.what]
	byLane := make([][]int32, m.lanes)
	for slot, lane := range v.lane {
		if lane >= 0 && v.slot[slot] >= 0 {
			byLane[lane] = append(byLane[lane], int32(slot))
		}
	}
	for lane, slots := range byLane {
		if err := m.pieces(slots, func(slots []int32) error { return m.fillPiece(s, lane, i, slots, all) }); err != nil {
			return fmt.Errorf("state: %s: %w", s.name, err)
		}
	}
	return nil
}

// fillPiece is fill for some slots, of one lane.
func (m *mover) fillPiece(s named[store], lane, i int, slots []int32, all map[store]*moved) error {
	v := all[s.what]
	into := make([]int32, len(slots))
	for k, slot := range slots {
		into[k] = v.slot[slot]
	}
	to := m.now[lane].stores[i].what
	olds, news := attachedTo(s.what), attachedTo(to)
	for k, c := range olds {
		if err := news[k].Copy(into, c, slots); err != nil {
			return err
		}
	}
	for k, r := range s.what.links().cols {
		col := to.links().cols[k].col
		for j, slot := range slots {
			named := r.col.V[slot] - r.plus
			if named < 0 {
				continue
			}
			now := all[r.to].slot[named]
			if now < 0 {
				now = -r.plus // what it named is gone
			}
			col.V[into[j]] = now + r.plus
		}
	}
	return nil
}

func attachedTo(s store) []Column {
	switch s := s.(type) {
	case *Table:
		return s.attached
	case *Rows:
		return s.attached
	}
	return nil
}
