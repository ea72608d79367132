package expr

import (
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/expr-lang/expr/ast"

	"flowrun/dag/schema"
)

// typeWord is a type in messages.
func typeWord(t arrow.DataType) string {
	if isNullType(t) {
		return "nil"
	}
	return schema.Name(t)
}

func isNullType(t arrow.DataType) bool { return t.ID() == arrow.NULL }
func isNumber(t arrow.DataType) bool   { return t.ID() == arrow.INT64 || t.ID() == arrow.FLOAT64 }
func isTime(t arrow.DataType) bool     { return t.ID() == arrow.TIMESTAMP || t.ID() == arrow.DATE32 }
func isList(t arrow.DataType) bool     { return t.ID() == arrow.LIST }

// isOrdered reports whether < is defined on a type.
func isOrdered(t arrow.DataType) bool {
	switch t.ID() {
	case arrow.INT64, arrow.FLOAT64, arrow.STRING, arrow.BINARY, arrow.TIMESTAMP, arrow.DATE32, arrow.DURATION:
		return true
	}
	return false
}

func elemOf(t arrow.DataType) arrow.DataType { return t.(*arrow.ListType).Elem() }

func listOf(t arrow.DataType) arrow.DataType { return schema.List(t) }

// columnar reports whether a column can have the type: nothing in it is known only at run time.
func columnar(t arrow.DataType) bool {
	switch t := t.(type) {
	case *inner:
		return false
	case *arrow.ListType:
		return columnar(t.Elem()) && !isNullType(t.Elem())
	case *arrow.MapType:
		return columnar(t.ItemType()) && !isNullType(t.ItemType())
	case *arrow.StructType:
		for _, f := range t.Fields() {
			if !columnar(f.Type) || isNullType(f.Type) {
				return false
			}
		}
	}
	return true
}

// weigh counts the parts of a type, up to a limit.
func weigh(t arrow.DataType) int {
	n := 1
	switch t := t.(type) {
	case *arrow.ListType:
		n += weigh(t.Elem())
	case *arrow.MapType:
		n += weigh(t.ItemType())
	case *arrow.StructType:
		for _, f := range t.Fields() {
			n += weigh(f.Type)
		}
	}
	return n
}

// maxTypeParts bounds a type that an expression makes, since variables can double it with every line.
const maxTypeParts = 2000

// is reports whether a node has a type, or one about which enough was said.
func (c *checker) is(t *Typed, want arrow.DataType) bool {
	return t.Type == unknownType || schema.Equal(t.Type, want)
}

// commonType is the type that values of two types can both have without loss of meaning: nil takes any, an int beside a
// float is a float, a date beside a timestamp its midnight; lists, maps and structs by their parts.
func commonType(a, b arrow.DataType) (arrow.DataType, bool) {
	switch {
	case a == unknownType || b == unknownType:
		return unknownType, true
	case isNullType(a):
		return b, true
	case isNullType(b), schema.Equal(a, b):
		return a, true
	case isNumber(a) && isNumber(b):
		return schema.Float, true
	case isTime(a) && isTime(b):
		return schema.Timestamp, true
	case a.ID() != b.ID():
		return nil, false
	}
	switch a := a.(type) {
	case *arrow.ListType:
		elem, ok := commonType(a.Elem(), elemOf(b))
		if !ok {
			return nil, false
		}
		return listOf(elem), true
	case *arrow.MapType:
		item, ok := commonType(a.ItemType(), b.(*arrow.MapType).ItemType())
		if !ok {
			return nil, false
		}
		return schema.Map(item), true
	case *arrow.StructType:
		return commonStruct(a, b.(*arrow.StructType))
	}
	return nil, false
}

// commonStruct joins structs with the same fields, in the order of the first.
func commonStruct(a, b *arrow.StructType) (arrow.DataType, bool) {
	if a.NumFields() != b.NumFields() {
		return nil, false
	}
	fields := make([]arrow.Field, a.NumFields())
	for i, f := range a.Fields() {
		g, ok := b.FieldByName(f.Name)
		if !ok {
			return nil, false
		}
		t, ok := commonType(f.Type, g.Type)
		if !ok {
			return nil, false
		}
		fields[i] = arrow.Field{Name: f.Name, Type: t, Nullable: f.Nullable || g.Nullable}
	}
	return arrow.StructOf(fields...), true
}

// convertible reports whether convert can make from into to.
func convertible(from, to arrow.DataType) bool {
	t, ok := commonType(from, to)
	return ok && (t == unknownType || schema.Equal(t, to))
}

// convert makes a node of a type that commonType gave.
func (c *checker) convert(a *Typed, to arrow.DataType) *Typed {
	t := *a
	switch {
	case a.Type == unknownType || to == unknownType:
		return a
	case isNullType(a.Type):
		t.Type = to
		return &t
	case schema.Equal(a.Type, to):
		if t.Form != FormColumn { // keep the column's own type; elsewhere take what is known of null inside
			t.Type = to
		}
		return &t
	case to.ID() == arrow.FLOAT64:
		if i, ok := a.Value.(int64); ok && a.Form == FormLiteral {
			l := literal(float64(i), to)
			l.From, l.To = a.From, a.To
			return l
		}
		tree := call(strictly1(func(v any) (any, error) { return float64(v.(int64)), nil }), a.AST)
		return &Typed{Form: FormConvert, Name: "float", Args: []*Typed{a}, Type: to, Nullable: a.Nullable, From: a.From, To: a.To, AST: tree}
	case a.Type.ID() == arrow.DATE32:
		return &Typed{Form: FormCall, Name: "timestamp", Args: []*Typed{a}, Type: to, Nullable: a.Nullable, From: a.From, To: a.To, AST: a.AST}
	}
	m := machineNode(to, []*Typed{a}, deepConvert(a.AST, a.Type, to)).because(whyConvert)
	m.From, m.To = a.From, a.To
	return m
}

// deepConvert converts what a list, map or struct holds.
func deepConvert(tree ast.Node, from, to arrow.DataType) ast.Node {
	change := converter(from, to)
	if change == nil {
		return tree
	}
	return call(strictly1(func(v any) (any, error) { return change(v), nil }), tree)
}

// converter gives the function that converts a value that is not null; nil: there is nothing to do.
func converter(from, to arrow.DataType) func(any) any {
	if to.ID() == arrow.FLOAT64 && from.ID() == arrow.INT64 {
		return func(v any) any { return float64(v.(int64)) }
	}
	switch to := to.(type) {
	case *arrow.ListType:
		change := converter(elemOf(from), to.Elem())
		if change == nil {
			return nil
		}
		return func(v any) any {
			list := v.([]any)
			out := make([]any, len(list))
			for i, e := range list {
				if e != nil {
					out[i] = change(e)
				}
			}
			return out
		}
	case *arrow.MapType:
		change := converter(from.(*arrow.MapType).ItemType(), to.ItemType())
		if change == nil {
			return nil
		}
		return func(v any) any { return mapValues(v.(map[string]any), func(string) func(any) any { return change }) }
	case *arrow.StructType:
		changes := map[string]func(any) any{}
		for _, f := range to.Fields() {
			g, _ := from.(*arrow.StructType).FieldByName(f.Name)
			if change := converter(g.Type, f.Type); change != nil {
				changes[f.Name] = change
			}
		}
		if len(changes) == 0 {
			return nil
		}
		return func(v any) any {
			return mapValues(v.(map[string]any), func(k string) func(any) any { return changes[k] })
		}
	}
	return nil
}

func mapValues(m map[string]any, change func(key string) func(any) any) map[string]any {
	out := make(map[string]any, len(m))
	for k, v := range m {
		if do := change(k); do != nil && v != nil {
			v = do(v)
		}
		out[k] = v
	}
	return out
}

// plain makes a timestamp in a zone one in UTC, as it is anywhere but before the dot of a method.
func (c *checker) plain(a *Typed) *Typed {
	if a.Type != zonedType {
		return a
	}
	m := assemble(FormCall, ".UTC", schema.Timestamp, []*Typed{a}, call(strictly1(func(v any) (any, error) { return time.UnixMicro(v.(time.Time).UnixMicro()).UTC(), nil }), a.AST))
	m.From, m.To, m.Nullable = a.From, a.To, a.Nullable
	return m
}

func article(word string) string {
	switch word[0] {
	case 'a', 'e', 'i', 'o', 'u':
		return "an " + word
	case 'n', '{':
		return word
	}
	return "a " + word
}

// commonHint says how to bring two types together.
func commonHint(a, b arrow.DataType) string {
	text := func(t arrow.DataType) bool { return t.ID() == arrow.STRING }
	switch {
	case a == dynamicType || b == dynamicType:
		return "cast the value out of fromJSON: int(x), float(x), string(x), bool(x)"
	case text(a) && isTime(b), text(b) && isTime(a):
		return `make the text a timestamp: date("2026-01-31T12:00:00Z")`
	case text(a) && b.ID() == arrow.DURATION, text(b) && a.ID() == arrow.DURATION:
		return `make the text a duration: duration("1h30m")`
	case text(a) && isNumber(b), text(b) && isNumber(a):
		return "make the number a text with string(x), or the text a number with int(x) or float(x)"
	case text(a) || text(b):
		return "make the other one a text: string(x)"
	}
	return ""
}
