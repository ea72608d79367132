package relational

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"flowrun/dag/batch"
	"flowrun/dag/op"
	"flowrun/dag/plan"
	"flowrun/dag/schema"
	"flowrun/dag/state"
)

// sessions groups the rows of each key that lie no farther apart than a gap, and emits each group when it is over.
//
// A row at t reaches from t to t+gap, both included: it joins the open session that this touches; where it touches several, the
// later ones go up in the earliest one, and the row comes behind the rows of all. The gap is the same for all rows, or each says
// its own; rows whose gap is null or not above zero are in no session. A session is over when the watermark has
// passed its end, the latest that a row of it reaches, and its grace: a row at the end, which is on time while the watermark has just
// reached it, still belongs to it. So rows on time give the same sessions however they are cut. A row that touches no open
// session, and would be over itself, is late.
//
// What is accumulated for a session stands in a group, whose first key is the session's slot. Rows that follow a merge in the
// same batch go to a group of their own, the session's part: so a batch is accumulated first and merged then, in the order in
// which its rows asked for it.
type sessions struct {
	*grouping
	gap, grace int64
	ownGap     int // which operand is each row's own gap; -1: all have the same
	event      eventClock
	clock      bool // processing time
	late       lateRows
	keys       *state.Table // of by; each key has a chain of open sessions
	spans      *spans
	timers     *state.Timers
	now        int64 // the watermark, in microseconds of the Unix epoch

	// Of the batch in hand:
	keySlots  []int32
	gaps      []int64 // by row of the record
	gapped    []int32 // rows of the record with a gap
	kept      []int32 // rows of the record that are not late
	lates     []int32
	target    []int32 // by kept row: its session or part
	fresh     []int32 // rows that began a session or a part
	freshSpan []int32
	begun     []int32 // sessions among these
	parted    []int32 // sessions that got a part
	gone      []int32 // sessions and parts that went up in another one
	into      []int32 // merges, in order: the spans, then their groups
	from      []int32
	idle      []int32 // keys that may have no session
	id        state.Vector
	groupKeys []*state.Vector
	slotsOf   []int32
	due       []state.Timer
	closed    []int32
}

func newSessions(n *plan.Node, o *plan.Aggregate) (*sessions, error) {
	g, err := newGrouping(n, o, schema.Int)
	if err != nil {
		return nil, err
	}
	s := &sessions{grouping: g, gap: o.Window.Size.Microseconds(), grace: o.Window.Grace.Microseconds(), event: eventClock{Clock: o.Window.Clock},
		clock: o.Window.Processing, late: lateRowsOf(n), now: math.MinInt64}
	s.timers, s.ownGap = state.NewTimers(s.gap), -1
	if gap := o.Window.Gap.P; gap != nil {
		s.timers, s.ownGap = state.NewTimers(ownGapBucket), g.args.operand(gap, g.args.condition(nil), false)
	}
	var types []arrow.DataType
	for _, it := range o.By {
		types = append(types, it.Expr.P.Type())
	}
	if s.keys, err = state.NewTable(types...); err != nil {
		return nil, fmt.Errorf("aggregate %s: %w", n.ID, err)
	}
	if s.spans, err = newSpans(s.keys); err != nil {
		return nil, err
	}
	s.timers.Of(s.spans.rows)
	s.spans.rows.Refer(&s.spans.group, g.table, 0)
	g.table.ReferKey(0, s.spans.rows)
	g.out.bounds = s.bounds
	return s, nil
}

// ownGapBucket is how much time a bucket of timers holds where each row has a gap of its own: 1 s.
const ownGapBucket = 1_000_000

var (
	_ op.Transform = (*sessions)(nil)
	_ op.Stateful  = (*sessions)(nil)
	_ op.Clocked   = (*sessions)(nil)
)

func (s *sessions) Open(_ context.Context, rt op.Runtime) error {
	s.late.mem = rt.Allocator()
	s.open(rt)
	s.groupKeys = append([]*state.Vector{&s.id}, s.args.keys...)
	return nil
}

func (s *sessions) Process(ctx context.Context, _ int, in *batch.Batch, out op.Emitter) error {
	return s.args.pieces.each(ctx, in, func(piece *batch.Batch) (int64, error) {
		err := s.piece(piece, out)
		bytes := s.args.weigh()
		s.args.release()
		return bytes, err
	})
}

// piece takes one batch in.
func (s *sessions) piece(in *batch.Batch, out op.Emitter) error {
	rows := survivorsOf(in)
	defer rows.release()
	times, untimed := s.times(in)
	if len(untimed) > 0 {
		if err := out.Reject(in, untimed); err != nil {
			return err
		}
		rows.drop(untimed)
	}
	failed, err := s.args.eval(rows.left)
	if err != nil {
		return err
	}
	if len(failed) > 0 {
		if err := out.Reject(in, failed); err != nil {
			return err
		}
	}
	if s.clock {
		s.timesOf(in, nil)
	} else {
		s.timesOf(in, times)
	}
	left, n := s.args.hold(), s.args.n
	if left, n = s.reach(left, n); n < s.args.n {
		out.Filter(s.args.n - n)
		s.args.narrow(left, n)
	}
	if n == 0 {
		return nil
	}
	s.args.load()
	if s.keySlots, err = s.keys.Slots(s.args.keys, n, s.keySlots); err != nil {
		return err
	}
	if err := s.assign(left, times); err != nil {
		return err
	}
	if len(s.lates) > 0 {
		out.Late(len(s.lates))
		if err := s.late.emit(in, s.lates, times, s.now, times, s.endOf, out); err != nil {
			return err
		}
		s.forgetKeys()
	}
	if len(s.kept) == 0 {
		return nil
	}
	if err := s.group(); err != nil {
		return err
	}
	for _, span := range s.begun {
		if s.spans.open(span) {
			s.setTimer(span)
		}
	}
	out.Hold(len(s.kept))
	return s.unite()
}

// times gives the time of each row, and those that have none.
func (s *sessions) times(in *batch.Batch) ([]int64, []batch.Failure) {
	if !s.clock {
		return s.event.times(in)
	}
	s.event.made = resized(s.event.made, int(in.Record.NumRows()))
	at := max(in.Arrived.UnixMicro(), s.now)
	for i := range s.event.made {
		s.event.made[i] = at
	}
	return s.event.made, nil
}

// reach finds the gap of each of n rows, left being those of the record, nil all of it, and gives the rows that have one.
func (s *sessions) reach(left []int32, n int) ([]int32, int) {
	s.gaps = resized(s.gaps, s.args.record)
	if s.ownGap < 0 {
		for i := range s.gaps {
			s.gaps[i] = s.gap
		}
		return left, n
	}
	values := s.args.operands[s.ownGap].values.(*array.Duration)
	durations := values.DurationValues()
	s.gapped = s.gapped[:0]
	for i := range n {
		row := s.args.row(i)
		if gap := int64(durations[row]); gap > 0 && values.IsValid(int(row)) {
			s.gaps[row] = min(gap, longestGap)
			s.gapped = append(s.gapped, row)
		}
	}
	if len(s.gapped) == n {
		return left, n
	}
	return s.gapped, len(s.gapped)
}

// longestGap keeps ends within what can be numbered; it is about 70,000 years.
const longestGap = math.MaxInt64 / 4

// endOf is how far a row of the record reaches.
func (s *sessions) endOf(row int32, at int64) int64 { return at + s.gaps[row] }

// assign gives each row that is left its session, one after the other, and notes the merges that they ask for.
func (s *sessions) assign(left []int32, times []int64) error {
	s.kept, s.lates, s.target, s.idle = s.kept[:0], s.lates[:0], s.target[:0], s.idle[:0]
	s.fresh, s.freshSpan, s.begun = s.fresh[:0], s.freshSpan[:0], s.begun[:0]
	s.parted, s.gone, s.into, s.from = s.parted[:0], s.gone[:0], s.into[:0], s.from[:0]
	p := s.spans
	for i, key := range s.keySlots {
		row := int32(i)
		if left != nil {
			row = left[i]
		}
		t := times[row]
		end := t + s.gaps[row]
		span, behind := p.find(key, end)
		switch {
		case span >= 0 && p.end.V[span] >= t:
			merged := false
			for older := p.before(span); older >= 0 && p.end.V[older] >= t; older = p.before(span) {
				s.merge(older, span)
				span, merged = older, true
			}
			if merged {
				part, err := s.begin(row, key)
				if err != nil {
					return err
				}
				p.part.V[span] = part + 1
				s.parted = append(s.parted, span)
			}
			p.start.V[span], p.end.V[span] = min(p.start.V[span], t), max(p.end.V[span], end)
			if part := p.part.V[span]; part != 0 {
				span = part - 1
			}
		case s.over(end):
			s.lates, s.idle = append(s.lates, row), append(s.idle, key)
			continue
		default:
			before := span
			var err error
			if span, err = s.begin(row, key); err != nil {
				return err
			}
			p.start.V[span], p.end.V[span] = t, end
			p.link(span, before, behind)
			s.begun = append(s.begun, span)
		}
		s.kept, s.target = append(s.kept, row), append(s.target, span)
	}
	for _, span := range s.parted {
		s.finish(span)
	}
	return nil
}

// begin makes a session or part for a row of a key.
func (s *sessions) begin(row, key int32) (int32, error) {
	span, err := s.spans.add(key)
	s.fresh, s.freshSpan = append(s.fresh, row), append(s.freshSpan, span)
	return span, err
}

// merge lets a session go up in an older one.
func (s *sessions) merge(older, span int32) {
	s.finish(older)
	s.finish(span)
	s.absorb(older, span)
	p := s.spans
	p.end.V[older] = p.end.V[span]
	p.unlink(span)
}

// finish puts a session's part behind it.
func (s *sessions) finish(span int32) {
	if part := s.spans.part.V[span]; part != 0 {
		s.absorb(span, part-1)
		s.spans.part.V[span] = 0
	}
}

func (s *sessions) absorb(into, from int32) {
	s.into, s.from, s.gone = append(s.into, into), append(s.from, from), append(s.gone, from)
}

// group accumulates the rows that are kept.
func (s *sessions) group() error {
	p := s.spans
	if n := len(s.fresh); n > 0 {
		s.args.over(s.fresh, n)
		s.id.LoadSlots(s.freshSpan)
		var err error
		if s.slotsOf, err = s.table.Slots(s.groupKeys, n, s.slotsOf); err != nil {
			return err
		}
		for i, span := range s.freshSpan {
			p.group.V[span] = s.slotsOf[i]
		}
	}
	s.args.narrow(s.kept, len(s.kept))
	s.slots = resized(s.slots, len(s.kept))
	for i, span := range s.target {
		s.slots[i] = p.group.V[span]
	}
	return s.accumulate()
}

// unite merges what the batch asked for.
func (s *sessions) unite() error {
	if len(s.into) == 0 {
		return nil
	}
	s.groupsOf(s.into)
	s.groupsOf(s.from)
	for i := range s.calls {
		if err := s.calls[i].acc.merge(s.into, s.from); err != nil {
			return err
		}
	}
	s.table.Remove(s.from) // each once: what has gone up in another one is asked for nothing more
	s.spans.rows.Remove(s.gone)
	return nil
}

func (s *sessions) groupsOf(spans []int32) {
	for i, span := range spans {
		spans[i] = s.spans.group.V[span]
	}
}

// over reports whether the watermark has passed the end of a session and its grace.
func (s *sessions) over(end int64) bool { return s.overAt(end) <= s.now }

func (s *sessions) overAt(end int64) int64 { return end + s.grace + 1 }

// setTimer makes a session due at the end that it has now; where that moves, the timer is set anew when it is due.
func (s *sessions) setTimer(span int32) {
	at := s.overAt(s.spans.end.V[span])
	s.spans.timer.V[span] = at
	s.timers.Set(at, span)
}

// Watermark closes sessions.
func (s *sessions) Watermark(_ context.Context, wm time.Time, out op.Emitter) (time.Time, error) {
	ends := wm.Equal(op.EndOfTime)
	if s.clock && !ends {
		return wm, nil
	}
	if err := s.closeUpTo(wm.UnixMicro(), out); err != nil || ends {
		return wm, err
	}
	// What is still open ends at wm less its grace, or later; and the time of a result is 1us before its end.
	return wm.Add(-time.Duration(s.grace+1) * time.Microsecond), nil
}

// closeUpTo emits the sessions that the watermark has passed, those that end first before the others, and forgets them.
func (s *sessions) closeUpTo(at int64, out op.Emitter) error {
	s.now = max(s.now, at)
	p := s.spans
	s.due, s.closed = s.timers.Due(s.now, s.due[:0]), s.closed[:0]
	for _, t := range s.due {
		switch {
		case !p.rows.Used(t.Slot) || p.timer.V[t.Slot] != t.At: // of a session that is gone
		case s.over(p.end.V[t.Slot]):
			p.timer.V[t.Slot] = noTimer
			s.closed = append(s.closed, t.Slot)
		default:
			s.setTimer(t.Slot)
		}
	}
	if len(s.closed) == 0 {
		return nil
	}
	slices.SortStableFunc(s.closed, func(a, b int32) int {
		return cmp.Or(cmp.Compare(p.end.V[a], p.end.V[b]), cmp.Compare(p.start.V[a], p.start.V[b]))
	})
	s.slots, s.idle = resized(s.slots, len(s.closed)), s.idle[:0]
	copy(s.slots, s.closed)
	s.groupsOf(s.slots)
	if err := s.emit(s.slots, out); err != nil {
		return err
	}
	for _, span := range s.closed {
		p.unlink(span)
		s.idle = append(s.idle, p.key.V[span])
	}
	s.forgetKeys()
	s.table.Remove(s.slots)
	p.rows.Remove(s.closed)
	return nil
}

// forgetKeys removes those of the idle keys that have no session.
func (s *sessions) forgetKeys() {
	s.idle = slices.DeleteFunc(s.idle, func(key int32) bool { return s.spans.last.V[key] != 0 })
	s.keys.Remove(distinctSlots(s.idle))
}

// bounds gives where the sessions of groups begin and end.
func (s *sessions) bounds(slots []int32, starts, ends []uint64) {
	for i, group := range slots {
		span := int32(s.table.Key(0).Word(group))
		starts[i], ends[i] = uint64(s.spans.start.V[span]), uint64(s.spans.end.V[span])
	}
}

// Barrier begins a new epoch, of which nothing is emitted.
func (s *sessions) Barrier(context.Context, uint64, op.Emitter) error {
	s.table.Unmark()
	return nil
}

// Wake implements op.Clocked for processing time.
func (s *sessions) Wake() time.Time {
	at, ok := s.timers.Next()
	if !s.clock || !ok {
		return time.Time{}
	}
	return time.UnixMicro(at)
}

// Tick implements op.Clocked.
func (s *sessions) Tick(_ context.Context, now time.Time, out op.Emitter) error {
	return s.closeUpTo(now.UnixMicro(), out)
}

// State implements op.Stateful.
func (s *sessions) State() (rows, bytes int64) {
	rows, bytes = s.grouping.State()
	return rows, bytes + s.keys.Bytes() + s.spans.rows.Bytes() + s.timers.Bytes()
}

func (s *sessions) Close() error {
	s.close()
	return nil
}
