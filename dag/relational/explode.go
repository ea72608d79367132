package relational

import (
	"context"
	"fmt"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"flowrun/dag/batch"
	"flowrun/dag/expr"
	"flowrun/dag/op"
	"flowrun/dag/plan"
)

// explode makes a row of each element of a list. The other columns of the row that somebody reads are copied for each;
// batches are cut at the runtime's row limit, and by what copies of long values take.
type explode struct {
	stateless
	out     *plan.Output
	schema  *arrow.Schema
	column  int // where the element goes
	program *expr.Program
	blanks  blanks

	ev       *expr.Evaluator
	mem      memory.Allocator
	maxRows  int
	maxBytes int64

	// Of the batch in hand, one entry per row to be made:
	parents []int32 // row of the input
	elems   []int32 // element among those of all lists
	sizes   []int64 // bytes that a copy of the input's row takes, by row
}

// leastCut keeps batches worthwhile where the runtime's byte limit is small.
const leastCut = 1 << 20

func newExplode(n *plan.Node, o *plan.Explode) *explode {
	out := n.Output("")
	return &explode{out: out, schema: out.Schema, column: out.Schema.FieldIndices(o.Item.Name.Value)[0], program: o.Item.Expr.P}
}

func (e *explode) Open(_ context.Context, rt op.Runtime) error {
	e.mem, e.maxRows, e.maxBytes = rt.Allocator(), rt.BatchRows(), max(int64(rt.BatchBytes()), leastCut)
	e.ev = e.program.Evaluator(e.mem)
	e.blanks = newBlanks(e.schema, e.mem, func(i int) bool { return i != e.column && !e.out.Needs(i) })
	return nil
}

func (e *explode) Process(_ context.Context, _ int, in *batch.Batch, out op.Emitter) error {
	if in.Rows() == 0 {
		return nil
	}
	values, failed, err := e.ev.Eval(in)
	if err != nil {
		return err
	}
	defer values.Release()
	rows := survivorsOf(in)
	defer rows.release()
	if len(failed) > 0 {
		if err := out.Reject(in, failed); err != nil {
			return err
		}
		rows.drop(failed)
	}
	lists, ok := values.(*array.List)
	if !ok {
		return fmt.Errorf("explode: a column of type %s is no list", values.DataType())
	}
	passed := e.expand(rows.left, lists)
	out.Pass(passed)
	out.Filter(rows.left.Rows() - passed)
	e.measure(in)
	for from := 0; from < len(e.parents); {
		to := e.cut(from)
		if err := out.Emit("", in.WithRecord(e.record(in, lists.ListValues(), from, to), nil)); err != nil {
			return err
		}
		from = to
	}
	return nil
}

// expand lists the rows to be made, and counts the input rows that have any.
func (e *explode) expand(in *batch.Batch, lists *array.List) (passed int) {
	parents, elems := e.parents[:0], e.elems[:0]
	nulls := lists.NullN() > 0
	offsets := lists.Offsets()[lists.Data().Offset():]
	for i := range in.Rows() {
		row := in.Row(i)
		beg, end := offsets[row], offsets[row+1]
		if beg == end || nulls && lists.IsNull(row) {
			continue
		}
		passed++
		for j := beg; j < end; j++ {
			parents, elems = append(parents, int32(row)), append(elems, j)
		}
	}
	e.parents, e.elems = parents, elems
	return passed
}

// measure fills sizes, or empties it where no copied column has values of different length.
func (e *explode) measure(in *batch.Batch) {
	e.sizes = e.sizes[:0]
	for i := range e.schema.NumFields() {
		if i == e.column || e.blanks[i] != nil || fixedSize(e.schema.Field(i).Type) {
			continue
		}
		if len(e.sizes) == 0 {
			e.sizes = append(e.sizes, make([]int64, in.Record.NumRows())...)
		}
		addSizes(e.sizes, in.Record.Column(i), 0)
	}
}

// cut says where a batch that starts at from ends: behind one row at least.
func (e *explode) cut(from int) int {
	to := min(from+e.maxRows, len(e.parents))
	if len(e.sizes) == 0 {
		return to
	}
	var bytes int64
	for i := from; i < to; i++ {
		if bytes += e.sizes[e.parents[i]]; bytes > e.maxBytes && i > from {
			return i
		}
	}
	return to
}

// record makes the rows [from, to).
func (e *explode) record(in *batch.Batch, elems arrow.Array, from, to int) arrow.RecordBatch {
	columns := make([]arrow.Array, e.schema.NumFields())
	defer func() { releaseAll(columns) }()
	for i := range columns {
		if e.blanks[i] != nil {
			columns[i] = e.blanks[i].Array(to - from)
			continue
		}
		if i != e.column {
			columns[i] = batch.TakeArray(in.Record.Column(i), e.parents[from:to], e.mem)
			continue
		}
		// Lists of neighbouring rows lie side by side: then their elements are shared.
		if first, last := e.elems[from], e.elems[to-1]; int(last-first) == to-1-from {
			columns[i] = array.NewSlice(elems, int64(first), int64(last)+1)
		} else {
			columns[i] = batch.TakeArray(elems, e.elems[from:to], e.mem)
		}
	}
	return recordOf(e.schema, columns, to-from)
}

func (e *explode) Close() error {
	if e.ev != nil {
		e.ev.Close()
	}
	e.blanks.close()
	return nil
}
