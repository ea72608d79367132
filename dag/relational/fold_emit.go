package relational

import (
	"slices"

	"github.com/apache/arrow-go/v18/arrow"

	"flowrun/dag/batch"
	"flowrun/dag/op"
)

// emit sends the rows that went through with what is kept behind them, and rejects the others.
func (f *fold) emit(in *batch.Batch, out op.Emitter) (int64, error) {
	n := int(in.Record.NumRows())
	made := make([]arrow.Array, len(f.made))
	defer func() { releaseAll(made) }()
	for k, c := range f.made {
		made[k] = c.Finish()
	}
	sel := f.keys.left
	if len(f.rejected) > 0 {
		slices.SortFunc(f.rejected, func(a, b batch.Failure) int { return int(a.Row) - int(b.Row) })
		if err := out.Reject(in, f.rejected); err != nil {
			return 0, err
		}
		sel = f.passed(f.rejected)
	}
	passed := n
	if sel != nil {
		passed = len(sel)
	}
	out.Pass(passed)
	if passed == 0 {
		return 0, nil
	}
	var bytes int64
	for k, values := range made {
		bytes += weight(values)
		made[k] = f.spread(values, sel, n)
		values.Release()
	}
	columns := make([]arrow.Array, len(f.o.Columns))
	for i, c := range f.o.Columns {
		if c.Source >= 0 {
			columns[i] = in.Record.Column(c.Source)
		} else {
			columns[i] = made[c.Kept]
		}
	}
	return bytes, out.Emit("", in.WithRecord(recordOf(f.schema, columns, n), sel))
}

// passed lists the rows that were left but the failed ones.
func (f *fold) passed(failed []batch.Failure) []int32 {
	sel := make([]int32, 0, f.keys.n)
	for i := range f.keys.n {
		row := f.keys.row(i)
		for len(failed) > 0 && failed[0].Row < row {
			failed = failed[1:]
		}
		if len(failed) > 0 && failed[0].Row == row {
			continue
		}
		sel = append(sel, row)
	}
	return sel
}

// spread puts values that stand in the order in which rows were taken to the rows of the record.
func (f *fold) spread(values arrow.Array, sel []int32, n int) arrow.Array {
	if sel == nil && slices.IsSorted(f.places) && values.Len() == n {
		values.Retain()
		return values
	}
	if sel != nil {
		next := 0
		for row := range f.places {
			if next < len(sel) && sel[next] == int32(row) {
				next++
			} else {
				f.places[row] = 0 // any: nobody reads it
			}
		}
	}
	return batch.TakeArray(values, f.places, f.mem)
}
