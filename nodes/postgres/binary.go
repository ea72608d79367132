package postgres

import (
	"encoding/binary"
	"fmt"
	"math"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"

	"flowrun/dag/batch"
	"flowrun/dag/schema"
	"flowrun/nodes/sqltable"
)

// typeOf is what a column is read as unless a pipeline says otherwise; nil: nothing here is like it.
func typeOf(c column) arrow.DataType {
	switch c.base {
	case "boolean":
		return schema.Bool
	case "smallint", "integer", "bigint":
		return schema.Int
	case "real", "double precision":
		return schema.Float
	case "bytea":
		return schema.Bytes
	case "timestamp with time zone", "timestamp without time zone":
		return schema.Timestamp
	case "date":
		return schema.Date
	case "interval":
		return schema.Duration
	case "uuid", "json", "jsonb", "xml":
		return schema.String
	}
	if c.category == "S" || c.category == "E" || c.category == "I" {
		return schema.String
	}
	return nil
}

// reads is the expression that gives a column as values of a type, which decode takes; "": the one cannot be read as the other.
func reads(c column, t arrow.DataType) string {
	name := "t." + sqltable.Quote(c.name)
	if t.ID() == arrow.STRING {
		return name + "::text"
	}
	if c.base == "numeric" && t.ID() == arrow.FLOAT64 {
		return name + "::float8"
	}
	of := typeOf(c)
	switch {
	case of == nil || of.ID() != t.ID() && (of.ID() != arrow.INT64 || t.ID() != arrow.FLOAT64):
		return ""
	case t.ID() == arrow.INT64:
		return name + "::int8"
	case t.ID() == arrow.FLOAT64:
		return name + "::float8"
	case c.base == "timestamp without time zone":
		return name + " AT TIME ZONE 'UTC'"
	}
	return name
}

// Times in PostgreSQL's binary form count from 2000.
const (
	daysTo2000   = 10957
	microsTo2000 = daysTo2000 * 86400 * 1_000_000
	microsOfDay  = 86400 * 1_000_000

	maxIntervalDays = math.MaxInt64 / microsOfDay
)

// sizeOf is how many bytes a value has; 0: any number.
func sizeOf(t arrow.Type) int {
	switch t {
	case arrow.BOOL:
		return 1
	case arrow.DATE32:
		return 4
	case arrow.INT64, arrow.FLOAT64, arrow.TIMESTAMP:
		return 8
	case arrow.DURATION:
		return 16
	}
	return 0
}

// appendValue takes a value in PostgreSQL's binary form, nil for null, or says what is wrong with it.
func appendValue(c *batch.Column, f arrow.Field, v []byte) (why string) {
	if v == nil {
		if !f.Nullable {
			return "is null"
		}
		c.AppendNull()
		return ""
	}
	if n := sizeOf(f.Type.ID()); n > 0 && len(v) != n {
		return fmt.Sprintf("comes in %d bytes", len(v))
	}
	switch f.Type.ID() {
	case arrow.BOOL:
		c.AppendBool(v[0] != 0)
	case arrow.INT64:
		c.AppendInt(int64(binary.BigEndian.Uint64(v)))
	case arrow.FLOAT64:
		c.AppendFloat(math.Float64frombits(binary.BigEndian.Uint64(v)))
	case arrow.STRING:
		c.AppendString(string(v))
	case arrow.BINARY:
		c.AppendBytes(v)
	case arrow.TIMESTAMP:
		micros := int64(binary.BigEndian.Uint64(v))
		if micros == math.MaxInt64 || micros == math.MinInt64 {
			return "is infinite"
		}
		if micros > math.MaxInt64-microsTo2000 {
			return "is too late"
		}
		c.AppendInt(micros + microsTo2000)
	case arrow.DATE32:
		days := int32(binary.BigEndian.Uint32(v))
		if days == math.MaxInt32 || days == math.MinInt32 {
			return "is infinite"
		}
		if days > math.MaxInt32-daysTo2000 {
			return "is too late"
		}
		c.AppendInt(int64(days) + daysTo2000)
	case arrow.DURATION:
		micros, days, months := int64(binary.BigEndian.Uint64(v)), int32(binary.BigEndian.Uint32(v[8:])), int32(binary.BigEndian.Uint32(v[12:]))
		if months != 0 {
			return "is a number of months, which have no length"
		}
		total := micros + int64(days)*microsOfDay
		if days > maxIntervalDays || days < -maxIntervalDays || (total < micros) != (days < 0) {
			return "is too long"
		}
		c.AppendInt(total)
	default:
		return "is read as " + strings.ToLower(f.Type.Name())
	}
	return ""
}
