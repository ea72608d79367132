package spec

import (
	"slices"

	"flowrun/dag/diag"
)

// ValueKind says what a [Value] is.
type ValueKind int

// The kinds of values. Null is an absent value, `null`, `~` or nothing behind the colon.
const (
	Null ValueKind = iota
	Scalar
	List
	Map
)

// String gives the word used in messages.
func (k ValueKind) String() string {
	return [...]string{"nothing", "a single value", "a list", "a map"}[k]
}

// Value is a YAML value with its place: anchors are resolved, merge keys merged, substitutions done. A value that is
// repeated by an alias is shared, so values are read and never changed.
//
// The text of a scalar with substitutions is what they make of it as a plain text. [Decode] looks at the parts again
// where an expression is wanted, since there a substitution has to become a literal.
type Value struct {
	Kind    ValueKind
	Text    diag.Text // of a scalar: what was meant, and where it stands
	Quoted  bool      // of a scalar: it stood in quotes or in a block, so it is a string whatever it looks like
	Items   []*Value  // of a list
	Entries []Entry   // of a map, in file order
	At      diag.Span // the whole value's first line

	raw     diag.Text // of a scalar with substitutions: the text before them
	parts   []part    // of a scalar with substitutions
	source  string    // how the value is written, where it stands on one line
	cut     string    // of a scalar: the line from its start on, where a comment follows on it
	broken  bool      // a diagnostic has been given; what was meant is not known
	partial bool      // of a map: entries are missing, and a diagnostic has been given
	size    int       // the number of values in it, itself included
}

// Entry is a key of a map and its value.
type Entry struct {
	Key   string
	KeyAt diag.Span
	Value *Value
}

// Get returns the value under key, or nil.
func (v *Value) Get(key string) *Value {
	if v == nil {
		return nil
	}
	for _, e := range v.Entries {
		if e.Key == key {
			return e.Value
		}
	}
	return nil
}

// Broken reports whether the value, or something in it, could not be read, so that a diagnostic has been given and what
// [Decode] makes of it is not all that was meant. Whoever misses something then keeps quiet.
func (v *Value) Broken() bool {
	if v == nil {
		return false
	}
	return v.broken || v.partial ||
		slices.ContainsFunc(v.Items, (*Value).Broken) ||
		slices.ContainsFunc(v.Entries, func(e Entry) bool { return e.Value.Broken() })
}
