package relational

import (
	"context"
	"math"
	"time"

	"flowrun/dag/batch"
	"flowrun/dag/op"
	"flowrun/dag/plan"
	"flowrun/dag/schema"
	"flowrun/dag/state"
)

// windowed groups rows by window and key. Groups of a window are forgotten when the watermark is at its end and its grace:
// Final emits them then, Updates has emitted every change of theirs by then. Complete keeps all for ever, so nothing is late
// for it.
//
// In a row's windows are those whose end and grace the watermark has not reached; a row that has none left is late. Windows of
// processing time close as the run's clock goes on, and a row that comes behind that counts for the time it comes at.
type windowed struct {
	*grouping
	mode   plan.Mode
	win    windows
	event  eventClock
	clock  bool // processing time
	late   lateRows
	timers *state.Timers
	now    int64 // the watermark, in microseconds of the Unix epoch

	// Of the batch in hand:
	times  []int64 // by row of the record
	starts []int64 // of the last window of each row
	rows   []int32
	opens  []int64 // where the windows of rows start, one for each
	start  state.Vector
	keys   []*state.Vector
	due    []state.Timer
	closed []int32
}

func newWindowed(n *plan.Node, o *plan.Aggregate) (*windowed, error) {
	g, err := newGrouping(n, o, schema.Timestamp)
	if err != nil {
		return nil, err
	}
	w := &windowed{grouping: g, mode: o.Emit, win: windowsOf(o.Window), event: eventClock{Clock: o.Window.Clock}, clock: o.Window.Processing, late: lateRowsOf(n),
		timers: state.NewTimers(o.Window.Every.Microseconds()), now: math.MinInt64}
	w.timers.Of(g.table)
	g.out.window = w.win.size
	return w, nil
}

var (
	_ op.Transform = (*windowed)(nil)
	_ op.Stateful  = (*windowed)(nil)
	_ op.Clocked   = (*windowed)(nil)
)

func (w *windowed) Open(_ context.Context, rt op.Runtime) error {
	w.late.mem = rt.Allocator()
	w.open(rt)
	w.keys = append([]*state.Vector{&w.start}, w.args.keys...)
	return nil
}

func (w *windowed) Process(ctx context.Context, _ int, in *batch.Batch, out op.Emitter) error {
	return w.args.pieces.each(ctx, in, func(piece *batch.Batch) (int64, error) {
		err := w.piece(piece, out)
		bytes := w.args.weigh()
		w.args.release()
		return bytes, err
	})
}

// piece takes one batch in.
func (w *windowed) piece(in *batch.Batch, out op.Emitter) error {
	rows := survivorsOf(in)
	defer rows.release()
	untimed := w.assign(in)
	if len(untimed) > 0 {
		if err := out.Reject(in, untimed); err != nil {
			return err
		}
		rows.drop(untimed)
	}
	if late := w.lateOf(rows.left); len(late) > 0 {
		rows.take(late)
		out.Late(len(late))
		if err := w.late.emit(in, late, w.times, w.now, w.starts, w.win.end, out); err != nil {
			return err
		}
	}
	failed, err := w.args.eval(rows.left)
	if err != nil {
		return err
	}
	if len(failed) > 0 {
		if err := out.Reject(in, failed); err != nil {
			return err
		}
	}
	if w.clock {
		w.timesOf(in, nil)
	} else {
		w.timesOf(in, w.times)
	}
	out.Hold(w.args.n)
	left := w.args.hold()
	if w.win.overlap > 1 {
		return w.spread(left)
	}
	if left == nil {
		return w.count(nil, w.starts) // the one window of a row that is not late is open
	}
	w.opens = w.opens[:0]
	for _, row := range left {
		w.opens = append(w.opens, w.starts[row])
	}
	return w.count(left, w.opens)
}

// assign finds the time of each row and the last window that holds it; rows without a time are returned.
func (w *windowed) assign(in *batch.Batch) []batch.Failure {
	n := int(in.Record.NumRows())
	w.starts = resized(w.starts, n)
	var untimed []batch.Failure
	if w.clock {
		w.times = resized(w.times, n)
		at := max(in.Arrived.UnixMicro(), w.now)
		for i := range w.times {
			w.times[i] = at
		}
	} else {
		w.times, untimed = w.event.times(in)
	}
	w.win.last(w.times, w.starts, in.Sel)
	return untimed
}

// lateOf gives the rows whose last window has closed.
func (w *windowed) lateOf(b *batch.Batch) []int32 {
	if w.mode == plan.Complete || w.clock || w.now == math.MinInt64 {
		return nil
	}
	var late []int32
	open := w.now - w.win.size - w.win.grace // a window that starts later is open
	for i := range b.Rows() {
		if row := b.Row(i); w.starts[row] <= open {
			late = append(late, int32(row))
		}
	}
	return late
}

// spread counts each row for all its windows that are open, row by row: so every window sees its rows in the order in which they
// came, however they were cut. It takes a bounded number of rows at a time.
func (w *windowed) spread(left []int32) error {
	open := int64(math.MinInt64) // a window that starts later is open
	if w.mode != plan.Complete && w.now != math.MinInt64 {
		open = w.now - w.win.size - w.win.grace
	}
	total := w.args.record
	if left != nil {
		total = len(left)
	}
	for i := 0; i < total; {
		w.rows, w.opens = w.rows[:0], w.opens[:0]
		for ; i < total && len(w.rows) < spreadRows; i++ {
			row := int32(i)
			if left != nil {
				row = left[i]
			}
			for start, least := w.starts[row], max(open, w.times[row]-w.win.size); start > least; start -= w.win.every {
				w.rows, w.opens = append(w.rows, row), append(w.opens, start)
			}
		}
		if err := w.count(w.rows, w.opens); err != nil {
			return err
		}
	}
	return nil
}

// spreadRows is up to how many rows spread takes at a time, each as often as it has windows, but for the last one.
const spreadRows = 1 << 12

// count counts rows, nil being all of the record, for windows that start somewhere, one for each.
func (w *windowed) count(rows []int32, opens []int64) error {
	n := len(opens)
	if n == 0 {
		return nil
	}
	w.args.over(rows, n)
	words := w.start.Fill(n)
	for i, start := range opens {
		words[i] = uint64(start)
	}
	var err error
	if w.slots, err = w.table.Slots(w.keys, n, w.slots); err != nil {
		return err
	}
	if w.mode != plan.Complete {
		for _, i := range w.table.Fresh() {
			w.timers.Set(int64(words[i])+w.win.size+w.win.grace, w.slots[i])
		}
	}
	return w.accumulate()
}

// Watermark closes windows.
func (w *windowed) Watermark(_ context.Context, wm time.Time, out op.Emitter) (time.Time, error) {
	if w.clock && wm.Before(op.EndOfTime) {
		return wm, nil
	}
	if err := w.closeUpTo(wm.UnixMicro(), out); err != nil {
		return wm, err
	}
	// What is still open ends later than wm less its grace.
	return wm.Add(-time.Duration(w.win.grace) * time.Microsecond), nil
}

// closeUpTo emits what the watermark releases, the windows that end first before the others, and forgets it.
func (w *windowed) closeUpTo(at int64, out op.Emitter) error {
	w.now = max(w.now, at)
	w.due, w.closed = w.timers.Due(w.now, w.due[:0]), w.closed[:0]
	for _, t := range w.due {
		w.closed = append(w.closed, t.Slot)
	}
	if len(w.closed) == 0 {
		return nil
	}
	emit := w.closed
	if w.mode == plan.Updates {
		emit = w.table.MarkedOf(w.closed)
	}
	if err := w.emit(emit, out); err != nil {
		return err
	}
	w.table.Remove(w.closed)
	return nil
}

// Barrier emits the epoch's updates.
func (w *windowed) Barrier(_ context.Context, _ uint64, out op.Emitter) error {
	defer w.table.Unmark()
	switch {
	case w.mode == plan.Complete && w.table.Len() > 0:
		return w.emit(w.everything(), out)
	case w.mode == plan.Updates:
		return w.emit(w.table.Marked(), out)
	}
	return nil
}

// Wake implements op.Clocked for processing time.
func (w *windowed) Wake() time.Time {
	at, ok := w.timers.Next()
	if !w.clock || !ok {
		return time.Time{}
	}
	return time.UnixMicro(at)
}

// Tick implements op.Clocked.
func (w *windowed) Tick(_ context.Context, now time.Time, out op.Emitter) error {
	return w.closeUpTo(now.UnixMicro(), out)
}

// State implements op.Stateful.
func (w *windowed) State() (rows, bytes int64) {
	rows, bytes = w.grouping.State()
	return rows, bytes + w.timers.Bytes()
}

func (w *windowed) Close() error {
	w.close()
	return nil
}

// windows is plan.Window in microseconds.
type windows struct {
	size, every, offset, grace int64
	overlap                    int64
}

func windowsOf(p *plan.Window) windows {
	return windows{size: p.Size.Microseconds(), every: p.Every.Microseconds(), offset: p.Offset.Microseconds(), grace: p.Grace.Microseconds(),
		overlap: int64(p.Overlap())}
}

// end gives where a window ends.
func (w *windows) end(_ int32, start int64) int64 { return start + w.size }

// last fills in the start of the last window that holds the time of each of some rows; nil: of all. Mostly that is the one of the
// row before.
func (w *windows) last(times, starts []int64, rows []int32) {
	var start, end int64 // end: where the next one starts
	if rows != nil {
		for _, i := range rows {
			if t := times[i]; t < start || t >= end {
				start, end = w.lastOf(t)
			}
			starts[i] = start
		}
		return
	}
	starts = starts[:len(times)]
	for i, t := range times {
		if t < start || t >= end {
			start, end = w.lastOf(t)
		}
		starts[i] = start
	}
}

func (w *windows) lastOf(t int64) (start, end int64) {
	past := (t - w.offset) % w.every
	if past < 0 {
		past += w.every
	}
	return t - past, t - past + w.every
}

// resized gives a slice of n entries with any content.
func resized[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n)
	}
	return s[:n]
}
