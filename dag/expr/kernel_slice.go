package expr

import (
	"math"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
)

// planSlice makes base[from:to].
func planSlice(t *Typed) builder {
	ones := []bool{false, true, true}[:len(t.Args)]
	switch t.Type.ID() {
	case arrow.STRING:
		return may(light(strictWith(ones, func(f *frame, args []column, out *column) { sliceTexts(f, args, out, true) })))
	case arrow.BINARY:
		return light(strictWith(ones, func(f *frame, args []column, out *column) { sliceTexts(f, args, out, false) }))
	case arrow.LIST:
		return strictWith(ones, func(f *frame, args []column, out *column) { sliceLists(f, args, out, t.Type) })
	}
	return nil
}

// sliceEnds gives the ends of a slice of a value of n elements.
func sliceEnds(args []column, i, n int) (from, to int) {
	a, b := args[1].ints[args[1].at(i)], int64(n)
	if len(args) == 3 {
		b = args[2].ints[args[2].at(i)]
	}
	return cutEnds(a, b, int64(n))
}

// cutEnds moves ends beyond a value of n elements to its ends; negative ones count from the end.
func cutEnds(from, to, n int64) (int, int) {
	if from < 0 {
		from = max(from+n, 0)
	}
	if to < 0 {
		to = max(to+n, 0)
	}
	to = min(to, n)
	return int(min(from, to)), int(to)
}

func sliceTexts(f *frame, args []column, out *column, characters bool) {
	a, s := args[0].text, &f.e.scratch
	start, end := s.places.get(f.n), s.places.get(f.n)
	for i := range start {
		b := a.at(i)
		from, to := sliceEnds(args, i, len(b))
		if characters && (cutsCharacter(str(b), from) || cutsCharacter(str(b), to)) {
			if out.nulls == nil || !out.nulls[i] {
				f.fail(i, reject(reasonCut, "%s[%d:%d]", quoteShort(string(b)), from, to))
			}
			from, to = 0, 0
		}
		start[i], end[i] = a.start[i]+int32(from), a.start[i]+int32(to)
	}
	out.text = text{data: a.data, start: start, end: end}
}

func sliceLists(f *frame, args []column, out *column, t arrow.DataType) {
	a, offsets, at := f.listsOf(args[0])
	if a == nil {
		*out = f.full(nullColumn(out.kind))
		return
	}
	s := &f.e.scratch
	ends := append(s.places.get(f.n + 1)[:0], 0)
	slot, elements := s.places.grow(0)
	for i := range f.n {
		if out.nulls == nil || !out.nulls[i] {
			first := offsets[at[i]]
			from, to := sliceEnds(args, i, int(offsets[at[i]+1]-first))
			for j := from; j < to; j++ {
				elements = append(elements, first+int32(j))
			}
		}
		if len(elements) > math.MaxInt32 {
			f.e.abort(errGatherLimit)
			elements = elements[:0]
		}
		ends = append(ends, int32(len(elements)))
	}
	s.places.keep(slot, elements)
	values, err := gatherArray(f.e.mem, a.ListValues(), elements)
	if err != nil {
		f.e.abort(err)
		*out = f.full(nullColumn(out.kind))
		return
	}
	out.array = f.e.listArray(t, ends, values)
	out.index = f.placesIn(*out)
}

// listArray makes lists of elements, whose reference it takes over; ends are where each list ends, after a first 0. The array
// lives until the batch is done.
func (e *Set) listArray(t arrow.DataType, ends []int32, elements arrow.Array) arrow.Array {
	typed := retyped(elements, t.(*arrow.ListType).Elem())
	elements.Release()
	offsets := e.copied(arrow.Int32Traits.CastToBytes(ends))
	data := array.NewData(t, len(ends)-1, []*memory.Buffer{nil, offsets}, []arrow.ArrayData{typed.Data()}, 0, 0)
	offsets.Release()
	typed.Release()
	defer data.Release()
	return e.own(array.MakeFromData(data))
}
