package spec

import (
	"time"

	"flowrun/dag/diag"
)

// Duration is a length of time in a file: Go's units plus d and w ("1d12h"). A bare number is an error.
type Duration time.Duration

// String gives the duration as Go prints it.
func (d Duration) String() string { return time.Duration(d).String() }

// Size is a number of bytes in a file: "64KiB", "1MiB", "10MB" or a bare number of bytes.
type Size int64

// Field is a name that the user chose and the expression behind it.
type Field struct {
	Name diag.Text
	Expr diag.Text
}

// Fields is a map from the user's own names to expressions, in file order: derive, explode, take, generate's fields.
type Fields []Field

// Items is a list whose entries are a column's name or one `name: EXPR`: select and by. For a bare name, Expr is the name
// itself and Bare is set.
type Items []Item

// Item is one entry of [Items].
type Item struct {
	Field
	Bare bool
}

// Name is a text that is no expression, with its place: the name of a column, say. In it a substitution is plain text.
type Name struct{ diag.Text }
