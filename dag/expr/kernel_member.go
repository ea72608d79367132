package expr

import (
	"slices"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
)

// lists is what lists and maps have in common.
type lists interface {
	arrow.Array
	Offsets() []int32
	ListValues() arrow.Array
}

// listsOf gives the lists or maps of a column, where each begins and ends among the elements, and the place of each entry.
func (f *frame) listsOf(c column) (a lists, offsets, at []int32) {
	if c.array == nil || c.array.Len() == 0 {
		return nil, nil, nil
	}
	a = c.array.(lists)
	return a, a.Offsets()[a.Data().Offset():], f.placesIn(c)
}

// placesIn gives the place of each entry of a column in its array.
func (f *frame) placesIn(c column) []int32 {
	if c.index != nil {
		return c.index
	}
	at := f.e.scratch.places.get(f.n)
	for i := range at {
		at[i] = int32(i)
	}
	return at
}

// elements makes the column of elements of an array at the given places, null where nulls says so, too.
func (f *frame) elements(a arrow.Array, at []int32, nulls []bool, k kind) column {
	if a == nil || a.Len() == 0 { // there is nothing but nulls
		return f.full(nullColumn(k))
	}
	c := f.full(f.e.gather(f.e.read(a), at))
	c.nulls = f.joinNulls(nulls, c)
	return c
}

// planField makes struct.field.
func planField(t *Typed, args []*compiled) *compiled {
	field := t.Index
	return light(strictOf(func(f *frame, args []column, out *column) {
		s, ok := args[0].array.(*array.Struct)
		if !ok {
			*out = f.full(nullColumn(out.kind))
			return
		}
		if args[0].index == nil && s.Len() == f.n && out.kind != kindArray {
			nulls := out.nulls
			*out = f.e.read(s.Field(field))
			out.nulls = f.joinNulls(nulls, *out)
			return
		}
		*out = f.elements(s.Field(field), f.placesIn(args[0]), out.nulls, out.kind)
	}))(t, args)
}

// planElement makes base[key].
func planElement(t *Typed) builder {
	switch t.Args[0].Type.ID() {
	case arrow.LIST:
		return may(light(strictWith(secondOne, func(f *frame, args []column, out *column) { f.elementsOfLists(args, out, place) })))
	case arrow.MAP:
		return light(strictWith(secondOne, entriesOfMaps))
	case arrow.BINARY:
		return may(light(strictWith(secondOne, bytesAt)))
	}
	return nil
}

// planGet makes get(base, key), which is null where there is no such element.
func planGet(t *Typed) builder {
	switch base := t.Args[0].Type.(type) {
	case *arrow.ListType:
		return light(strictWith(secondOne, func(f *frame, args []column, out *column) { f.elementsOfLists(args, out, placeOrNone) }))
	case *arrow.MapType:
		return light(strictWith(secondOne, entriesOfMaps))
	case *arrow.StructType:
		name, ok := t.Args[1].Value.(string)
		if field, found := base.FieldIdx(name); ok && found {
			return func(t *Typed, args []*compiled) *compiled {
				of := *t
				of.Index = field
				return planField(&of, args[:1])
			}
		}
	}
	return nil
}

// planEnd makes first and last, which are get at 0 and at -1.
func planEnd(at int64) func(t *Typed) builder {
	return func(t *Typed) builder {
		if !t.is(arrow.LIST) {
			return nil
		}
		return light(strictOf(func(f *frame, args []column, out *column) {
			key := column{kind: kindInt, one: true, ints: []int64{at}}
			f.elementsOfLists([]column{args[0], key}, out, placeOrNone)
		}))
	}
}

// none is the place of an element that is not there.
const none = -1

func placeOrNone(i int64, n int) (int, error) {
	if i < 0 {
		i += int64(n)
	}
	if i < 0 || i >= int64(n) {
		return none, nil
	}
	return int(i), nil
}

func (f *frame) elementsOfLists(args []column, out *column, place func(i int64, n int) (int, error)) {
	key := args[1]
	a, offsets, at := f.listsOf(args[0])
	if a == nil {
		*out = f.full(nullColumn(out.kind))
		return
	}
	index, nulls := f.e.scratch.places.zeroed(f.n), out.nulls
	for i := range index {
		if out.nulls != nil && out.nulls[i] {
			continue
		}
		from, to := offsets[at[i]], offsets[at[i]+1]
		j, err := place(key.ints[key.at(i)], int(to-from))
		switch {
		case err != nil:
			f.fail(i, err)
		case j == none:
			nulls = f.also(out.nulls, nulls, i)
		default:
			index[i] = from + int32(j)
		}
	}
	*out = f.elements(a.ListValues(), index, nulls, out.kind)
}

// also adds entry i to nulls, which are copied from those that were there before the first one is added.
func (f *frame) also(before, nulls []bool, i int) []bool {
	if nulls == nil || before != nil && &nulls[0] == &before[0] {
		nulls = f.e.scratch.bools.zeroed(f.n)
		copy(nulls, before)
	}
	nulls[i] = true
	return nulls
}

// entriesOfMaps is map[key]. Of equal keys the last one holds.
func entriesOfMaps(f *frame, args []column, out *column) {
	key := args[1]
	a, offsets, at := f.listsOf(args[0])
	if a == nil {
		*out = f.full(nullColumn(out.kind))
		return
	}
	m := a.(*array.Map)
	keys := f.e.read(m.Keys()).text
	index, nulls := f.e.scratch.places.zeroed(f.n), out.nulls
	for i := range index {
		if out.nulls != nil && out.nulls[i] {
			continue
		}
		from, j := offsets[at[i]], offsets[at[i]+1]-1
		want := str(key.text.at(key.at(i)))
		for j >= from && str(keys.at(int(j))) != want {
			j--
		}
		if j < from {
			nulls = f.also(out.nulls, nulls, i)
			continue
		}
		index[i] = j
	}
	*out = f.elements(m.Items(), index, nulls, out.kind)
}

// bytesAt is bytes[i].
func bytesAt(f *frame, args []column, out *column) {
	b, key, n := args[0].text, args[1], f.intsOut(out)
	for i := range n {
		n[i] = 0
		if out.nulls != nil && out.nulls[i] {
			continue
		}
		at, err := place(key.ints[key.at(i)], len(b.at(i)))
		if err != nil {
			f.fail(i, err)
			continue
		}
		n[i] = int64(b.at(i)[at])
	}
}

// planInside makes `x in list`, `key in map` and `name in struct`, of columns.
func planInside(t *Typed) builder {
	switch of := t.Args[1].Type.(type) {
	case *arrow.ListType:
		k := kindOf(t.Args[0].Type)
		if k != kindOf(of.Elem()) || k == kindArray || k == kindNull {
			return nil
		}
		return strictOf(inLists)
	case *arrow.MapType:
		return strictOf(inMaps)
	case *arrow.StructType:
		var names []string
		for _, f := range of.Fields() {
			names = append(names, f.Name)
		}
		return light(strictOf(func(f *frame, args []column, out *column) {
			a, in := args[0].text, f.boolsOut(out)
			for i := range in {
				in[i] = slices.Contains(names, str(a.at(i)))
			}
		}))
	}
	return nil
}

func inMaps(f *frame, args []column, out *column) {
	a, offsets, at := f.listsOf(args[1])
	in := f.boolsOut(out)
	clear(in)
	if a == nil {
		return
	}
	keys := f.e.read(a.(*array.Map).Keys())
	f.search(in, out.nulls, offsets, at, func(i, j int) bool { return str(args[0].text.at(i)) == str(keys.text.at(j)) })
}

func inLists(f *frame, args []column, out *column) {
	x := args[0]
	a, offsets, at := f.listsOf(args[1])
	in := f.boolsOut(out)
	clear(in)
	if a == nil {
		return
	}
	e := f.e.read(a.ListValues())
	var same func(i, j int) bool
	switch x.kind {
	case kindBool:
		same = func(i, j int) bool { return x.bools[i] == e.bools[j] }
	case kindInt:
		same = func(i, j int) bool { return x.ints[i] == e.ints[j] }
	case kindFloat:
		same = func(i, j int) bool { return x.floats[i] == e.floats[j] }
	default:
		same = func(i, j int) bool { return str(x.text.at(i)) == str(e.text.at(j)) }
	}
	f.search(in, out.nulls, offsets, at, func(i, j int) bool { return !e.isNull(j) && same(i, j) })
}

// search asks of each entry whether it is the same as an element of its list.
func (f *frame) search(in, nulls []bool, offsets, at []int32, same func(i, j int) bool) {
	for i := range in {
		if nulls != nil && nulls[i] {
			continue
		}
		for j := offsets[at[i]]; j < offsets[at[i]+1]; j++ {
			if same(i, int(j)) {
				in[i] = true
				break
			}
		}
	}
}
