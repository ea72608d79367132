package columnar

import (
	"sort"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
)

// nested converts lists, maps and structs part by part. A part that has no form is a fault of the whole.
func nested(from, to arrow.DataType) *conversion {
	switch to := to.(type) {
	case *arrow.StructType:
		if from, ok := from.(*arrow.StructType); ok {
			return structs(from, to)
		}
	case *arrow.MapType:
		if from, ok := from.(*arrow.MapType); ok {
			return lists(from.Elem(), to.Elem(), to)
		}
	case *arrow.ListType:
		if from, ok := from.(arrow.ListLikeType); ok {
			return lists(from.Elem(), to.Elem(), to)
		}
	}
	return nil
}

func structs(from, to *arrow.StructType) *conversion {
	if from.NumFields() != to.NumFields() {
		return nil
	}
	c := &conversion{}
	fields := make([]*conversion, to.NumFields())
	for i := range fields {
		if from.Field(i).Name != to.Field(i).Name && to.Field(i).Name != "key" && to.Field(i).Name != "value" {
			return nil
		}
		if fields[i] = convert(from.Field(i).Type, to.Field(i).Type, ""); fields[i] == nil {
			return nil
		}
		c.mayFail = c.mayFail || fields[i].mayFail
	}
	c.array = func(s *session, a arrow.Array) (arrow.Array, []fault) {
		st := a.(*array.Struct)
		children := make([]arrow.ArrayData, len(fields))
		var faults []fault
		for i, f := range fields {
			child, wrong := f.array(s, st.Field(i))
			defer child.Release()
			children[i] = child.Data()
			for _, w := range wrong {
				w.detail = to.Field(i).Name + ": " + w.detail
				if a.IsValid(w.at) {
					faults = merge(faults, []fault{w})
				}
			}
		}
		return made(s, a, to, faults, children), faults
	}
	return c
}

// lists converts lists of every form, and maps, which are lists of keys with values.
func lists(from, to, whole arrow.DataType) *conversion {
	elem := convert(from, to, "")
	if elem == nil {
		return nil
	}
	return &conversion{mayFail: elem.mayFail, array: func(s *session, a arrow.Array) (arrow.Array, []fault) {
		values, offsets := spread(s, a)
		child, wrong := elem.array(s, values)
		defer child.Release()
		var faults []fault
		ends := arrow.Int32Traits.CastFromBytes(offsets.Bytes())[:a.Len()+1]
		for _, w := range wrong {
			at := sort.Search(a.Len(), func(i int) bool { return int(ends[i+1]) > w.at })
			if at == a.Len() || w.at < int(ends[0]) || a.IsNull(at) || len(faults) > 0 && faults[len(faults)-1].at == at {
				continue
			}
			faults = append(faults, fault{at, w.reason, w.detail})
		}
		return made(s, a, whole, faults, []arrow.ArrayData{child.Data()}, offsets), faults
	}}
}

// spread gives the elements of a list array and where each entry's begin, as a new buffer.
func spread(s *session, a arrow.Array) (arrow.Array, *memory.Buffer) {
	offsets := buffer(s, 4*(a.Len()+1))
	out := arrow.Int32Traits.CastFromBytes(offsets.Bytes())
	clear(out)
	values := a.(array.ListLike).ListValues()
	if a.Len() == 0 {
		return values, offsets
	}
	for i := range a.Len() {
		from, to := a.(array.ListLike).ValueOffsets(i)
		out[i], out[i+1] = int32(from), int32(to)
	}
	return values, offsets
}
