package sqltable

import "github.com/apache/arrow-go/v18/arrow"

// Look is what is known of a table that a lookup is to hold, before the run.
type Look struct {
	Detail  string // the table as it may be shown: "table users of app.db"
	Tells   bool   // the database tells whether the table has changed
	Columns []LookColumn
}

// LookColumn is a column of such a table.
type LookColumn struct {
	Name    string
	Type    arrow.DataType // nil: it cannot be read
	NotNull bool           // a null in it is an error
	Why     string         // it cannot be read
	Hint    string         // what to do about that
}
