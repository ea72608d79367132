package expr

import (
	"slices"

	"github.com/apache/arrow-go/v18/arrow"
)

// CanFail reports whether there may be rows that the program cannot be computed for. Where it is false the program can be
// computed earlier, later, for fewer rows or not at all, and nobody sees the difference in rejects.
func (p *Program) CanFail() bool { return p.root.canFail() }

func (t *Typed) canFail() bool {
	return !t.neverFails() || slices.ContainsFunc(t.Args, (*Typed).canFail)
}

// neverFails is about the operation itself, not about its operands. What is not known to be harmless may fail.
func (t *Typed) neverFails() bool {
	switch t.Form {
	case FormColumn, FormLiteral, FormConditional, FormCoalesce, FormConvert:
		return true
	case FormUnary:
		return t.Name == "not" || t.Type.ID() == arrow.FLOAT64
	case FormBinary:
		switch t.Name {
		case "and", "or", "==", "!=", "<", "<=", ">", ">=", "contains", "startsWith", "endsWith":
			return true
		case "+", "-", "*", "/":
			return t.Type.ID() == arrow.FLOAT64 && t.Args[0].Type.ID() == arrow.FLOAT64 && t.Args[1].Type.ID() == arrow.FLOAT64
		}
	}
	return false
}
