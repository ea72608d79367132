package pipetest

import (
	"fmt"

	"github.com/apache/arrow-go/v18/arrow"

	"flowrun/dag/codec"
	"flowrun/dag/spec"
)

// infer finds the columns of rows of JSON, in the order in which they first come. A text stays a string, also where it looks
// like a time: an expression says what it is. The error names a column whose values have no type in common.
func infer(rows []*spec.Value) (*arrow.Schema, error) {
	var all codec.Shape
	for i, r := range rows {
		if r.Kind != spec.Map {
			return nil, fmt.Errorf("row %d is %s, not an object", i+1, r.Kind)
		}
		if err := addValue(&all, r, fmt.Sprintf("row %d", i+1)); err != nil {
			return nil, err
		}
	}
	return arrow.NewSchema(all.Columns(), nil), nil
}

func addValue(s *codec.Shape, v *spec.Value, where string) error {
	if err := s.Add(classOf(v), where); err != nil {
		return err
	}
	for _, e := range v.Entries {
		if err := addValue(s.Field(e.Key), e.Value, e.Key+" in "+where); err != nil {
			return err
		}
	}
	for i, item := range v.Items {
		if err := addValue(s.Elem(), item, fmt.Sprintf("[%d] of %s", i, where)); err != nil {
			return err
		}
	}
	return nil
}

func classOf(v *spec.Value) codec.Class {
	switch {
	case v.Kind == spec.Null:
		return codec.NullClass
	case v.Kind == spec.Map:
		return codec.ObjectClass
	case v.Kind == spec.List:
		return codec.ListClass
	case v.Quoted:
		return codec.TextClass
	case v.Text.Value == "true" || v.Text.Value == "false":
		return codec.BoolClass
	}
	return codec.NumberClass(v.Text.Value)
}
