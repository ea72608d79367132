package expr

import (
	"unicode/utf8"

	"github.com/apache/arrow-go/v18/arrow"

	"flowrun/dag/schema"
)

// Maps and structs give their entries in the alphabetical order of their keys, so that a result does not change from run
// to run.
func mapFunctions() []*function {
	return []*function{
		{name: "keys", signature: "keys(map)", doc: "The keys, in alphabetical order.", least: 1, most: 1, special: func(c *checker, s *site) *Typed {
			if item := c.itemOf(s); item == unknownType {
				return s.unknown(c)
			}
			return s.call(c, textList, strictly1(func(v any) (any, error) { return textsOf(sortedKeys(v.(map[string]any))), nil }))
		}},
		{name: "values", signature: "values(map)", doc: "The values, in the alphabetical order of their keys.", least: 1, most: 1, special: func(c *checker, s *site) *Typed {
			item := c.itemOf(s)
			if item == unknownType || !c.oneType(s, item) {
				return s.unknown(c)
			}
			return s.call(c, listOf(item), strictly1(func(v any) (any, error) {
				m := v.(map[string]any)
				list := make([]any, 0, len(m))
				for _, k := range sortedKeys(m) {
					list = append(list, m[k])
				}
				return list, nil
			}))
		}},
		{name: "toPairs", signature: "toPairs(map)", doc: "The list of entries: the key is pair.key or pair[0], the value pair.value or pair[1].", least: 1, most: 1, special: toPairs},
		{name: "fromPairs", signature: "fromPairs(list)", doc: "The map of a list of {key: ..., value: ...} or of [key, value]; of equal keys the last one holds.", least: 1, most: 1, special: fromPairs},
	}
}

// itemOf types the argument of a function of maps: the common type of its values, arrow.Null where a struct's have none.
func (c *checker) itemOf(s *site) arrow.DataType {
	a := c.plain(s.args[0])
	s.args[0] = a
	switch t := a.Type.(type) {
	case *arrow.MapType:
		return t.ItemType()
	case *arrow.StructType:
		var item arrow.DataType = arrow.Null
		for _, f := range t.Fields() {
			common, ok := commonType(item, f.Type)
			if !ok {
				return nil
			}
			item = common
		}
		if item != arrow.Null {
			fields := make([]arrow.Field, t.NumFields())
			for i, f := range t.Fields() {
				fields[i] = arrow.Field{Name: f.Name, Type: item, Nullable: f.Nullable}
			}
			s.args[0] = c.convert(a, arrow.StructOf(fields...))
		}
		return item
	}
	switch {
	case isNullType(a.Type):
		s.args[0] = c.convert(a, schema.Map(arrow.Null))
		return arrow.Null
	case a.Type == dynamicType:
		s.args[0] = machineNode(schema.Map(dynamicType), []*Typed{a}, call(strictly1(dynamicMap), a.AST))
		s.args[0].From, s.args[0].To = a.From, a.To
		return dynamicType
	}
	c.badArgument(s, 0, "a map")
	return unknownType
}

func dynamicMap(v any) (any, error) {
	if m, ok := v.(map[string]any); ok {
		return m, nil
	}
	return nil, reject(reasonCast, "an object is wanted, not %s", describeDynamic(v))
}

// oneType reports a struct whose fields have no common type.
func (c *checker) oneType(s *site, item arrow.DataType) bool {
	if item == nil {
		c.error(codeCommon, c.src.of(s.node), "the fields of the struct have no common type, and a list has one", "take the fields by their names")
		return false
	}
	return true
}

func pairType(value arrow.DataType) arrow.DataType {
	return arrow.StructOf(arrow.Field{Name: "key", Type: schema.String}, arrow.Field{Name: "value", Type: value, Nullable: true})
}

func toPairs(c *checker, s *site) *Typed {
	item := c.itemOf(s)
	if item == unknownType || !c.oneType(s, item) {
		return s.unknown(c)
	}
	return s.call(c, listOf(pairType(item)), strictly1(func(v any) (any, error) {
		m := v.(map[string]any)
		list := make([]any, 0, len(m))
		for _, k := range sortedKeys(m) {
			list = append(list, map[string]any{"key": k, "value": m[k]})
		}
		return list, nil
	}))
}

func fromPairs(c *checker, s *site) *Typed {
	elem := c.loopOver(s)
	if elem == unknownType {
		return s.unknown(c)
	}
	var item arrow.DataType
	switch t := elem.(type) {
	case *arrow.StructType:
		if key, ok := t.FieldByName("key"); ok && schema.Equal(key.Type, schema.String) {
			if value, ok := t.FieldByName("value"); ok {
				item = value.Type
			}
		}
	case *arrow.ListType:
		if schema.Equal(t.Elem(), schema.String) {
			item = schema.String
		}
	case *arrow.NullType:
		item = arrow.Null
	}
	if item == nil {
		c.badArgument(s, 0, "a list of {key: string, value: ...}")
		return s.unknown(c)
	}
	return s.call(c, schema.Map(item), strictly1(mapOfPairs))
}

func mapOfPairs(v any) (any, error) {
	m := map[string]any{}
	for _, e := range v.([]any) {
		var key, value any
		switch pair := e.(type) {
		case map[string]any:
			key, value = pair["key"], pair["value"]
		case []any:
			if len(pair) != 2 {
				return nil, reject(reasonArgument, "a pair of %d elements", len(pair))
			}
			key, value = pair[0], pair[1]
		}
		if k, ok := key.(string); ok {
			m[k] = value
		}
	}
	return m, nil
}

// lengthOf is len(x).
func lengthOf(v any) (any, error) {
	switch v := v.(type) {
	case string:
		return int64(utf8.RuneCountInString(v)), nil
	case []byte:
		return int64(len(v)), nil
	case []any:
		return int64(len(v)), nil
	case map[string]any:
		return int64(len(v)), nil
	}
	return nil, reject(reasonCast, "len of %s", describeDynamic(v))
}
