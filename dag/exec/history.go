package exec

import (
	"context"
	"sync"
	"time"

	"flowrun/dag/live"
)

// How often meters are read, and for how many whole seconds rates are kept.
const (
	tickEvery      = 250 * time.Millisecond
	ticksPerSecond = int(time.Second / tickEvery)
	historySeconds = 60
)

// tick reads the meters and settles samples until ctx ends.
func (r *Run) tick(ctx context.Context) {
	t := time.NewTicker(tickEvery)
	defer t.Stop()
	r.history.take(r.nodes, time.Now())
	for {
		select {
		case now := <-t.C:
			r.history.take(r.nodes, now)
			for _, e := range r.edges {
				e.sampler.tick(r.watchers.Load() > 0, now)
			}
			r.pool.tick(r.moved())
		case <-ctx.Done():
			return
		}
	}
}

// history keeps rates and shares of the last second of each node, and the rates of the last minute.
type history struct {
	mu    sync.Mutex
	ticks int
	nodes []past
}

// past is one node's readings, the newest last.
type past struct {
	readings []reading // of the last second and one more
	rates    []float64 // of whole seconds
	second   uint64    // rows at the last whole second
	in       uint64    // rows in at the last reading
	lastRow  time.Time // when a reading first saw more of them
}

type reading struct {
	at    time.Time
	rows  uint64
	spent [activities]time.Duration
}

func newHistory(nodes int) *history { return &history{nodes: make([]past, nodes)} }

func (h *history) take(nodes []*node, now time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	at := moment()
	whole := h.ticks > 0 && h.ticks%ticksPerSecond == 0
	h.ticks++
	for i, n := range nodes {
		p := &h.nodes[i]
		rows := n.rate()
		if in := n.meter.rowsIn.Load(); in != p.in {
			p.in, p.lastRow = in, now
		}
		if len(p.readings) > ticksPerSecond {
			copy(p.readings, p.readings[1:])
			p.readings = p.readings[:ticksPerSecond]
		}
		p.readings = append(p.readings, reading{now, rows, n.spent(at)})
		if whole {
			if len(p.rates) == historySeconds {
				copy(p.rates, p.rates[1:])
				p.rates = p.rates[:historySeconds-1]
			}
			p.rates = append(p.rates, float64(rows-p.second))
			p.second = rows
		}
	}
}

// fill writes a node's rates and shares into its stats.
func (h *history) fill(i int, s *live.NodeStats) {
	h.mu.Lock()
	defer h.mu.Unlock()
	p := &h.nodes[i]
	s.History = append(s.History, p.rates...)
	s.LastRow = p.lastRow
	if len(p.readings) < 2 {
		return
	}
	first, last := p.readings[0], p.readings[len(p.readings)-1]
	span := last.at.Sub(first.at)
	if span <= 0 {
		return
	}
	s.Rate = float64(last.rows-first.rows) / span.Seconds()
	s.Busy = share(last.spent[busy]-first.spent[busy], span)
	s.Blocked = min(share(last.spent[blocked]-first.spent[blocked], span), 1-s.Busy) // lanes work on while what left them is blocked
}

// rate is the counter that a node's rate is taken of: rows in, of a source rows out.
func (n *node) rate() uint64 {
	if n.role == live.Source {
		return n.meter.rowsOut.Load()
	}
	return n.meter.rowsIn.Load()
}

func share(part, whole time.Duration) float64 {
	return min(max(float64(part)/float64(whole), 0), 1)
}
