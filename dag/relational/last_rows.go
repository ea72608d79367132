package relational

import (
	"github.com/apache/arrow-go/v18/arrow"

	"flowrun/dag/batch"
	"flowrun/dag/op"
	"flowrun/dag/plan"
	"flowrun/dag/state"
)

// lastRows keeps a row for each key: of its columns those that somebody reads.
type lastRows struct {
	columns []*state.Values    // nil: not kept
	best    state.Fixed[int32] // by slot, while a batch is taken in: the row that wins, plus one; else 0
	slots   []int32
	rows    []int32
	vector  state.Vector

	out    output
	blanks blanks
	sizes  []int64
}

func newLastRows(result *plan.Output, t *state.Table) (*lastRows, error) {
	l := &lastRows{out: output{schema: result.Schema}}
	for i, f := range result.Schema.Fields() {
		if !result.Needs(i) {
			l.columns = append(l.columns, nil)
			continue
		}
		c, err := state.NewValues(f.Type)
		if err != nil {
			return nil, err
		}
		l.columns = append(l.columns, c)
		t.Attach("row/"+f.Name, c)
	}
	return l, nil
}

func (l *lastRows) open(rt op.Runtime) {
	l.out.open(rt)
	l.blanks = newBlanks(l.out.schema, rt.Allocator(), func(i int) bool { return l.columns[i] == nil })
}

func (l *lastRows) close() {
	l.out.close()
	l.blanks.close()
}

// wins makes a row of the batch that of a slot.
func (l *lastRows) wins(slot, row int32) {
	if l.best.V[slot] == 0 {
		l.slots = append(l.slots, slot)
	}
	l.best.V[slot] = row + 1
}

// keep copies the rows that have won out of the batch, and gives their slots, valid until the next call of wins.
func (l *lastRows) keep(b *batch.Batch) []int32 {
	l.rows = l.rows[:0]
	for _, s := range l.slots {
		l.rows = append(l.rows, l.best.V[s]-1)
		l.best.V[s] = 0
	}
	for i, c := range l.columns {
		if c == nil {
			continue
		}
		l.vector.Load(b.Record.Column(i), l.rows)
		for j, s := range l.slots {
			c.Set(s, &l.vector, j)
		}
	}
	slots := l.slots
	l.slots = l.slots[:0]
	return slots
}

// emit sends the rows of slots, in batches of bounded size.
func (l *lastRows) emit(slots []int32, out op.Emitter) error {
	for len(slots) > 0 {
		some := slots[:l.cut(slots)]
		slots = slots[len(some):]
		columns := make([]arrow.Array, 0, len(l.columns))
		for i, c := range l.columns {
			if c == nil {
				columns = append(columns, l.blanks[i].Array(len(some)))
				continue
			}
			made, err := c.Build(l.out.mem, some)
			if err != nil {
				releaseAll(columns)
				return err
			}
			columns = append(columns, made)
		}
		b := l.out.stamp(recordOf(l.out.schema, columns, len(some)))
		releaseAll(columns)
		if err := out.Emit("", b); err != nil {
			return err
		}
	}
	return nil
}

// cut says how many of the slots make the next batch, one at least.
func (l *lastRows) cut(slots []int32) int {
	slots = slots[:min(len(slots), l.out.maxRows)]
	l.sizes = resized(l.sizes, len(slots))
	clear(l.sizes)
	for _, c := range l.columns {
		if c != nil {
			c.AddSizes(l.sizes, slots)
		}
	}
	return fitting(l.sizes, l.out.maxBytes)
}
