package expr

import (
	"fmt"
	"slices"
	"strings"
)

// Columnar reports whether the whole expression is computed by column. Each note names a part that runs row by row
// instead, and why.
func (p *Program) Columnar() (all bool, notes []string) {
	text := []rune(p.text.Value)
	seen := map[*Typed]bool{}
	var walk func(t *Typed)
	walk = func(t *Typed) {
		if t.Form == FormColumn || t.Form == FormLiteral || seen[t] {
			return
		}
		seen[t] = true
		build, why := plan(t)
		if build == nil {
			part := string(text[max(t.From, 0):min(t.To, len(text))])
			if why == "" {
				why = "it runs row by row"
			}
			if note := fmt.Sprintf("%s: %s", strings.TrimSpace(part), why); !slices.Contains(notes, note) {
				notes = append(notes, note)
			}
			return
		}
		for _, a := range t.parts() {
			walk(a)
		}
	}
	walk(p.root)
	return len(notes) == 0, notes
}
