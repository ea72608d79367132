package relational

import (
	"context"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"flowrun/dag/batch"
	"flowrun/dag/codec"
	"flowrun/dag/op"
	"flowrun/dag/plan"
)

// parse makes columns of a column of texts and shares the others. A null gives nulls.
type parse struct {
	stateless
	o      *plan.Parse
	schema *arrow.Schema
	parser *codec.Parser
}

func newParse(n *plan.Node, o *plan.Parse) *parse {
	return &parse{o: o, schema: n.Output("").Schema}
}

func (p *parse) Open(_ context.Context, rt op.Runtime) error {
	p.parser = codec.NewParser(codec.ParserOptions{
		As: p.o.As, Config: p.o.Config, Pattern: p.o.Pattern, Schema: p.o.Schema, Allocator: rt.Allocator(),
	})
	return nil
}

func (p *parse) Process(_ context.Context, _ int, in *batch.Batch, out op.Emitter) error {
	if in.Rows() == 0 {
		return nil
	}
	failed := p.read(in)
	made := p.parser.Record()
	defer made.Release()
	rows := survivorsOf(in)
	defer rows.release()
	rows.drop(failed)
	if len(failed) > 0 {
		if err := out.Reject(in, failed); err != nil {
			return err
		}
	}
	left := rows.left.Rows()
	out.Pass(left)
	if left == 0 {
		return nil
	}
	columns := make([]arrow.Array, 0, p.schema.NumFields())
	for i, c := range in.Record.Columns() {
		if i != p.o.Source || p.o.Keep {
			columns = append(columns, c)
		}
	}
	columns = append(columns, made.Columns()...)
	rec := recordOf(p.schema, columns, int(in.Record.NumRows()))
	return out.Emit("", in.WithRecord(rec, rows.left.Sel))
}

// read makes a row of each of in's record; those that do not count are nulls.
func (p *parse) read(in *batch.Batch) (failed []batch.Failure) {
	texts := in.Record.Column(p.o.Source).(*array.String)
	var ends []int32
	var data []byte
	if texts.Len() > 0 {
		ends, data = texts.ValueOffsets(), texts.ValueBytes()
	}
	next := 0
	for i := range in.Rows() {
		row := in.Row(i)
		for ; next < row; next++ {
			p.parser.Skip()
		}
		next++
		var reason, detail string
		var ok bool
		if texts.IsNull(row) {
			reason, detail, ok = p.parser.Null()
		} else {
			reason, detail, ok = p.parser.Parse(data[ends[row]-ends[0] : ends[row+1]-ends[0]])
		}
		if !ok {
			failed = append(failed, batch.Failure{Row: int32(row), Reason: reason, Detail: detail})
		}
	}
	for ; next < int(in.Record.NumRows()); next++ {
		p.parser.Skip()
	}
	return failed
}

func (p *parse) Close() error {
	if p.parser != nil {
		p.parser.Close()
	}
	return nil
}
