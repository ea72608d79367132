package sqlite

import (
	"strings"

	"github.com/apache/arrow-go/v18/arrow"

	"flowrun/dag/schema"
	"flowrun/nodes/sqltable"
)

// declared is the type of a column for values of a type.
func declared(t arrow.DataType) string {
	switch t.ID() {
	case arrow.BOOL:
		return "BOOLEAN"
	case arrow.INT64, arrow.DURATION:
		return "INTEGER"
	case arrow.FLOAT64:
		return "REAL"
	case arrow.BINARY:
		return "BLOB"
	case arrow.TIMESTAMP:
		return "TIMESTAMP"
	case arrow.DATE32:
		return "DATE"
	}
	return "TEXT"
}

// typeOf is what values of a column of a declared type are read as; nil: the type does not say.
func typeOf(decl string) arrow.DataType {
	d := strings.ToUpper(decl)
	has := func(words ...string) bool {
		for _, w := range words {
			if strings.Contains(d, w) {
				return true
			}
		}
		return false
	}
	switch {
	case has("BOOL"):
		return schema.Bool
	case has("INT"):
		return schema.Int
	case has("CHAR", "CLOB", "TEXT"):
		return schema.String
	case has("TIMESTAMP", "DATETIME"):
		return schema.Timestamp
	case has("DATE"):
		return schema.Date
	case has("BLOB"):
		return schema.Bytes
	case has("REAL", "FLOA", "DOUB"):
		return schema.Float
	}
	return nil
}

// fits says why values of a type cannot be written into a column of a declared type; "": they can.
func fits(t arrow.DataType, decl string) string {
	of := typeOf(decl)
	if of == nil || schema.Equal(of, t) { // NUMERIC, ANY, none: takes what comes
		return ""
	}
	ok := false
	switch of.ID() {
	case arrow.BOOL:
		ok = t.ID() == arrow.INT64
	case arrow.INT64:
		ok = t.ID() == arrow.BOOL || t.ID() == arrow.DURATION
	case arrow.FLOAT64:
		ok = t.ID() == arrow.INT64
	case arrow.STRING:
		ok = t.ID() == arrow.TIMESTAMP || t.ID() == arrow.DATE32 || sqltable.IsNested(t)
	case arrow.TIMESTAMP, arrow.DATE32:
		ok = t.ID() == arrow.STRING || t.ID() == arrow.TIMESTAMP || t.ID() == arrow.DATE32
	}
	if ok {
		return ""
	}
	return "make them alike, by a derive before the sink or another table"
}
