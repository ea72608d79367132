package relational

import (
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"flowrun/dag/batch"
	"flowrun/dag/expr"
	"flowrun/dag/op"
	"flowrun/dag/plan"
	"flowrun/dag/state"
)

// match finds rows of a key that take steps one after the other. As rows come, what of the conditions a row alone decides is
// computed by column, and rows that fulfil none are left out at once. The others wait for the watermark, which takes them in
// the order of event time, one by one, past the tries of their key.
type match struct {
	o    *plan.Match
	node string

	args  arguments // the keys
	table *state.Table
	uses  state.Fixed[int32] // by key: how many of the rows below are of it
	tries tries

	rows    stored
	arrived state.Fixed[int64]  // by row: its number
	at      state.Fixed[int64]  // its event time, in microseconds of the Unix epoch
	hits    state.Fixed[uint64] // bits: the tests whose part about the row alone is true
	key     state.Fixed[int32]  // the slot of its key
	refs    state.Fixed[int32]  // how many tries and matches it is part of
	turn    state.Fixed[int64]  // its place in the order in which rows were taken
	arrival int64               // number of the next row that comes
	turns   int64               // and of the next one that is taken, or of that in hand plus one
	told    int64               // turns of the row that was last told as a reject

	clock  eventClock
	timers *state.Timers // of rows that wait
	late   lateRows
	now    int64 // the watermark
	within int64 // in microseconds

	alone   *expr.Set // the parts of tests about the row alone, one after the other
	tests   []matchTest
	results matches
	mem     memory.Allocator

	// What tries ask of rows, as the row machine has it, by slot; it follows from the rows.
	names   []string
	columns []int
	structs []expr.Struct
	asked   int64 // how many there are

	// Of one call:
	slots    []int32
	due      []state.Timer
	ends     []state.Timer
	bits     []uint64
	chunk    chunk
	goneRows []int32
	goneKeys []int32
}

// matchTest is a condition: its part about the row alone is programs of the set from first on, the other runs on the machine.
type matchTest struct {
	first, n int
	with     *expr.Given // nil: there is no more to it
	parts    int         // of with
	sees     int         // how many steps
}

func newMatch(n *plan.Node, o *plan.Match) (*match, error) {
	m := &match{o: o, node: n.ID, clock: eventClock{Clock: o.Clock}, late: lateRowsOf(n), now: math.MinInt64, within: o.Within.Microseconds(),
		timers: state.NewTimers(sortBucket(o.Delay))}
	in := n.Inputs[0].Source().Schema
	var types []arrow.DataType
	for _, it := range o.By {
		types = append(types, it.Expr.P.Type())
		m.args.by = append(m.args.by, it.Expr.P)
	}
	var err error
	if m.table, err = state.NewTable(types...); err != nil {
		return nil, fmt.Errorf("match %s: %w", n.ID, err)
	}
	m.table.Attach("uses", &m.uses)
	if m.tries, err = newTries(len(o.Steps), m.within); err != nil {
		return nil, fmt.Errorf("match %s: %w", n.ID, err)
	}
	m.tries.attach(m.table)
	if m.rows, err = newStored(in, in, o.Keeps(n)); err != nil {
		return nil, fmt.Errorf("match %s: %w", n.ID, err)
	}
	m.timers.Of(m.rows.Rows)
	m.rows.Refer(&m.key, m.table, 0)
	for i := range m.tries.took {
		m.tries.rows.Refer(&m.tries.took[i], m.rows.Rows, 0) // of steps not taken yet it says nothing
	}
	m.rows.Attach("arrived", &m.arrived)
	m.rows.Attach("at", &m.at)
	m.rows.Attach("hits", &m.hits)
	m.rows.Attach("key", &m.key)
	m.rows.Attach("refs", &m.refs)
	m.rows.Attach("turn", &m.turn)
	m.results = newMatches(n, o)
	return m, m.reads(in)
}

// reads finds which columns of rows tries ask for.
func (m *match) reads(in *arrow.Schema) error {
	var with []*expr.Program
	for _, t := range m.o.Tests {
		with = append(with, t.With...)
	}
	names, whole := m.o.Reads(with)
	for i, f := range in.Fields() {
		if whole || slices.Contains(names, f.Name) {
			m.names, m.columns = append(m.names, f.Name), append(m.columns, i)
		}
	}
	first := 0
	for _, t := range m.o.Tests {
		made := matchTest{first: first, n: len(t.Alone), parts: len(t.With), sees: t.Sees}
		first += len(t.Alone)
		if len(t.With) > 0 {
			var steps []string
			for _, it := range m.o.Steps[:t.Sees] {
				steps = append(steps, it.Name.Value)
			}
			var err error
			if made.with, err = expr.NewGiven(t.With, steps...); err != nil {
				return fmt.Errorf("match %s: %w", m.node, err)
			}
		}
		m.tests = append(m.tests, made)
	}
	return nil
}

var (
	_ op.Transform = (*match)(nil)
	_ op.Stateful  = (*match)(nil)
)

func (m *match) Open(_ context.Context, rt op.Runtime) error {
	m.mem = rt.Allocator()
	m.late.mem = m.mem
	m.args.open(rt)
	m.rows.open(rt)
	m.results.open(rt)
	m.chunk.out = &m.rows.out
	m.tries.one = array.NewRecordBatch(empty, nil, 1)
	var alone []*expr.Program
	for _, t := range m.o.Tests {
		alone = append(alone, t.Alone...)
	}
	m.alone = expr.NewSet(m.mem, alone...)
	return nil
}

func (m *match) Process(_ context.Context, _ int, in *batch.Batch, out op.Emitter) error {
	defer m.args.release()
	rows := survivorsOf(in)
	defer rows.release()
	times, err := punctual(&m.clock, &m.late, &rows, m.now, out)
	if err != nil {
		return err
	}
	failed, err := m.look(rows.left)
	if err != nil {
		return err
	}
	if len(failed) > 0 {
		if err := out.Reject(in, failed); err != nil {
			return err
		}
		rows.drop(failed)
	}
	idle := rows.left.Rows()
	took := rows.left.WithSelection(m.busy(rows.left))
	defer took.Release()
	idle -= took.Rows()
	out.Filter(idle)
	if failed, err = m.args.eval(took); err != nil {
		return err
	}
	if len(failed) > 0 {
		if err := out.Reject(in, failed); err != nil {
			return err
		}
	}
	m.args.load()
	if m.slots, err = m.table.Slots(m.args.keys, m.args.n, m.slots); err != nil {
		return err
	}
	slots, err := m.rows.Append(in.Record, m.args.left)
	if err != nil {
		return err
	}
	for i, slot := range slots {
		row, key := m.args.row(i), m.slots[i]
		m.arrived.V[slot], m.at.V[slot], m.hits.V[slot], m.key.V[slot] = m.arrival, times[row], m.bits[row], key
		m.arrival++
		m.uses.V[key]++
		m.timers.Set(times[row], slot)
	}
	out.Hold(len(slots))
	return nil
}

// look computes what of the tests a row alone decides, into bits by row, and gives the rows that failed.
func (m *match) look(b *batch.Batch) ([]batch.Failure, error) {
	m.bits = resized(m.bits, int(b.Record.NumRows()))
	clear(m.bits)
	m.alone.Begin(b)
	defer m.alone.End()
	for i, t := range m.tests {
		rows := b.Sel
		for k := range t.n {
			sel, err := m.alone.Select(t.first+k, rows)
			if err != nil {
				return nil, err
			}
			rows = sel
		}
		bit := uint64(1) << i
		if t.n == 0 && rows == nil {
			for row := range m.bits {
				m.bits[row] |= bit
			}
			continue
		}
		for _, row := range rows {
			m.bits[row] |= bit
		}
	}
	return m.alone.Failures(), nil
}

// busy lists the rows that may be part of a match, or prevent one.
func (m *match) busy(b *batch.Batch) []int32 {
	sel := make([]int32, 0, b.Rows())
	for i := range b.Rows() {
		if row := b.Row(i); m.bits[row] != 0 {
			sel = append(sel, int32(row))
		}
	}
	return sel
}

// Watermark takes the rows before it, and ends tries whose time is over.
func (m *match) Watermark(_ context.Context, wm time.Time, out op.Emitter) (time.Time, error) {
	m.now = max(m.now, wm.UnixMicro())
	limit := m.now
	switch {
	case limit == math.MinInt64:
		return wm, nil
	case wm.Before(op.EndOfTime):
		limit-- // rows of the watermark's own time may not have all come
	}
	m.due = m.timers.Due(limit, m.due[:0])
	m.chunk.begin(m.due)
	defer m.chunk.release()
	for i, t := range m.due {
		// Tries whose time was over before this row end before it.
		if err := m.endTries(t.At-1, out); err != nil {
			return wm, err
		}
		m.turn.V[t.Slot] = m.turns
		m.turns++
		m.refs.V[t.Slot]++
		if err := m.take(i, t.Slot, out); err != nil {
			return wm, err
		}
		m.letGo(t.Slot)
	}
	if err := m.endTries(limit, out); err != nil {
		return wm, err
	}
	if err := m.flush(out); err != nil {
		return wm, err
	}
	m.sweep()
	return wm, nil
}

// endTries ends the tries that have until a time, at the latest. Those that wait for nothing more to come are matches.
func (m *match) endTries(limit int64, out op.Emitter) error {
	if next, ok := m.tries.timers.Next(); !ok || next > limit {
		return nil
	}
	m.ends = m.tries.timers.Due(limit, m.ends[:0])
	for _, t := range m.ends {
		// The try may have ended before, and another one have its slot by now.
		if !m.tries.is(t.Slot) || m.tries.end(t.Slot) != t.At {
			continue
		}
		if m.tries.step.V[t.Slot] < int32(len(m.o.Steps)) {
			m.drop(t.Slot)
			continue
		}
		if err := m.complete(t.Slot, t.At, out); err != nil {
			return err
		}
	}
	return nil
}

// letGo takes back one use of a row. Without any, it is forgotten, and with its last row a key.
func (m *match) letGo(slot int32) {
	if m.refs.V[slot]--; m.refs.V[slot] > 0 {
		return
	}
	m.goneRows = append(m.goneRows, slot)
	if int(slot) < len(m.structs) && m.structs[slot] != nil {
		m.structs[slot] = nil
		m.asked--
	}
	key := m.key.V[slot]
	if m.uses.V[key]--; m.uses.V[key] == 0 {
		m.goneKeys = append(m.goneKeys, key)
	}
}

// sweep gives back what was forgotten.
func (m *match) sweep() {
	m.rows.Remove(m.goneRows)
	m.tries.sweep()
	m.table.Remove(m.goneKeys)
	m.goneRows, m.goneKeys = m.goneRows[:0], m.goneKeys[:0]
	if m.rows.Live() == 0 {
		m.structs = nil
	}
}

func (m *match) Barrier(context.Context, uint64, op.Emitter) error { return nil }

// State implements op.Stateful.
func (m *match) State() (rows, bytes int64) {
	const entry = 64 // about what a field of a struct takes on the row machine
	asked := int64(len(m.structs))*8 + m.asked*int64(len(m.names))*entry
	return int64(m.rows.Live()), m.rows.Bytes() + m.table.Bytes() + m.tries.rows.Bytes() + m.timers.Bytes() + m.tries.timers.Bytes() + asked
}

func (m *match) Close() error {
	m.args.close()
	m.rows.close()
	m.results.close()
	if m.alone != nil {
		m.alone.Close()
	}
	if m.tries.one != nil {
		m.tries.one.Release()
	}
	return nil
}
