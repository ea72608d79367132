package diag

import "fmt"

// Span is a place in a file. Lines and columns count from 1, columns and Length in characters (runes), so that a
// caret printed under the line stands under the right one. A zero Line means that only the file is known.
type Span struct {
	File   string `json:"file"`
	Line   int    `json:"line,omitempty"`
	Column int    `json:"column,omitempty"`
	Length int    `json:"length,omitempty"`
}

// Known reports whether the span names a line.
func (s Span) Known() bool { return s.Line > 0 }

// String prints the span as editors and compilers do: file:line:column.
func (s Span) String() string {
	switch {
	case s.Line == 0:
		return s.File
	case s.Column == 0:
		return fmt.Sprintf("%s:%d", s.File, s.Line)
	}
	return fmt.Sprintf("%s:%d:%d", s.File, s.Line, s.Column)
}

// Text is a piece of text that a user wrote, after YAML's quoting has been undone, together with the place where it
// stands, so that a position inside the text can be shown in the file.
type Text struct {
	Value string // what the user meant
	At    Span   // the whole scalar in the file
	// Map gives the place of the characters [from, to) of Value, both rune offsets. A nil Map means that the
	// characters stand in At one after another from its column, as in a plain one-line scalar.
	Map func(from, to int) Span
}

// Slice gives the place in the file of the characters [from, to) of t.Value (rune offsets).
func (t Text) Slice(from, to int) Span {
	if t.Map != nil {
		return t.Map(from, to)
	}
	s := t.At
	if s.Known() {
		s.Column += from
		s.Length = max(to-from, 1)
	}
	return s
}
