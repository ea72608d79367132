package spec

import "flowrun/dag/diag"

// ValueKind says what a [Value] is.
type ValueKind int

// The kinds of values. Null is an absent value, `null`, `~` or nothing behind the colon.
const (
	Null ValueKind = iota
	Scalar
	List
	Map
)

// Value is a YAML value with its place: anchors are resolved, merge keys merged, substitutions done.
type Value struct {
	Kind    ValueKind
	Text    diag.Text // of a scalar: what was meant, and where it stands
	Quoted  bool      // of a scalar: it stood in quotes or in a block, so it is a string whatever it looks like
	Items   []*Value  // of a list
	Entries []Entry   // of a map, in file order
	At      diag.Span // the whole value's first line
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
