package schema

import (
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
)

// Name is a type in flowrun's words, as a file spells it and as messages name it: int, list<string>, map<int>,
// {a: int, b: string}. A value whose type is not known, and the literal nil, are "any".
func Name(t arrow.DataType) string {
	switch t := t.(type) {
	case *arrow.ListType:
		return "list<" + Name(t.Elem()) + ">"
	case *arrow.MapType:
		return "map<" + Name(t.ItemType()) + ">"
	case *arrow.StructType:
		var b strings.Builder
		b.WriteByte('{')
		for i, f := range t.Fields() {
			if i > 0 {
				b.WriteString(", ")
			}
			b.WriteString(f.Name + ": " + Name(f.Type))
		}
		b.WriteByte('}')
		return b.String()
	case nil, *arrow.NullType, arrow.ExtensionType:
		return "any"
	}
	switch t.ID() {
	case arrow.BOOL:
		return "bool"
	case arrow.INT64:
		return "int"
	case arrow.FLOAT64:
		return "float"
	case arrow.STRING:
		return "string"
	case arrow.BINARY:
		return "bytes"
	case arrow.TIMESTAMP:
		return "timestamp"
	case arrow.DATE32:
		return "date"
	case arrow.DURATION:
		return "duration"
	}
	return t.String()
}

// SparkName is a type in the words of Spark's printSchema, with what a nested one holds: long, array<string>,
// map<string,long>, struct<a:long,b:string>.
func SparkName(t arrow.DataType) string {
	switch t := t.(type) {
	case *arrow.MapType:
		return "map<" + SparkName(t.KeyType()) + "," + SparkName(t.ItemType()) + ">"
	case *arrow.StructType:
		var b strings.Builder
		b.WriteString("struct<")
		for i, f := range t.Fields() {
			if i > 0 {
				b.WriteByte(',')
			}
			b.WriteString(f.Name + ":" + SparkName(f.Type))
		}
		b.WriteByte('>')
		return b.String()
	case arrow.ListLikeType:
		return "array<" + SparkName(t.Elem()) + ">"
	}
	return sparkWord(t)
}

// sparkWord is the one word (or, of a duration, the phrase) that printSchema writes behind the colon.
func sparkWord(t arrow.DataType) string {
	if t == nil {
		return "void"
	}
	switch t.ID() {
	case arrow.BOOL:
		return "boolean"
	case arrow.INT8:
		return "byte"
	case arrow.INT16:
		return "short"
	case arrow.INT32:
		return "integer"
	case arrow.INT64:
		return "long"
	case arrow.FLOAT32:
		return "float"
	case arrow.FLOAT64:
		return "double"
	case arrow.STRING, arrow.LARGE_STRING, arrow.STRING_VIEW:
		return "string"
	case arrow.BINARY, arrow.LARGE_BINARY, arrow.BINARY_VIEW, arrow.FIXED_SIZE_BINARY:
		return "binary"
	case arrow.TIMESTAMP:
		return "timestamp"
	case arrow.DATE32:
		return "date"
	case arrow.DURATION:
		return "interval day to second"
	case arrow.LIST, arrow.LARGE_LIST, arrow.FIXED_SIZE_LIST, arrow.LIST_VIEW, arrow.LARGE_LIST_VIEW:
		return "array"
	case arrow.MAP:
		return "map"
	case arrow.STRUCT:
		return "struct"
	case arrow.NULL:
		return "void"
	case arrow.EXTENSION:
		return "variant"
	}
	return t.String()
}

// IsNumber reports whether t is an integer or floating-point type: tables align it right.
func IsNumber(t arrow.DataType) bool {
	return t != nil && (arrow.IsInteger(t.ID()) || arrow.IsFloating(t.ID()))
}
