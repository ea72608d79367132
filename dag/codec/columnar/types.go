package columnar

import (
	"fmt"

	"github.com/apache/arrow-go/v18/arrow"

	"flowrun/dag/schema"
)

// maxDepth bounds how deep types of a file may nest.
const maxDepth = 32

// typeOf is flowrun's type for a type of a file. The error says why there is none.
func typeOf(t arrow.DataType) (arrow.DataType, error) { return typeAt(t, 0) }

func typeAt(t arrow.DataType, depth int) (arrow.DataType, error) {
	if depth > maxDepth {
		return nil, fmt.Errorf("it is nested too deeply")
	}
	inner := func(t arrow.DataType) (arrow.DataType, error) { return typeAt(t, depth+1) }
	switch t := t.(type) {
	case arrow.ExtensionType:
		return inner(t.StorageType())
	case *arrow.DictionaryType:
		return inner(t.ValueType)
	case *arrow.MapType:
		key, err := inner(t.KeyType())
		if err == nil && key.ID() != arrow.STRING {
			err = fmt.Errorf("its keys are of type %s, and only strings can be", t.KeyType())
		}
		if err != nil {
			return nil, err
		}
		value, err := inner(t.ItemType())
		if err != nil {
			return nil, err
		}
		return schema.Map(value), nil
	case *arrow.ListType, *arrow.LargeListType, *arrow.FixedSizeListType:
		elem, err := inner(t.(arrow.ListLikeType).Elem())
		if err != nil {
			return nil, err
		}
		return schema.List(elem), nil
	case *arrow.StructType:
		fields := make([]arrow.Field, t.NumFields())
		for i, f := range t.Fields() {
			ft, err := inner(f.Type)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", f.Name, err)
			}
			fields[i] = arrow.Field{Name: f.Name, Type: ft, Nullable: f.Nullable}
		}
		return schema.Struct(fields...), nil
	}
	switch t.ID() {
	case arrow.BOOL:
		return schema.Bool, nil
	case arrow.INT8, arrow.INT16, arrow.INT32, arrow.INT64, arrow.UINT8, arrow.UINT16, arrow.UINT32, arrow.UINT64:
		return schema.Int, nil
	case arrow.FLOAT16, arrow.FLOAT32, arrow.FLOAT64:
		return schema.Float, nil
	case arrow.STRING, arrow.LARGE_STRING, arrow.STRING_VIEW, arrow.NULL:
		return schema.String, nil
	case arrow.BINARY, arrow.LARGE_BINARY, arrow.BINARY_VIEW, arrow.FIXED_SIZE_BINARY:
		return schema.Bytes, nil
	case arrow.TIMESTAMP:
		return schema.Timestamp, nil
	case arrow.DATE32, arrow.DATE64:
		return schema.Date, nil
	case arrow.DURATION:
		return schema.Duration, nil
	case arrow.DECIMAL32, arrow.DECIMAL64, arrow.DECIMAL128, arrow.DECIMAL256:
		return nil, fmt.Errorf("it is of type %s, and there is no decimal type", t)
	case arrow.TIME32, arrow.TIME64:
		return nil, fmt.Errorf("it is a time of day, %s, and there is no such type", t)
	}
	return nil, fmt.Errorf("it is of type %s, which has no counterpart", t)
}
