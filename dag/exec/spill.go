package exec

import (
	"sync/atomic"

	"flowrun/dag/state"
)

// stateRoom is how much memory the state of all operators together may take. What is more lies on disk: an operator that holds a
// part of the state has the same part of the memory.
type stateRoom struct {
	dir   string
	limit int64
	total atomic.Int64 // bytes of all state, in memory or not
}

// spillEvery is after how many rows an operator looks whether it takes too much memory, if there was no barrier before.
const spillEvery = 4096

// spilling is what an instance has of it.
type spilling struct {
	room    *stateRoom   // nil: state may take all memory
	spill   *state.Spill // nil without a room
	active  bool         // it was too much once
	rows    int          // since it was last looked
	counted int64        // of room.total
}

// open makes the place on disk.
func (s *spilling) open(m *state.Memory) error {
	if s.room == nil {
		return nil
	}
	// Where there is little room, small slices are much of it.
	smallest := max(min(s.room.limit/64, 64<<10), 1)
	spill, err := state.NewSpill(s.room.dir, smallest)
	if err != nil {
		return err
	}
	s.spill = spill
	m.Use(spill)
	return nil
}

// close gives the place back, once the operator is closed.
func (s *spilling) close() error {
	if s.spill == nil {
		return nil
	}
	spill := s.spill
	s.spill = nil
	return spill.Close()
}

// failed is why what was read of the state on disk may not be what was written there: then it is not to be committed.
func (s *spilling) failed() error {
	if s.spill == nil {
		return nil
	}
	return s.spill.Failed()
}

// taken counts the rows that an operator took, and looks now and then.
func (i *instance) taken(rows int) error {
	if i.spilling.room == nil {
		return nil
	}
	if i.spilling.rows += rows; i.spilling.rows < spillEvery {
		return nil
	}
	i.remembers()
	return i.relieve()
}

// relieve moves to disk what is too much, once it is known how much there is.
func (i *instance) relieve() error {
	s := &i.spilling
	if s.room == nil {
		return nil
	}
	s.rows = 0
	bytes := i.emit.stateBytes.Load()
	total := s.room.total.Add(bytes - s.counted)
	s.counted = bytes
	if !s.active && bytes > 0 && total > s.room.limit/2 { // a table that grows takes its memory twice
		s.active = true
		if i.node.spilled.CompareAndSwap(false, true) { // one lane says it for all
			i.node.rt.log.Info("state has taken the memory that it is given; what is large of it lies on disk from now on", "bytes", total)
		}
	}
	return i.guard(i.emit.ctx, "keep state on disk", func() error {
		// One half is for what was not moved yet, or is too small to be, and for what the collector of garbage has not found.
		room := int64(float64(s.room.limit)*float64(bytes)/float64(max(total, 1))) / 2
		if s.active && (bytes-s.spill.Bytes() > room/4 || s.spill.Due(room)) {
			if err := i.memory.Settle(i.durable.Remember); err != nil {
				return err
			}
		}
		i.emit.stateOnDisk.Store(s.spill.Bytes())
		return s.spill.Keep(room)
	})
}
