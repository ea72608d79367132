package codec

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"

	"flowrun/dag/schema"
)

// Class is what one value looks like, before it has a type.
type Class uint8

// The classes. Those behind TextClass are texts of a form.
const (
	NullClass Class = iota
	BoolClass
	IntClass
	FloatClass
	ListClass
	ObjectClass
	TextClass
	TimestampClass
	DateClass
)

// String is the word for a class in messages.
func (c Class) String() string {
	return [...]string{"null", "bool", "int", "float", "a list", "an object", "string", "timestamp", "date"}[c]
}

// NumberClass is the class of a number of JSON: without a point and an exponent an int, where 64 bits hold it.
func NumberClass(text string) Class {
	if strings.ContainsAny(text, ".eE") {
		return FloatClass
	}
	if _, err := strconv.ParseInt(text, 10, 64); err != nil {
		return FloatClass
	}
	return IntClass
}

// Shape is what is known of the values that stand at one place. The zero Shape has seen none.
type Shape struct {
	// Loose makes values that have no class in common strings, as formats want whose values are all texts.
	Loose bool

	class  Class
	from   string // where it was first seen
	names  []string
	fields map[string]*Shape // of an object
	elem   *Shape            // of a list
}

// Add takes one more value into account; where is its place for messages. The error says that it has no type in common with
// what was seen.
func (s *Shape) Add(c Class, where string) error {
	switch {
	case c == NullClass || s.class == c:
	case s.class == NullClass:
		s.class, s.from = c, where
	case s.class == IntClass && c == FloatClass:
		s.class = FloatClass
	case s.class == FloatClass && c == IntClass:
	case s.Loose || s.class >= TextClass && c >= TextClass:
		s.class = TextClass
	default:
		return fmt.Errorf("%s is of type %s, but %s is of type %s", where, c, s.from, s.class)
	}
	return nil
}

// Field is the shape of one field of an object; fields keep the order in which they first come.
func (s *Shape) Field(name string) *Shape {
	f := s.fields[name]
	if f == nil {
		if s.fields == nil {
			s.fields = map[string]*Shape{}
		}
		f = &Shape{Loose: s.Loose}
		s.fields[name] = f
		s.names = append(s.names, name)
	}
	return f
}

// Elem is the shape of the elements of a list.
func (s *Shape) Elem() *Shape {
	if s.elem == nil {
		s.elem = &Shape{Loose: s.Loose}
	}
	return s.elem
}

// Columns are the fields of an object with their types, all nullable.
func (s *Shape) Columns() []arrow.Field {
	fields := make([]arrow.Field, len(s.names))
	for i, name := range s.names {
		fields[i] = arrow.Field{Name: name, Type: s.fields[name].dataType(), Nullable: true}
	}
	return fields
}

// dataType is a string where nothing but null was seen, and a map where objects were that all are empty.
func (s *Shape) dataType() arrow.DataType {
	if s == nil {
		return schema.String
	}
	switch s.class {
	case BoolClass:
		return schema.Bool
	case IntClass:
		return schema.Int
	case FloatClass:
		return schema.Float
	case ListClass:
		return schema.List(s.elem.dataType())
	case ObjectClass:
		if len(s.names) == 0 {
			return schema.Map(schema.String)
		}
		return schema.Struct(s.Columns()...)
	case TimestampClass:
		return schema.Timestamp
	case DateClass:
		return schema.Date
	}
	return schema.String
}
