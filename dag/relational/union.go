package relational

import (
	"context"

	"github.com/apache/arrow-go/v18/arrow"

	"flowrun/dag/batch"
	"flowrun/dag/op"
	"flowrun/dag/plan"
)

// union passes on the rows of all inputs, with the columns in one order.
type union struct {
	stateless
	schema  *arrow.Schema
	columns [][]int
}

func newUnion(n *plan.Node, o *plan.Union) *union {
	return &union{schema: n.Output("").Schema, columns: o.Columns}
}

func (u *union) Open(context.Context, op.Runtime) error { return nil }

func (u *union) Process(_ context.Context, port int, in *batch.Batch, out op.Emitter) error {
	rows := in.Rows()
	if rows == 0 {
		return nil
	}
	out.Pass(rows)
	if in.Schema().Equal(u.schema) {
		return pass(in, out)
	}
	columns := make([]arrow.Array, len(u.columns[port]))
	for i, from := range u.columns[port] {
		columns[i] = in.Record.Column(from)
	}
	return out.Emit("", in.WithRecord(recordOf(u.schema, columns, int(in.Record.NumRows())), in.Sel))
}

func (u *union) Close() error { return nil }
