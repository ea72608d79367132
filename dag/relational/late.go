package relational

import (
	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"flowrun/dag/batch"
	"flowrun/dag/op"
	"flowrun/dag/plan"
	"flowrun/dag/schema"
	"flowrun/dag/state"
)

// lateRows is the output of rows that came behind the watermark.
type lateRows struct {
	name   string
	schema *arrow.Schema // nil: nobody reads it
	mem    memory.Allocator
}

func lateRowsOf(n *plan.Node) lateRows { return lateRowsBy(n, plan.LateOutput) }

// lateRowsBy is for nodes that have several such outputs.
func lateRowsBy(n *plan.Node, output string) lateRows {
	if o := n.Output(output); o != nil && o.Read {
		return lateRows{name: output, schema: o.Schema}
	}
	return lateRows{}
}

// emit sends late rows with how far their times, by row of the record, lie behind the watermark now; and, where starts is not
// nil, with the window that would have held them, which end gives the end of for a row that starts somewhere. in is lent.
func (l *lateRows) emit(in *batch.Batch, rows []int32, times []int64, now int64, starts []int64, end func(row int32, start int64) int64, out op.Emitter) error {
	if l.schema == nil {
		return nil
	}
	n := int(in.Record.NumRows())
	columns := make([]arrow.Array, 0, l.schema.NumFields())
	defer func() { releaseAll(columns) }()
	for i := range int(in.Record.NumCols()) {
		c := in.Record.Column(i)
		c.Retain()
		columns = append(columns, c)
	}
	words := make([]uint64, n)
	column := func(dt arrow.DataType, value func(row int32) int64) {
		for _, r := range rows {
			words[r] = uint64(value(r))
		}
		columns = append(columns, state.ArrayOf(l.mem, dt, words, nil))
	}
	if starts != nil {
		column(schema.Timestamp, func(r int32) int64 { return starts[r] })
		column(schema.Timestamp, func(r int32) int64 { return end(r, starts[r]) })
	}
	column(schema.Duration, func(r int32) int64 { return now - times[r] })
	return out.Emit(l.name, in.WithRecord(recordOf(l.schema, columns, n), rows))
}
