package relational

import (
	"fmt"
	"math"

	"github.com/apache/arrow-go/v18/arrow"

	"flowrun/dag/batch"
	"flowrun/dag/expr"
	"flowrun/dag/op"
	"flowrun/dag/state"
)

// tries are the tries of all keys: a list for each key, in the order in which they began. Links are slots plus one, 0 being none.
type tries struct {
	rows   *state.Rows // which have no columns
	one    arrow.RecordBatch
	open   state.Fixed[bool]
	key    state.Fixed[int32]   // the slot of the key
	first  state.Fixed[int64]   // event time of the first row, in microseconds of the Unix epoch
	step   state.Fixed[int32]   // how many steps were taken
	took   []state.Fixed[int32] // by step: the row that took it
	next   state.Fixed[int32]
	before state.Fixed[int32]
	head   state.Fixed[int32] // by key
	tail   state.Fixed[int32]
	timers *state.Timers // of when tries end
	within int64
	gone   []int32
}

func newTries(steps int, within int64) (tries, error) {
	rows, err := state.NewRows(empty, nil)
	return tries{rows: rows, took: make([]state.Fixed[int32], steps), timers: state.NewTimers(within / 16), within: within}, err
}

// attach makes the tables responsible for what is kept beside them; t must not move any more.
func (t *tries) attach(keys *state.Table) {
	t.timers.Of(t.rows)
	keys.Refer(&t.head, t.rows, 1)
	keys.Refer(&t.tail, t.rows, 1)
	t.rows.Refer(&t.key, keys, 0)
	t.rows.Refer(&t.next, t.rows, 1)
	t.rows.Refer(&t.before, t.rows, 1)
	keys.Attach("head", &t.head)
	keys.Attach("tail", &t.tail)
	t.rows.Attach("open", &t.open)
	t.rows.Attach("key", &t.key)
	t.rows.Attach("first", &t.first)
	t.rows.Attach("step", &t.step)
	t.rows.Attach("next", &t.next)
	t.rows.Attach("before", &t.before)
	for i := range t.took {
		t.rows.Attach(fmt.Sprintf("took/%d", i), &t.took[i])
	}
}

// begin makes a try of its first row.
func (t *tries) begin(key, row int32, at int64) error {
	slots, err := t.rows.Append(t.one, nil)
	if err != nil {
		return err
	}
	s := slots[0]
	t.open.V[s], t.key.V[s], t.first.V[s], t.step.V[s], t.took[0].V[s] = true, key, at, 1, row
	t.next.V[s], t.before.V[s] = 0, t.tail.V[key]
	if last := t.tail.V[key]; last > 0 {
		t.next.V[last-1] = s + 1
	} else {
		t.head.V[key] = s + 1
	}
	t.tail.V[key] = s + 1
	t.timers.Set(t.end(s), s)
	return nil
}

// is reports whether a slot has a try that has not ended.
func (t *tries) is(slot int32) bool { return t.rows.Used(slot) && t.open.V[slot] }

// end is the last event time that a row of a try can have.
func (t *tries) end(try int32) int64 {
	first := t.first.V[try]
	if first > math.MaxInt64-t.within {
		return math.MaxInt64
	}
	return first + t.within
}

// remove takes a try out of the list of its key. Its slot stays as it is until sweep.
func (t *tries) remove(try int32) {
	key, before, next := t.key.V[try], t.before.V[try], t.next.V[try]
	if before > 0 {
		t.next.V[before-1] = next
	} else {
		t.head.V[key] = next
	}
	if next > 0 {
		t.before.V[next-1] = before
	} else {
		t.tail.V[key] = before
	}
	t.open.V[try] = false
	t.gone = append(t.gone, try)
}

func (t *tries) sweep() {
	t.rows.Remove(t.gone)
	t.gone = t.gone[:0]
	if t.rows.Live() == 0 {
		t.timers.Clear()
	}
}

// take takes a row, the i-th of those that are due, past the tries of its key; then it may begin one of its own.
func (m *match) take(i int, row int32, out op.Emitter) error {
	t, key, hits := &m.tries, m.key.V[row], m.hits.V[row]
	steps := int32(len(m.o.Steps))
	without, absent := len(m.o.Steps), len(m.o.Steps)+len(m.o.Without)
	for at := t.head.V[key]; at > 0; {
		try := at - 1
		at = t.next.V[try] // of a try that is removed the link stays
		step := t.step.V[try]
		if step == steps {
			if hit, err := m.any(absent, len(m.tests), i, try, hits, out); err != nil {
				return err
			} else if hit {
				m.drop(try)
			}
			continue
		}
		// A row between the first step and the last one, or that takes one of those between.
		last := step == steps-1
		takes, err := m.any(int(step), int(step)+1, i, try, hits, out)
		if err != nil {
			return err
		}
		if !last || !takes {
			if hit, err := m.any(without, absent, i, try, hits, out); err != nil {
				return err
			} else if hit {
				m.drop(try)
				continue
			}
		}
		if !takes {
			continue
		}
		t.took[step].V[try] = row
		t.step.V[try]++
		m.refs.V[row]++
		if !last || len(m.o.Absent) > 0 {
			continue
		}
		if err := m.complete(try, m.at.V[row], out); err != nil {
			return err
		}
		if !m.o.Overlap {
			return nil
		}
	}
	if hits&1 == 0 {
		return nil
	}
	m.refs.V[row]++
	return t.begin(key, row, m.at.V[row])
}

// any reports whether one of the tests from one place up to another is true of a row, the i-th of those that are due, and the rows
// of a try.
func (m *match) any(from, to, i int, try int32, hits uint64, out op.Emitter) (bool, error) {
	for at := from; at < to; at++ {
		if hits>>at&1 == 0 {
			continue
		}
		hit, err := m.with(&m.tests[at], i, try, out)
		if hit || err != nil {
			return hit, err
		}
	}
	return false, nil
}

// with computes the part of a test that reads rows of a try. Where it cannot be computed it is not true, and the row is told as a
// reject, once.
func (m *match) with(test *matchTest, i int, try int32, out op.Emitter) (bool, error) {
	if test.with == nil {
		return true, nil
	}
	for k := range test.sees {
		var s expr.Struct
		if k < int(m.tries.step.V[try]) {
			var err error
			if s, err = m.structOf(m.tries.took[k].V[try]); err != nil {
				return false, err
			}
		}
		test.with.Give(k, s)
	}
	b, row, err := m.chunk.row(&m.rows, i)
	if err != nil {
		return false, err
	}
	for k := range test.parts {
		v, failure := test.with.Run(k, b, row)
		if failure != nil {
			if m.told == m.turns {
				return false, nil
			}
			m.told = m.turns
			return false, out.RejectOutput(b, []batch.Failure{*failure})
		}
		if v != true {
			return false, nil
		}
	}
	return true, nil
}

// structOf gives what tries ask of a row that took a step.
func (m *match) structOf(slot int32) (expr.Struct, error) {
	for int(slot) >= len(m.structs) {
		m.structs = append(m.structs, make([]expr.Struct, max(64, len(m.structs)))...)
	}
	if m.structs[slot] != nil {
		return m.structs[slot], nil
	}
	fields := make([]arrow.Array, 0, len(m.columns))
	defer func() { releaseAll(fields) }()
	for _, c := range m.columns {
		values, err := m.rows.Column(c).Build(m.mem, []int32{slot})
		if err != nil {
			return nil, err
		}
		fields = append(fields, values)
	}
	s, err := expr.ReadStruct(m.names, fields, 0)
	if err != nil {
		return nil, err
	}
	for name, v := range s {
		s[name] = expr.Own(v)
	}
	m.structs[slot] = s
	m.asked++
	return s, nil
}

// drop ends a try that is no match.
func (m *match) drop(try int32) {
	m.tries.remove(try)
	for k := range m.tries.step.V[try] {
		m.letGo(m.tries.took[k].V[try])
	}
}

// complete makes a match of a try, which ends at a time, and ends the tries that end with it.
func (m *match) complete(try int32, end int64, out op.Emitter) error {
	t := &m.tries
	key := t.key.V[try]
	last := t.took[len(m.o.Steps)-1].V[try]
	t.remove(try)
	m.results.add(t, try, end)
	if !m.o.Overlap {
		for at := t.head.V[key]; at > 0; {
			other := at - 1
			at = t.next.V[other]
			if m.turn.V[t.took[0].V[other]] <= m.turn.V[last] {
				m.drop(other)
			}
		}
	}
	if len(m.results.end) >= m.rows.out.maxRows {
		return m.flush(out)
	}
	return nil
}

// flush sends the matches that were found, and lets their rows go.
func (m *match) flush(out op.Emitter) error {
	r := &m.results
	if len(r.end) == 0 {
		return nil
	}
	if err := r.emit(m.table, &m.rows, out); err != nil {
		return err
	}
	for _, took := range r.took {
		for _, row := range took {
			m.letGo(row)
		}
	}
	r.clear()
	return nil
}

// chunk makes the rows that are due a batch, some at a time, where a test asks for them.
type chunk struct {
	out      *output
	due      []state.Timer
	slots    []int32
	from, to int
	made     *batch.Batch
}

func (c *chunk) begin(due []state.Timer) { c.due, c.from, c.to = due, 0, 0 }

// row gives the i-th row that is due: the batch that it is in, which is the chunk's, and its place there. i does not fall.
func (c *chunk) row(rows *stored, i int) (*batch.Batch, int, error) {
	if i >= c.to {
		c.release()
		c.slots = c.slots[:0]
		for _, t := range c.due[i:min(i+c.out.maxRows, len(c.due))] {
			c.slots = append(c.slots, t.Slot)
		}
		n := rows.cut(c.slots)
		columns, err := rows.build(c.slots[:n])
		if err != nil {
			return nil, 0, err
		}
		c.made = c.out.stamp(recordOf(c.out.schema, columns, n))
		releaseAll(columns)
		c.from, c.to = i, i+n
	}
	return c.made, i - c.from, nil
}

func (c *chunk) release() {
	if c.made != nil {
		c.made.Release()
		c.made = nil
	}
}
