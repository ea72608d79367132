package exec

import (
	"errors"
	"slices"
	"sync"

	"flowrun/dag/plan"
)

// shower keeps the blocks that nodes show for an epoch until the epoch is complete.
type shower struct {
	run     *Run
	showing int // nodes that show
	mu      sync.Mutex
	blocks  []block
}

type block struct {
	epoch uint64
	node  int
	text  []byte
}

func newShower(r *Run) *shower {
	s := &shower{run: r}
	for _, n := range r.nodes {
		if w, ok := n.plan.Op.(*plan.Write); ok && w.Shown {
			s.showing++
		}
	}
	return s
}

func (s *shower) add(epoch uint64, node int, text []byte) {
	if len(text) == 0 {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.blocks = append(s.blocks, block{epoch, node, text})
}

// flush writes the blocks of the epochs up to one that every sink has ended: by epoch, and in file order of their nodes.
func (s *shower) flush(epoch uint64) error {
	s.mu.Lock()
	var ready []block
	s.blocks = slices.DeleteFunc(s.blocks, func(b block) bool {
		if b.epoch > epoch {
			return false
		}
		ready = append(ready, b)
		return true
	})
	s.mu.Unlock()
	slices.SortStableFunc(ready, func(a, b block) int {
		if a.epoch != b.epoch {
			if a.epoch < b.epoch {
				return -1
			}
			return 1
		}
		return a.node - b.node
	})
	for _, b := range ready {
		n := s.run.nodes[b.node]
		switch err := s.run.printer.write(n, b.text); {
		case errors.Is(err, ErrOutputClosed):
			return nil
		case err != nil:
			return n.failed("show", err)
		}
	}
	return nil
}
