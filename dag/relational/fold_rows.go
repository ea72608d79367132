package relational

import (
	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"flowrun/dag/batch"
	"flowrun/dag/expr"
)

// oneByOne takes rows, by their places among those that are left, on the row machine: what is kept of their keys is read once,
// handed from row to row, and kept again behind the last one.
func (f *fold) oneByOne(in *batch.Batch, places []int32) error {
	hot, of, release, err := f.load(places)
	if err != nil {
		return err
	}
	defer release()
	builders := make([]array.Builder, len(f.kept))
	for k, v := range f.kept {
		builders[k] = array.NewBuilder(f.mem, v.Type)
		defer builders[k].Release()
	}
	taken := int32(0)
	values := make([]any, len(f.next))
rows:
	for j, i := range places {
		row, slot := f.keys.row(int(i)), f.slots[i]
		key := &hot[of[j]]
		if f.expired(slot, row) {
			f.forget(slot)
			key.last = -1
			for name, v := range f.begin {
				key.kept[name] = v
			}
		}
		f.given.Give(0, key.kept)
		for k := range f.next {
			v, failure := f.given.Run(k, in, int(row))
			if failure != nil {
				f.rejected = append(f.rejected, *failure)
				continue rows
			}
			values[k] = v
		}
		for k, v := range values {
			key.kept[f.names[k]] = v
			if err := expr.AppendValue(builders[k], v); err != nil {
				return err
			}
		}
		f.places[row], key.last = f.count+taken, taken
		taken++
		f.went(slot, row)
	}
	for k, bld := range builders {
		arr := bld.NewArray()
		f.vector.Load(arr, nil)
		for _, key := range hot {
			if key.last >= 0 {
				f.kept[k].Set(key.slot, &f.vector, int(key.last))
			}
		}
		f.made[k].AppendRange(arr, 0, int(taken))
		arr.Release()
	}
	f.count += taken
	return nil
}

// hotKey is a key whose rows are taken one by one.
type hotKey struct {
	slot int32
	kept expr.Struct
	last int32 // which of the rows that went through was its last one; -1: none
}

// load reads what is kept of the keys of rows; of has the key of each row. What was read is valid until release.
func (f *fold) load(places []int32) (hot []hotKey, of []int32, release func(), err error) {
	var slots []int32
	known := map[int32]int32{}
	of = make([]int32, len(places))
	for j, i := range places {
		s := f.slots[i]
		at, ok := known[s]
		if !ok {
			at = int32(len(slots))
			known[s], slots = at, append(slots, s)
		}
		of[j] = at
	}
	kept := make([]arrow.Array, 0, len(f.kept))
	release = func() { releaseAll(kept) }
	for _, v := range f.kept {
		values, err := v.Build(f.mem, slots)
		if err != nil {
			release()
			return nil, nil, nil, err
		}
		kept = append(kept, values)
	}
	for i, s := range slots {
		values, err := expr.ReadStruct(f.names, kept, i)
		if err != nil {
			release()
			return nil, nil, nil, err
		}
		hot = append(hot, hotKey{slot: s, kept: values, last: -1})
	}
	return hot, of, release, nil
}
