package expr

import (
	"slices"

	"github.com/apache/arrow-go/v18/arrow"

	"flowrun/dag/schema"
)

// A function that looks at elements skips those that are null; one that counts or moves places (len, first, last, get,
// take, reverse, concat) keeps them.
func listFunctions() []*function {
	return []*function{
		{name: "len", signature: "len(x)", doc: "The characters of a text, the bytes of bytes, the elements of a list, the entries of a map.", special: lenCall, least: 1, most: 1},
		{name: "first", signature: "first(list)", doc: "The first element; null of an empty list.", special: elementCall(func(list []any) any {
			if len(list) == 0 {
				return nil
			}
			return list[0]
		}), least: 1, most: 1},
		{name: "last", signature: "last(list)", doc: "The last element; null of an empty list.", special: elementCall(func(list []any) any {
			if len(list) == 0 {
				return nil
			}
			return list[len(list)-1]
		}), least: 1, most: 1},
		{name: "get", signature: "get(x, key)", doc: "The element of a list or the entry of a map; null where there is none.", special: getCall, least: 2, most: 2},
		{name: "take", signature: "take(list, n)", doc: "The first n elements. A negative n rejects the row.", special: takeCall, least: 2, most: 2},
		{name: "reverse", signature: "reverse(list)", doc: "The elements from the last to the first.", least: 1, most: 1, special: listCall(func(list []any) []any {
			out := slices.Clone(list)
			slices.Reverse(out)
			return out
		})},
		{name: "uniq", signature: "uniq(list)", doc: "The elements without repetitions, each where it came first.", least: 1, most: 1, special: listCall(uniq)},
		{name: "concat", signature: "concat(list, list, ...)", doc: "The elements of all lists, one list after the other.", special: concatCall, least: 1, most: -1},
		{name: "flatten", signature: "flatten(list)", doc: "The elements of the lists in a list, however deep.", special: flattenCall, least: 1, most: 1},
		{name: "sort", signature: `sort(list[, "desc"])`, doc: "The elements in ascending or descending order.", special: sortCall, least: 1, most: 2},
	}
}

// listCall types a function of a list that gives a list of the same type.
func listCall(do func([]any) []any) func(c *checker, s *site) *Typed {
	return func(c *checker, s *site) *Typed {
		elem := c.loopOver(s)
		if elem == unknownType {
			return s.unknown(c)
		}
		return s.call(c, listOf(elem), strictly1(func(v any) (any, error) { return do(v.([]any)), nil }))
	}
}

// elementCall types a function that takes one element out of a list.
func elementCall(do func([]any) any) func(c *checker, s *site) *Typed {
	return func(c *checker, s *site) *Typed {
		elem := c.loopOver(s)
		if elem == unknownType {
			return s.unknown(c)
		}
		t := s.call(c, elem, strictly1(func(v any) (any, error) { return do(v.([]any)), nil }))
		t.Nullable = true
		return t
	}
}

func lenCall(c *checker, s *site) *Typed {
	a := c.plain(s.args[0])
	s.args[0] = a
	switch a.Type.ID() {
	case arrow.STRING, arrow.BINARY, arrow.LIST, arrow.MAP, arrow.STRUCT, arrow.NULL:
	default:
		if a.Type != dynamicType {
			c.badArgument(s, 0, "a text, bytes, list or map")
			return s.unknown(c)
		}
	}
	return s.call(c, schema.Int, strictly1(lengthOf))
}

func getCall(c *checker, s *site) *Typed {
	base, key := c.plain(s.args[0]), s.args[1]
	s.args[0] = base
	switch t := base.Type.(type) {
	case *arrow.ListType:
		if !c.is(key, schema.Int) && !isNullType(key.Type) {
			c.badArgument(s, 1, "an int")
			return s.unknown(c)
		}
		return c.getNode(s, t.Elem())
	case *arrow.MapType:
		if !c.is(key, schema.String) && !isNullType(key.Type) {
			c.badArgument(s, 1, "a string")
			return s.unknown(c)
		}
		return c.getNode(s, t.ItemType())
	case *arrow.StructType:
		name, ok := key.Value.(string)
		if !ok || key.Form != FormLiteral {
			c.badArgument(s, 1, "a literal text, so that the type of the field is known")
			return s.unknown(c)
		}
		f, ok := t.FieldByName(name)
		if !ok {
			return literal(nil, arrow.Null)
		}
		return c.getNode(s, f.Type)
	}
	if base.Type == dynamicType && (c.is(key, schema.Int) || c.is(key, schema.String)) {
		return c.getNode(s, dynamicType)
	}
	if !isNullType(base.Type) {
		c.badArgument(s, 0, "a list or map")
		return s.unknown(c)
	}
	return literal(nil, arrow.Null)
}

// getNode makes the call, which is null where the member does not exist.
func (c *checker) getNode(s *site, t arrow.DataType) *Typed {
	r := s.call(c, t, strictly2(func(v, key any) (any, error) {
		switch v := v.(type) {
		case []any:
			i, ok := key.(int64)
			if at, err := place(i, len(v)); ok && err == nil {
				return v[at], nil
			}
		case map[string]any:
			if k, ok := key.(string); ok {
				return v[k], nil
			}
		}
		return nil, nil
	}))
	r.Nullable = true
	return r
}

func takeCall(c *checker, s *site) *Typed {
	elem := c.loopOver(s)
	if !c.is(s.args[1], schema.Int) && !isNullType(s.args[1].Type) {
		c.badArgument(s, 1, "an int")
		return s.unknown(c)
	}
	if elem == unknownType {
		return s.unknown(c)
	}
	return s.call(c, listOf(elem), strictly2(func(v, n any) (any, error) {
		list, n64 := v.([]any), n.(int64)
		if n64 < 0 {
			return nil, reject(reasonArgument, "take %d elements", n64)
		}
		return list[:min(n64, int64(len(list)))], nil
	}))
}

func concatCall(c *checker, s *site) *Typed {
	var elem arrow.DataType = arrow.Null
	for i := range s.args {
		one := &site{fn: s.fn, node: s.node, args: []*Typed{s.args[i]}}
		t := c.loopOver(one)
		if t == unknownType {
			return s.unknown(c)
		}
		s.args[i] = one.args[0]
		common, ok := commonType(elem, t)
		if !ok {
			c.badArgument(s, i, article(typeWord(listOf(elem)))+", as the lists before it")
			return s.unknown(c)
		}
		elem = common
	}
	for i, a := range s.args {
		s.args[i] = c.convert(a, listOf(elem))
	}
	return s.call(c, listOf(elem), strictly(func(args []any) (any, error) {
		out := []any{}
		for _, a := range args {
			if len(out)+len(a.([]any)) > maxElements {
				return nil, reject(reasonTooLarge, "concat makes more than %d elements", maxElements)
			}
			out = append(out, a.([]any)...)
		}
		return out, nil
	}))
}

func flattenCall(c *checker, s *site) *Typed {
	elem := c.loopOver(s)
	if elem == unknownType {
		return s.unknown(c)
	}
	for isList(elem) {
		elem = elemOf(elem)
	}
	return s.call(c, listOf(elem), strictly1(func(v any) (any, error) { return flatten([]any{}, v.([]any)), nil }))
}

func flatten(out, list []any) []any {
	for _, e := range list {
		switch e := e.(type) {
		case nil:
		case []any:
			out = flatten(out, e)
		default:
			out = append(out, e)
		}
	}
	return out
}

func sortCall(c *checker, s *site) *Typed {
	elem := c.loopOver(s)
	if len(s.args) == 2 && !c.orderOK(s.args[1]) || elem == unknownType {
		return s.unknown(c)
	}
	if !isOrdered(elem) && !isNullType(elem) {
		c.badArgument(s, 0, "a list of numbers, texts or times")
		return s.unknown(c)
	}
	return s.call(c, listOf(elem), strictly(func(args []any) (any, error) {
		order := any("asc")
		if len(args) == 2 {
			order = args[1]
		}
		var list []any
		for _, e := range args[0].([]any) {
			if e != nil {
				list = append(list, e)
			}
		}
		return sortValues(list, order.(string), func(i int) any { return list[i] })
	}))
}

// sortPairs sorts pairs of an element and its key.
func sortPairs(pairs, order any) (any, error) {
	list := pairs.([]any)
	elems := make([]any, len(list))
	for i, p := range list {
		elems[i] = p.([]any)[0]
	}
	return sortValues(elems, order.(string), func(i int) any { return list[i].([]any)[1] })
}

// sortValues gives a list in the order of keys; equal ones keep their order, null comes before everything.
func sortValues(list []any, order string, key func(i int) any) (any, error) {
	if order != "asc" && order != "desc" {
		return nil, reject(reasonArgument, "the order %s is not asc or desc", quoteShort(order))
	}
	at := make([]int, len(list))
	for i := range at {
		at[i] = i
	}
	slices.SortStableFunc(at, func(i, j int) int {
		c := compareKeys(key(i), key(j))
		if order == "desc" {
			return -c
		}
		return c
	})
	out := make([]any, len(list))
	for i, from := range at {
		out[i] = list[from]
	}
	return out, nil
}

func compareKeys(a, b any) int {
	switch {
	case a == nil && b == nil:
		return 0
	case a == nil:
		return -1
	case b == nil:
		return 1
	}
	c, _ := compareValues(a, b)
	return c
}

// uniq drops repetitions and nulls.
func uniq(list []any) []any {
	out, seen := []any{}, map[int64][]any{}
	for _, e := range list {
		if e == nil {
			continue
		}
		h := hashValue(e)
		if !slices.ContainsFunc(seen[h], func(x any) bool { return equalValues(x, e) }) {
			seen[h] = append(seen[h], e)
			out = append(out, e)
		}
	}
	return out
}
