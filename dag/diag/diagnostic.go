package diag

import (
	"cmp"
	"slices"
	"strings"
)

// Severity says whether a diagnostic stops the run.
type Severity int

// The severities. A warning is printed and the run goes on.
const (
	Error Severity = iota
	Warning
)

// String gives the word that is printed.
func (s Severity) String() string {
	if s == Warning {
		return "warning"
	}
	return "error"
}

// MarshalText makes the severity a word in JSON.
func (s Severity) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// Diagnostic is one thing that is wrong with a pipeline file.
type Diagnostic struct {
	Code     Code         `json:"code"`
	Severity Severity     `json:"severity"`
	Message  string       `json:"message"`        // what is wrong, and what was expected
	Hint     string       `json:"hint,omitempty"` // what to do; the nearest known name, the quoted line
	At       Span         `json:"at"`
	Notes    []Diagnostic `json:"notes,omitempty"` // other places that belong to it
}

// Error makes a diagnostic an error: its place, code and message on one line.
func (d Diagnostic) Error() string {
	var b strings.Builder
	if d.At.File != "" {
		b.WriteString(d.At.String())
		b.WriteString(": ")
	}
	b.WriteString(d.Severity.String())
	if d.Code != "" {
		b.WriteString("[" + string(d.Code) + "]")
	}
	b.WriteString(": " + d.Message)
	return b.String()
}

// List collects diagnostics. The zero List is empty and ready.
type List []Diagnostic

// Errorf-like helpers would hide the place and the hint, which every diagnostic must have: callers build the struct.

// Add appends diagnostics.
func (l *List) Add(d ...Diagnostic) { *l = append(*l, d...) }

// HasErrors reports whether anything in the list stops the run.
func (l List) HasErrors() bool {
	return slices.ContainsFunc(l, func(d Diagnostic) bool { return d.Severity == Error })
}

// Err returns the list as an error when it holds an error, else nil.
func (l List) Err() error {
	if l.HasErrors() {
		return l
	}
	return nil
}

// Error prints one line per diagnostic.
func (l List) Error() string {
	lines := make([]string, len(l))
	for i, d := range l {
		lines[i] = d.Error()
	}
	return strings.Join(lines, "\n")
}

// Sort orders the list by file, line and column, keeps the order in which equal places were found, and removes exact
// repetitions.
func (l *List) Sort() {
	slices.SortStableFunc(*l, func(a, b Diagnostic) int {
		return cmp.Or(
			strings.Compare(a.At.File, b.At.File),
			cmp.Compare(a.At.Line, b.At.Line),
			cmp.Compare(a.At.Column, b.At.Column))
	})
	*l = slices.CompactFunc(*l, func(a, b Diagnostic) bool {
		return a.Code == b.Code && a.At == b.At && a.Message == b.Message
	})
}
