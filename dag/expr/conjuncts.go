package expr

import (
	"slices"

	"flowrun/dag/diag"
)

// Conjuncts are the conditions that `and` joins in a program of type bool, in the order in which they are computed: the
// program is true where all of them are. One that joins none is its own. The text of each is its part of the program's, and
// compiles to the same.
func (p *Program) Conjuncts() []*Program {
	var all []*Program
	var split func(t *Typed)
	split = func(t *Typed) {
		// The sides of a chained comparison share their middle, so neither is a text of its own.
		if t.Form == FormBinary && t.Name == "and" && t.Args[0].To <= t.Args[1].From {
			split(t.Args[0])
			split(t.Args[1])
			return
		}
		all = append(all, p.part(t))
	}
	split(p.root)
	return all
}

// part makes a program of a part of the program.
func (p *Program) part(t *Typed) *Program {
	if t == p.root {
		return p
	}
	from, to := t.From, t.To
	text := diag.Text{
		Value: string([]rune(p.text.Value)[from:to]),
		At:    p.text.Slice(from, to),
		Map:   func(a, b int) diag.Span { return p.text.Slice(from+a, from+b) },
	}
	return &Program{text: text, env: p.env, root: shift(t, from, map[*Typed]*Typed{})}
}

// Timed reports whether the program may ask what time it is, so that it depends on more than its columns.
func (p *Program) Timed() bool {
	seen := map[*Typed]bool{} // variables are nodes with several parents
	var timed func(t *Typed) bool
	timed = func(t *Typed) bool {
		if seen[t] {
			return false
		}
		seen[t] = true
		return t.Form == FormMachine && t.Name != "list" || t.Form == FormCall && t.Name == "now" || slices.ContainsFunc(t.parts(), timed)
	}
	return timed(p.root)
}

// Fields are the names of the fields that the program reads of a column that is a struct, each once. whole says that it may read
// any of them.
func (p *Program) Fields(column string) (names []string, whole bool) {
	seen := map[*Typed]bool{}
	var walk func(t *Typed)
	walk = func(t *Typed) {
		switch {
		case seen[t]:
			return
		case t.Form == FormColumn:
			whole = whole || t.Name == column
		case t.Form == FormField && t.Args[0].Form == FormColumn && t.Args[0].Name == column:
			names = append(names, t.Name)
			return
		}
		seen[t] = true
		for _, a := range t.Args {
			walk(a)
		}
	}
	walk(p.root)
	slices.Sort(names)
	return slices.Compact(names), whole
}

// Passes gives the column that the program is, as it is, by its place in the schema; ok is false where it computes
// something.
func (p *Program) Passes() (column int, ok bool) { return p.root.Index, p.root.Form == FormColumn }
