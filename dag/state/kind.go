package state

import (
	"fmt"

	"github.com/apache/arrow-go/v18/arrow"
)

// Kind is how a value is held.
type Kind uint8

// The kinds. A Word is 64 bits: bool, int, float, timestamp, date and duration (and the type of nil, whose values are all
// null). A Text is bytes of any length: string and bytes. Nested values, lists, maps and structs, are texts in an encoding
// of this package.
const (
	Word Kind = iota
	Text
	Nested
)

// KindOf says how values of a type are held. Types that flowrun does not know are an error.
func KindOf(dt arrow.DataType) (Kind, error) {
	switch t := dt.(type) {
	case *arrow.NullType, *arrow.BooleanType, *arrow.Int64Type, *arrow.Float64Type, *arrow.Date32Type, *arrow.TimestampType,
		*arrow.DurationType:
		return Word, nil
	case *arrow.StringType, *arrow.BinaryType:
		return Text, nil
	case *arrow.ListType:
		return nested(t.Elem())
	case *arrow.MapType:
		return nested(t.KeyType(), t.ItemType())
	case *arrow.StructType:
		inner := make([]arrow.DataType, t.NumFields())
		for i := range inner {
			inner[i] = t.Field(i).Type
		}
		return nested(inner...)
	}
	return 0, fmt.Errorf("state: no way to hold values of type %s", dt)
}

func nested(inner ...arrow.DataType) (Kind, error) {
	for _, t := range inner {
		if _, err := KindOf(t); err != nil {
			return 0, err
		}
	}
	return Nested, nil
}
