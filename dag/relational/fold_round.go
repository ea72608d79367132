package relational

import (
	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"flowrun/dag/batch"
)

// round takes rows of different keys, by their places among those that are left.
func (f *fold) round(in *batch.Batch, places []int32) error {
	n := len(places)
	f.at, f.of = resized(f.at, n), resized(f.of, n)
	for j, i := range places {
		f.at[j], f.of[j] = f.keys.row(int(i)), f.slots[i]
		if f.expired(f.of[j], f.at[j]) {
			f.forget(f.of[j])
		}
	}
	b, err := f.rowsOf(in)
	if err != nil {
		return err
	}
	defer b.Release()
	made := make([]arrow.Array, 0, len(f.next))
	defer func() { releaseAll(made) }()
	f.set.Begin(b)
	defer f.set.End()
	for i := range f.next {
		values, err := f.set.Eval(i, nil)
		if err != nil {
			return err
		}
		made = append(made, values)
	}
	failed := f.set.Failures()
	for k, values := range made {
		f.vector.Load(values, nil)
		left := failed
		for j, slot := range f.of {
			if len(left) > 0 && left[0].Row == int32(j) {
				left = left[1:]
				continue
			}
			f.kept[k].Set(slot, &f.vector, j)
		}
		f.made[k].AppendRange(values, 0, n)
	}
	left := failed
	for j, slot := range f.of {
		row := f.at[j]
		if len(left) > 0 && left[0].Row == int32(j) {
			left[0].Row = row
			left = left[1:]
			continue
		}
		f.places[row] = f.count + int32(j)
		f.went(slot, row)
	}
	f.count += int32(n)
	f.rejected = append(f.rejected, failed...)
	return nil
}

// rowsOf makes the batch that a round is computed on: its rows, and what is kept of their keys.
func (f *fold) rowsOf(in *batch.Batch) (*batch.Batch, error) {
	n := len(f.at)
	columns := make([]arrow.Array, 0, f.o.Row.NumFields())
	defer func() { releaseAll(columns) }()
	for i := range f.o.Row.NumFields() - 1 {
		switch {
		case !f.read[i]:
			columns = append(columns, f.blanks[i].Array(n))
		case n == int(in.Record.NumRows()): // which is all of it, in order
			c := in.Record.Column(i)
			c.Retain()
			columns = append(columns, c)
		default:
			columns = append(columns, batch.TakeArray(in.Record.Column(i), f.at, f.mem))
		}
	}
	kept := make([]arrow.ArrayData, len(f.kept))
	for k, v := range f.kept {
		values, err := v.Build(f.mem, f.of)
		if err != nil {
			return nil, err
		}
		defer values.Release()
		kept[k] = values.Data()
	}
	data := array.NewData(f.o.Row.Field(len(columns)).Type, n, make([]*memory.Buffer, 1), kept, 0, 0)
	columns = append(columns, array.MakeFromData(data))
	data.Release()
	return in.WithRecord(recordOf(f.o.Row, columns, n), nil), nil
}
