package relational

import (
	"strconv"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"flowrun/dag/batch"
	"flowrun/dag/expr"
	"flowrun/dag/op"
	"flowrun/dag/schema"
	"flowrun/dag/state"
)

// output makes rows of groups: the keys, then each take entry from the results of its calls. A row that cannot be
// completed is rejected as an output row.
type output struct {
	schema *arrow.Schema
	keys   int
	window int64                                      // of windowed groups: its length in microseconds; their first key is its start
	bounds func(slots []int32, starts, ends []uint64) // of sessions: where they begin and end, instead of the first key
	takes  []take

	rt       op.Runtime
	mem      memory.Allocator
	maxRows  int
	maxBytes int64
	sizes    []int64
	seq      uint64
}

// take is a column made of results: that of one call, or what post makes of several.
type take struct {
	first, calls int
	post         *expr.Program
	schema       *arrow.Schema // of the results that post reads
	ev           *expr.Evaluator
}

func (o *output) addTake(t *expr.Take, first int) {
	made := take{first: first, calls: len(t.Calls), post: t.Post}
	if t.Post != nil {
		fields := make([]arrow.Field, len(t.Calls))
		for i, c := range t.Calls {
			fields[i] = arrow.Field{Name: strconv.Itoa(i), Type: c.Type, Nullable: true}
		}
		made.schema = arrow.NewSchema(fields, nil)
	}
	o.takes = append(o.takes, made)
}

func (o *output) open(rt op.Runtime) {
	o.rt, o.mem, o.maxRows, o.maxBytes = rt, rt.Allocator(), rt.BatchRows(), max(int64(rt.BatchBytes()), leastCut)
	for i := range o.takes {
		if t := &o.takes[i]; t.post != nil {
			t.ev = t.post.Evaluator(o.mem)
		}
	}
}

func (o *output) close() {
	for _, t := range o.takes {
		if t.ev != nil {
			t.ev.Close()
		}
	}
}

// emit sends the groups at slots, in batches of bounded size.
func (o *output) emit(t *state.Table, calls []call, slots []int32, out op.Emitter) error {
	for len(slots) > 0 {
		n := o.cut(t, calls, slots)
		if err := o.emitBatch(t, calls, slots[:n], out); err != nil {
			return err
		}
		slots = slots[n:]
	}
	return nil
}

// cut says how many of the slots make the next batch, one at least.
func (o *output) cut(t *state.Table, calls []call, slots []int32) int {
	slots = slots[:min(len(slots), o.maxRows)]
	o.sizes = append(o.sizes[:0], make([]int64, len(slots))...)
	for i := range o.keys {
		t.Key(i).AddSizes(o.sizes, slots)
	}
	for _, c := range calls {
		if s, ok := c.acc.(sizer); ok {
			s.addSizes(o.sizes, slots)
		}
	}
	return fitting(o.sizes, o.maxBytes)
}

func (o *output) emitBatch(t *state.Table, calls []call, slots []int32, out op.Emitter) error {
	columns := make([]arrow.Array, 0, o.schema.NumFields())
	results := make([]arrow.Array, len(calls))
	defer func() {
		releaseAll(columns)
		releaseAll(results)
	}()
	keys := 0
	if o.bounds != nil {
		keys = 1
		starts, ends := make([]uint64, len(slots)), make([]uint64, len(slots))
		o.bounds(slots, starts, ends)
		columns = append(columns, state.ArrayOf(o.mem, schema.Timestamp, starts, nil), state.ArrayOf(o.mem, schema.Timestamp, ends, nil))
	}
	for i := keys; i < o.keys; i++ {
		key, err := t.Key(i).Build(o.mem, slots)
		if err != nil {
			return err
		}
		columns = append(columns, key)
		if i == 0 && o.window > 0 {
			columns = append(columns, o.ends(t, slots))
		}
	}
	b := o.stamp(array.NewRecordBatch(empty, nil, int64(len(slots))))
	rows := survivorsOf(b)
	defer func() {
		rows.release()
		b.Release()
	}()
	for i := range calls {
		values, failed, err := calls[i].acc.result(o.mem, slots)
		if err != nil {
			return err
		}
		results[i] = values
		rows.drop(still(rows.left, failed))
	}
	for i := range o.takes {
		column, err := o.takes[i].column(results, &rows)
		if err != nil {
			return err
		}
		columns = append(columns, column)
	}
	made := b.WithRecord(recordOf(o.schema, columns, len(slots)), nil)
	if failed := rows.failures(); len(failed) > 0 {
		defer made.Release()
		if err := out.RejectOutput(made, failed); err != nil {
			return err
		}
		return out.Emit("", made.WithSelection(rows.left.Sel))
	}
	return out.Emit("", made)
}

// ends makes the column of where windows end.
func (o *output) ends(t *state.Table, slots []int32) arrow.Array {
	ends := make([]uint64, len(slots))
	for i, s := range slots {
		ends[i] = t.Key(0).Word(s) + uint64(o.window)
	}
	return state.ArrayOf(o.mem, schema.Timestamp, ends, nil)
}

var empty = arrow.NewSchema(nil, nil)

// stamp makes a batch of rows that arise now and belong to no partition.
func (o *output) stamp(rec arrow.RecordBatch) *batch.Batch {
	b := batch.New(rec)
	b.Part, b.Seq, b.Arrived = batch.Mixed, o.seq, o.rt.Now()
	o.seq++
	return b
}

// column computes the entry for the rows that are left.
func (t *take) column(results []arrow.Array, rows *survivors) (arrow.Array, error) {
	if t.post == nil {
		results[t.first].Retain()
		return results[t.first], nil
	}
	rec := recordOf(t.schema, results[t.first:t.first+t.calls], int(rows.in.Record.NumRows()))
	b := rows.left.WithRecord(rec, rows.left.Sel)
	defer b.Release()
	values, failed, err := t.ev.Eval(b)
	if err != nil {
		return nil, err
	}
	rows.drop(failed)
	return values, nil
}

// still keeps the failures of rows that are left.
func still(b *batch.Batch, failed []batch.Failure) []batch.Failure {
	if b.Sel == nil || len(failed) == 0 {
		return failed
	}
	kept, sel := failed[:0], b.Sel
	for _, f := range failed {
		for len(sel) > 0 && sel[0] < f.Row {
			sel = sel[1:]
		}
		if len(sel) > 0 && sel[0] == f.Row {
			kept = append(kept, f)
		}
	}
	return kept
}
