package expr

import (
	"slices"

	"github.com/apache/arrow-go/v18/arrow"

	"flowrun/dag/diag"
)

// Env says what an expression may name.
type Env struct {
	// Schema holds the columns. Nil: they are not known, since an error further up hid them; then only the syntax and
	// the names of functions are checked, and Compile returns no Program.
	Schema *arrow.Schema
	// Of names the node whose columns these are, for hints: `readings has: ts, device`.
	Of string
	// Functions are extra functions that only this place has, by name: generate's rand, pick and so on.
	Functions map[string]Extra
}

// Extra is a function that one place adds to the language. It runs row by row.
type Extra struct {
	Doc string
	// Result types a call, or says what is wrong with it: "wants a list".
	Result func(args []arrow.DataType) (arrow.DataType, error)
	// Call computes it. Values are as in FormLiteral, lists are []any. A null argument gives null without a call.
	Call func(site Site, args []any) (any, error)
}

// Site tells a call apart from every other one, so that a pseudo-random function can depend on nothing else.
type Site struct {
	Call int   // which call of extra functions in the text this is, from 0
	Row  int64 // Evaluator.Base plus the row's index in the batch
}

// Program is a typed expression. It is immutable and may be shared.
type Program struct {
	text diag.Text
	env  *Env
	root *Typed
}

// Text is the expression as written.
func (p *Program) Text() string { return p.text.Value }

// Type is the type of the result, with timestamps in microseconds and integers of 64 bits.
func (p *Program) Type() arrow.DataType { return p.root.Type }

// Computed reports whether there is something to compute by row: the program is neither a column as it is nor a literal.
func (p *Program) Computed() bool { return p.root.Form != FormColumn && p.root.Form != FormLiteral }

// Nullable reports whether the result can be null.
func (p *Program) Nullable() bool { return p.root.Nullable }

// Columns are the names of the columns that the program reads, sorted, each once.
func (p *Program) Columns() []string {
	var names []string
	for _, t := range columnsOf([]*Typed{p.root}) {
		names = append(names, t.Name)
	}
	slices.Sort(names)
	return slices.Compact(names)
}
