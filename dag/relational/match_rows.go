package relational

import (
	"slices"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"flowrun/dag/expr"
	"flowrun/dag/op"
	"flowrun/dag/plan"
	"flowrun/dag/schema"
	"flowrun/dag/state"
)

// matches are what a match has found and not sent yet, and how that is made rows.
type matches struct {
	o      *plan.Match
	schema *arrow.Schema
	set    *expr.Set
	out    output
	read   []bool // by column of the rows: an entry of take reads it
	blanks blanks

	start, end []uint64
	key        []int32
	took       [][]int32 // by step: rows
}

func newMatches(n *plan.Node, o *plan.Match) matches {
	r := matches{o: o, schema: n.Output("").Schema, took: make([][]int32, len(o.Steps))}
	var takes []*expr.Program
	for _, it := range o.Take {
		takes = append(takes, it.Expr.P)
	}
	names, whole := o.Reads(takes)
	for _, f := range n.Inputs[0].Source().Schema.Fields() {
		r.read = append(r.read, whole || slices.Contains(names, f.Name))
	}
	r.out.schema = r.schema
	return r
}

func (r *matches) open(rt op.Runtime) {
	r.out.open(rt)
	var takes []*expr.Program
	for _, it := range r.o.Take {
		takes = append(takes, it.Expr.P)
	}
	r.set = expr.NewSet(r.out.mem, takes...)
	if len(r.o.Steps) > 0 {
		row := arrow.NewSchema(r.o.Rows.Field(0).Type.(*arrow.StructType).Fields(), nil)
		r.blanks = newBlanks(row, r.out.mem, func(i int) bool { return !r.read[i] })
	}
}

func (r *matches) close() {
	if r.set != nil {
		r.set.Close()
	}
	r.blanks.close()
}

// add notes a try that is a match, and when it ended.
func (r *matches) add(t *tries, try int32, end int64) {
	r.start, r.end, r.key = append(r.start, uint64(t.first.V[try])), append(r.end, uint64(end)), append(r.key, t.key.V[try])
	for k := range r.took {
		r.took[k] = append(r.took[k], t.took[k].V[try])
	}
}

func (r *matches) clear() {
	r.start, r.end, r.key = r.start[:0], r.end[:0], r.key[:0]
	for k := range r.took {
		r.took[k] = r.took[k][:0]
	}
}

// emit sends what was found. One for which an entry of take cannot be computed is rejected.
func (r *matches) emit(keys *state.Table, rows *stored, out op.Emitter) error {
	n := len(r.end)
	columns := []arrow.Array{state.ArrayOf(r.out.mem, schema.Timestamp, r.start, nil), state.ArrayOf(r.out.mem, schema.Timestamp, r.end, nil)}
	defer func() { releaseAll(columns) }()
	for i := range r.o.By {
		key, err := keys.Key(i).Build(r.out.mem, r.key)
		if err != nil {
			return err
		}
		columns = append(columns, key)
	}
	steps, err := r.steps(rows, n)
	if err != nil {
		return err
	}
	b := r.out.stamp(steps)
	defer b.Release()
	r.set.Begin(b)
	defer r.set.End()
	for i := range r.o.Take {
		values, err := r.set.Eval(i, nil)
		if err != nil {
			return err
		}
		columns = append(columns, values)
	}
	made := b.WithRecord(recordOf(r.schema, columns, n), nil)
	failed := r.set.Failures()
	if len(failed) == 0 {
		return out.Emit("", made)
	}
	defer made.Release()
	if err := out.RejectOutput(made, failed); err != nil {
		return err
	}
	return out.Emit("", made.WithSelection(without(made, failed)))
}

// steps makes a struct column of the rows of each step.
func (r *matches) steps(rows *stored, n int) (arrow.RecordBatch, error) {
	columns := make([]arrow.Array, 0, len(r.took))
	defer func() { releaseAll(columns) }()
	for k, took := range r.took {
		fields := make([]arrow.Array, 0, len(r.read))
		for i, read := range r.read {
			if !read {
				fields = append(fields, r.blanks[i].Array(n))
				continue
			}
			values, err := rows.Column(i).Build(r.out.mem, took)
			if err != nil {
				releaseAll(fields)
				return nil, err
			}
			fields = append(fields, values)
		}
		children := make([]arrow.ArrayData, len(fields))
		for i, f := range fields {
			children[i] = f.Data()
		}
		data := array.NewData(r.o.Rows.Field(k).Type, n, make([]*memory.Buffer, 1), children, 0, 0)
		columns = append(columns, array.MakeFromData(data))
		data.Release()
		releaseAll(fields)
	}
	return recordOf(r.o.Rows, columns, n), nil
}
