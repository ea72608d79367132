package relational

import (
	"math"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"flowrun/dag/state"
)

// spans are the open sessions, in a chain per key from the last one back, and for the time of a batch their parts. Of one key
// no two sessions touch. Where a column names another span it is one more than its slot; 0 is none.
type spans struct {
	rows  *state.Rows // without columns of its own
	start state.Fixed[int64]
	end   state.Fixed[int64]
	timer state.Fixed[int64] // when its timer is due; a timer of another time is of a span that had the slot before
	key   state.Fixed[int32] // its slot
	group state.Fixed[int32] // its slot
	prev  state.Fixed[int32] // the one before it in time
	next  state.Fixed[int32]
	part  state.Fixed[int32]
	last  state.Fixed[int32] // by key: its last session in time

	row    arrow.RecordBatch
	rowsOf []int32
}

// noTimer is the timer of a session that is no longer open.
const noTimer = math.MinInt64

// newSpans makes an empty store; keys has the keys of sessions.
func newSpans(keys *state.Table) (*spans, error) {
	rows, err := state.NewRows(empty, nil)
	if err != nil {
		return nil, err
	}
	p := &spans{rows: rows, row: array.NewRecordBatch(empty, nil, 1), rowsOf: []int32{0}}
	for name, c := range p.columns {
		rows.Attach(name, c)
	}
	keys.Attach("session/last", &p.last)
	keys.Refer(&p.last, rows, 1)
	rows.Refer(&p.key, keys, 0)
	for _, c := range []*state.Fixed[int32]{&p.prev, &p.next, &p.part} {
		rows.Refer(c, rows, 1)
	}
	return p, nil
}

// columns gives what is kept per span, by name.
func (p *spans) columns(yield func(string, state.Column) bool) {
	_ = yield("start", &p.start) && yield("end", &p.end) && yield("timer", &p.timer) && yield("key", &p.key) &&
		yield("group", &p.group) && yield("prev", &p.prev) && yield("next", &p.next) && yield("part", &p.part)
}

// add makes a span of a key, which is in no chain.
func (p *spans) add(key int32) (int32, error) {
	slots, err := p.rows.Append(p.row, p.rowsOf)
	if err != nil {
		return 0, err
	}
	p.key.V[slots[0]] = key
	return slots[0], nil
}

// find gives the last session of a key that begins at a time or before, and the one behind it; -1 where there is none.
func (p *spans) find(key int32, at int64) (span, behind int32) {
	next, e := int32(0), p.last.V[key]
	for e != 0 && p.start.V[e-1] > at {
		next, e = e, p.prev.V[e-1]
	}
	return e - 1, next - 1
}

// before gives the session before another one, -1 where there is none.
func (p *spans) before(span int32) int32 { return p.prev.V[span] - 1 }

// link puts a span into the chain of its key, between two others; -1 is none.
func (p *spans) link(span, before, behind int32) {
	p.prev.V[span], p.next.V[span] = before+1, behind+1
	if before >= 0 {
		p.next.V[before] = span + 1
	}
	if behind >= 0 {
		p.prev.V[behind] = span + 1
	} else {
		p.last.V[p.key.V[span]] = span + 1
	}
}

// unlink takes a session out of the chain of its key; it is open no longer.
func (p *spans) unlink(span int32) {
	prev, next := p.prev.V[span], p.next.V[span]
	if prev != 0 {
		p.next.V[prev-1] = next
	}
	if next != 0 {
		p.prev.V[next-1] = prev
	} else {
		p.last.V[p.key.V[span]] = prev
	}
	p.timer.V[span] = noTimer
}

// open reports whether a session is in the chain of its key.
func (p *spans) open(span int32) bool { return p.timer.V[span] != noTimer }
