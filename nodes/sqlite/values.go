package sqlite

import (
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"flowrun/dag/batch"
	"flowrun/nodes/sqltable"
)

// timestampLayout has as many digits in each text, so that texts have the order of the times.
const timestampLayout = "2006-01-02T15:04:05.000000Z"

// values gives the values of a column as SQLite takes them. Texts are the batch's own: they are copied when they are bound.
func values(col arrow.Array) func(row int) any {
	some := func(get func(row int) any) func(int) any {
		if col.NullN() == 0 {
			return get
		}
		return func(row int) any {
			if col.IsNull(row) {
				return nil
			}
			return get(row)
		}
	}
	switch a := col.(type) {
	case *array.Boolean:
		return some(func(row int) any {
			if a.Value(row) {
				return int64(1)
			}
			return int64(0)
		})
	case *array.Int64:
		return some(func(row int) any { return a.Value(row) })
	case *array.Float64:
		return some(func(row int) any { return a.Value(row) })
	case *array.String:
		return some(func(row int) any { return a.Value(row) })
	case *array.Binary:
		return some(func(row int) any { return a.Value(row) })
	case *array.Timestamp:
		return some(func(row int) any { return time.UnixMicro(int64(a.Value(row))).UTC().Format(timestampLayout) })
	case *array.Date32:
		return some(func(row int) any { return string(batch.AppendDate(nil, int64(a.Value(row)))) })
	case *array.Duration:
		return some(func(row int) any { return int64(a.Value(row)) })
	}
	texts := sqltable.JSON(col)
	return func(row int) any {
		if texts[row] == nil {
			return nil
		}
		return string(texts[row])
	}
}
