package postgres

import (
	"github.com/apache/arrow-go/v18/arrow"
)

// declared is the type of a column for values of a type.
func declared(t arrow.DataType) string {
	switch t.ID() {
	case arrow.BOOL:
		return "boolean"
	case arrow.INT64:
		return "bigint"
	case arrow.FLOAT64:
		return "double precision"
	case arrow.STRING:
		return "text"
	case arrow.BINARY:
		return "bytea"
	case arrow.TIMESTAMP:
		return "timestamp with time zone"
	case arrow.DATE32:
		return "date"
	case arrow.DURATION:
		return "interval"
	}
	return "jsonb"
}

// fits says why values of a type cannot be written into a column of a type; "": they can. category is the one that PostgreSQL puts the
// type in: B boolean, N number, S string, D date and time, T interval, U other ones such as uuid, json and bytea, E enum, I network.
func fits(t arrow.DataType, name, category string) string {
	ok := declared(t) == name
	if !ok {
		switch t.ID() {
		case arrow.INT64, arrow.FLOAT64:
			ok = category == "N"
			if t.ID() == arrow.FLOAT64 && (name == "smallint" || name == "integer" || name == "bigint") {
				ok = false
			}
		case arrow.STRING:
			ok = category == "S" || category == "E" || category == "I" || category == "U" && name != "bytea"
		case arrow.TIMESTAMP, arrow.DATE32:
			ok = category == "D" && name != "date"
		case arrow.LIST, arrow.MAP, arrow.STRUCT:
			ok = name == "json" || name == "text"
		}
	}
	if ok {
		return ""
	}
	return "make them alike, by a derive before the sink or another table"
}
