package relational

import (
	"fmt"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"flowrun/dag/batch"
	"flowrun/dag/op"
	"flowrun/dag/state"
)

// lastRows keeps a whole row for each key.
type lastRows struct {
	columns []*state.Values
	best    state.Fixed[int32] // by slot, while a batch is taken in: the row that wins, plus one; else 0
	slots   []int32
	rows    []int32
	vector  state.Vector

	out     output
	mem     memory.Allocator
	maxRows int
	schema  *arrow.Schema
}

func newLastRows(s *arrow.Schema, t *state.Table) (*lastRows, error) {
	l := &lastRows{schema: s}
	for i, f := range s.Fields() {
		c, err := state.NewValues(f.Type)
		if err != nil {
			return nil, err
		}
		l.columns = append(l.columns, c)
		t.Attach(fmt.Sprintf("row/%d/%s", i, f.Name), c)
	}
	return l, nil
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
		l.vector.Load(b.Record.Column(i), l.rows)
		for j, s := range l.slots {
			c.Set(s, &l.vector, j)
		}
	}
	slots := l.slots
	l.slots = l.slots[:0]
	return slots
}

// emit sends the rows of slots.
func (l *lastRows) emit(slots []int32, out op.Emitter) error {
	for len(slots) > 0 {
		some := slots[:min(len(slots), l.maxRows)]
		slots = slots[len(some):]
		columns := make([]arrow.Array, 0, len(l.columns))
		for _, c := range l.columns {
			made, err := c.Build(l.mem, some)
			if err != nil {
				releaseAll(columns)
				return err
			}
			columns = append(columns, made)
		}
		b := l.out.stamp(recordOf(l.schema, columns, len(some)))
		releaseAll(columns)
		if err := out.Emit("", b); err != nil {
			return err
		}
	}
	return nil
}
