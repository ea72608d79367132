package exec

import (
	"context"
	"runtime/metrics"
	"time"

	"flowrun/dag/live"
)

// Snapshots gives a snapshot four times a second; see live.Run.
func (r *Run) Snapshots(ctx context.Context) (<-chan live.Snapshot, error) {
	out := make(chan live.Snapshot, 1)
	r.watchers.Add(1)
	go func() {
		defer close(out)
		defer r.watchers.Add(-1)
		t := time.NewTicker(tickEvery)
		defer t.Stop()
		for {
			s := r.Snapshot()
			select {
			case <-out: // nobody took the last one: the latest wins
			default:
			}
			out <- s
			if s.State.Ended() {
				return
			}
			select {
			case <-t.C:
			case <-r.done:
			case <-ctx.Done():
				return
			}
		}
	}()
	return out, nil
}

// Snapshot is the run at this moment.
func (r *Run) Snapshot() live.Snapshot {
	s := live.Snapshot{
		Seq: r.seq.Add(1), At: time.Now(), State: r.State(), Elapsed: r.elapsed(), Epochs: r.epochs.Load(),
		Nodes: make([]live.NodeStats, len(r.nodes)),
		Edges: make([]live.EdgeStats, len(r.edges)),
	}
	if at := r.lastCut.Load(); at != 0 {
		s.LastCut = time.Unix(0, at)
	}
	s.Commit = r.commits.told()
	if s.State == live.Failed {
		r.failure.Lock()
		s.Error = r.plan.Secrets.Mask(r.err.Error())
		r.failure.Unlock()
	}
	for i, n := range r.nodes {
		n.stats(&s.Nodes[i])
		r.history.fill(i, &s.Nodes[i])
	}
	for i, e := range r.edges {
		e.stats(&s.Edges[i], s.At)
	}
	s.Goroutines, s.HeapBytes = process()
	return s
}

func (r *Run) elapsed() time.Duration {
	r.clock.Lock()
	defer r.clock.Unlock()
	switch {
	case r.started.IsZero():
		return 0
	case !r.ended.IsZero():
		return r.ended.Sub(r.started)
	}
	return time.Since(r.started)
}

func (n *node) stats(s *live.NodeStats) {
	m := &n.meter
	s.RowsIn, s.RowsOut, s.Batches = m.rowsIn.Load(), m.rowsOut.Load(), m.batches.Load()
	s.Passed, s.Filtered, s.Late = m.passed.Load(), m.filtered.Load(), m.late.Load()
	s.Rejected, s.Held, s.RejectedOut = m.rejected.Load(), m.held.Load(), m.rejectedOut.Load()
	s.Reasons = maskReasons(m.reasons.snapshot(), n.run.plan.Secrets)
	s.Ended = m.ended.Load()
	if at := m.watermark.Load(); at != 0 {
		s.Watermark = time.UnixMicro(at).UTC()
	}
	s.Idle = m.idle.Load()
	for _, e := range n.emits {
		s.StateRows += uint64(e.stateRows.Load())
		s.StateBytes += uint64(e.stateBytes.Load())
		s.StateOnDisk += uint64(e.stateOnDisk.Load())
	}
	if n.bytes != nil {
		s.BytesIn = n.bytes()
	}
	s.Status = n.status()
}

// status is what the operator waits for outside, in words.
func (n *node) status() string {
	if text := n.rt.status.Load(); text != nil {
		return n.run.plan.Secrets.Mask(*text)
	}
	return ""
}

func (e *edge) stats(s *live.EdgeStats, now time.Time) {
	// Received first: it never exceeds what was sent.
	s.RowsReceived = e.receivedRows.Load()
	s.RowsSent = e.sentRows.Load()
	s.Queued = len(e.ch)
	if at := e.fullSince.Load(); at != 0 {
		s.FullFor = max(now.Sub(time.Unix(0, at)), 0)
	}
}

// process reads two of the process's own figures, without stopping the world.
func process() (goroutines int, heap uint64) {
	samples := []metrics.Sample{{Name: "/sched/goroutines:goroutines"}, {Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(samples)
	return int(samples[0].Value.Uint64()), samples[1].Value.Uint64()
}
