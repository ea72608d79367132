package expr

import (
	"fmt"
	"slices"
	"strings"

	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/parser"
)

// Columnar reports whether the whole expression is computed by column. Each note names a part that runs row by row
// instead, and why.
func (p *Program) Columnar() (all bool, notes []string) {
	text := []rune(p.text.Value)
	var walk func(t *Typed)
	walk = func(t *Typed) {
		if t.Form == FormColumn || t.Form == FormLiteral {
			return
		}
		build, why := plan(t)
		if build == nil {
			part := string(text[max(t.From, 0):min(t.To, len(text))])
			if why == "" {
				why = rowReason(part)
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

// rowReason says why a part of the text runs row by row.
func rowReason(part string) string {
	tree, err := parser.Parse(part)
	if err != nil {
		return "runs row by row"
	}
	switch n := tree.Node.(type) {
	case *ast.BuiltinNode:
		for _, a := range n.Arguments {
			if _, ok := a.(*ast.PredicateNode); ok {
				return "a predicate over a list runs row by row"
			}
		}
		return "the function " + n.Name + " of these arguments runs row by row"
	case *ast.CallNode:
		return "this call runs row by row"
	case *ast.ArrayNode, *ast.MapNode:
		return "a list or map that is made runs row by row"
	case *ast.MemberNode, *ast.ChainNode, *ast.SliceNode:
		return "taking out elements runs row by row"
	case *ast.VariableDeclaratorNode, *ast.SequenceNode:
		return "variables run row by row"
	case *ast.BinaryNode:
		return "this use of " + n.Operator + " runs row by row"
	}
	return "runs row by row"
}
