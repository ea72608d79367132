package pipetest

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"

	"flowrun/dag/schema"
	"flowrun/dag/spec"
)

// infer finds the columns of rows of JSON, in the order in which they first come: a number without a point is an int, with
// one, in any row, a float; a text stays a string, also where it looks like a time; an object is a struct, an array a
// list. What is null everywhere is a string. The error names a column whose values have no type in common.
func infer(rows []*spec.Value) (*arrow.Schema, error) {
	var all shape
	for i, r := range rows {
		if r.Kind != spec.Map {
			return nil, fmt.Errorf("row %d is %s, not an object", i+1, r.Kind)
		}
		if err := all.add(r, fmt.Sprintf("row %d", i+1)); err != nil {
			return nil, err
		}
	}
	return arrow.NewSchema(all.columns(), nil), nil
}

// shape is what is known of the values at one place.
type shape struct {
	kind   string // "", "bool", "int", "float", "string", "a list" or "an object"
	from   string // where it was first seen
	names  []string
	fields map[string]*shape // of an object
	elem   *shape            // of a list
}

// add takes one more value into account; where is its place for messages.
func (s *shape) add(v *spec.Value, where string) error {
	kind := kindOf(v)
	switch {
	case kind == "":
		return nil
	case s.kind == "":
		s.kind, s.from = kind, where
	case s.kind == "int" && kind == "float":
		s.kind = kind
	case s.kind != kind && !(s.kind == "float" && kind == "int"):
		return fmt.Errorf("%s is of type %s, but %s is of type %s", where, kind, s.from, s.kind)
	}
	for _, e := range v.Entries {
		f := s.fields[e.Key]
		if f == nil {
			if s.fields == nil {
				s.fields = map[string]*shape{}
			}
			f = &shape{}
			s.fields[e.Key] = f
			s.names = append(s.names, e.Key)
		}
		if err := f.add(e.Value, e.Key+" in "+where); err != nil {
			return err
		}
	}
	for i, item := range v.Items {
		if s.elem == nil {
			s.elem = &shape{}
		}
		if err := s.elem.add(item, fmt.Sprintf("[%d] of %s", i, where)); err != nil {
			return err
		}
	}
	return nil
}

func kindOf(v *spec.Value) string {
	switch {
	case v.Kind == spec.Null:
		return ""
	case v.Kind == spec.Map:
		return "an object"
	case v.Kind == spec.List:
		return "a list"
	case v.Quoted:
		return "string"
	case v.Text.Value == "true" || v.Text.Value == "false":
		return "bool"
	case strings.ContainsAny(v.Text.Value, ".eE"):
		return "float"
	}
	if _, err := strconv.ParseInt(v.Text.Value, 10, 64); err != nil {
		return "float"
	}
	return "int"
}

func (s *shape) columns() []arrow.Field {
	fields := make([]arrow.Field, len(s.names))
	for i, name := range s.names {
		fields[i] = arrow.Field{Name: name, Type: s.fields[name].dataType(), Nullable: true}
	}
	return fields
}

func (s *shape) dataType() arrow.DataType {
	if s == nil {
		return schema.String
	}
	switch s.kind {
	case "bool":
		return schema.Bool
	case "int":
		return schema.Int
	case "float":
		return schema.Float
	case "a list":
		return schema.List(s.elem.dataType())
	case "an object":
		return schema.Struct(s.columns()...)
	}
	return schema.String
}
