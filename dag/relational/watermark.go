package relational

import (
	"context"
	"math"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"flowrun/dag/batch"
	"flowrun/dag/op"
	"flowrun/dag/plan"
)

// watermark passes its rows on and makes the watermark from a column of them; rows without a time are rejected.
type watermark struct {
	stateless
	timing plan.Timing
	marks  Marks
}

func (w *watermark) Open(context.Context, op.Runtime) error {
	w.marks = NewMarks(w.timing)
	return nil
}

func (w *watermark) Process(_ context.Context, _ int, in *batch.Batch, out op.Emitter) error {
	failed := w.marks.Untimed(in)
	rows := survivorsOf(in)
	defer rows.release()
	if len(failed) > 0 {
		if err := out.Reject(in, failed); err != nil {
			return err
		}
		rows.drop(failed)
	}
	w.marks.See(rows.left)
	out.Pass(rows.left.Rows())
	return pass(rows.left, out)
}

// Mark implements op.Marker.
func (w *watermark) Mark() time.Time { return w.marks.Mark() }

func (w *watermark) Close() error { return nil }

var _ op.Marker = (*watermark)(nil)

// Marks makes a watermark: the largest event time seen less the delay, for each source partition, and the least of these. A
// partition that brought nothing for the idle timeout, while others did, does not hold it back.
type Marks struct {
	timing plan.Timing
	parts  map[int32]mark
	last   time.Time
	latest time.Time // when a row last came, of any partition
}

// mark is what is known of one partition.
type mark struct {
	newest  int64     // event time, in microseconds of the Unix epoch
	arrived time.Time // when it last brought a row
}

// NewMarks makes a watermark of what it will see.
func NewMarks(t plan.Timing) Marks { return Marks{timing: t, parts: map[int32]mark{}} }

// NoEventTime is the reason for which rows without a time are rejected.
const NoEventTime = "no event time"

// Untimed gives the rows of b that have no event time.
func (m *Marks) Untimed(b *batch.Batch) []batch.Failure { return untimed(b, m.timing.Index) }

func untimed(b *batch.Batch, column int) []batch.Failure {
	col := b.Record.Column(column)
	if col.NullN() == 0 {
		return nil
	}
	var failed []batch.Failure
	for i := range b.Rows() {
		if row := b.Row(i); col.IsNull(row) {
			failed = append(failed, batch.Failure{Row: int32(row), Reason: NoEventTime, Detail: b.Schema().Field(column).Name + " is null"})
		}
	}
	return failed
}

// See takes the times of b's rows, none of which is null.
func (m *Marks) See(b *batch.Batch) {
	if b.Rows() == 0 {
		return
	}
	newest := largest(b.Record.Column(m.timing.Index).(*array.Timestamp).TimestampValues(), b.Sel)
	if old, ok := m.parts[b.Part]; ok {
		newest = max(newest, old.newest)
	}
	m.parts[b.Part] = mark{newest, b.Arrived}
	if b.Arrived.After(m.latest) {
		m.latest = b.Arrived
	}
}

// Mark is the watermark; the zero time before there is one. It never falls.
func (m *Marks) Mark() time.Time {
	if len(m.parts) == 0 {
		return m.last
	}
	least := int64(math.MaxInt64)
	for part, p := range m.parts {
		if m.timing.Idle > 0 && m.latest.Sub(p.arrived) > m.timing.Idle {
			delete(m.parts, part) // should it come back, it counts again
			continue
		}
		least = min(least, p.newest)
	}
	if at := time.UnixMicro(least).Add(-m.timing.Delay).UTC(); at.After(m.last) {
		m.last = at
	}
	return m.last
}

func largest(times []arrow.Timestamp, sel []int32) int64 {
	if sel == nil {
		most := times[0]
		for _, t := range times {
			most = max(most, t)
		}
		return int64(most)
	}
	most := times[sel[0]]
	for _, i := range sel {
		most = max(most, times[i])
	}
	return int64(most)
}
