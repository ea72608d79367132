package expr

import (
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"

	"github.com/expr-lang/expr/ast"
)

// sharedKernel is a part that is used more than once. In each frame it is computed once; what was computed in a frame is
// cut for the frames that are parts of it. So a part is computed only for rows that a use of it asks for, and what fails there is
// noted at the first use, as it would be without sharing.
type sharedKernel struct {
	slot int
	of   kernel
}

func (k *sharedKernel) eval(f *frame) column {
	slot := len(f.e.places) + k.slot
	if c, ok := f.known(slot); ok {
		return c
	}
	return f.keep(slot, k.of.eval(f))
}

// meanings numbers the parts of programs over the same columns, so that parts that give the same have the same number.
type meanings struct {
	numbers map[string]int
	known   map[*Typed]int
}

func newMeanings() meanings { return meanings{numbers: map[string]int{}, known: map[*Typed]int{}} }

// of numbers a part of a program.
func (m *meanings) of(t *Typed, p *Program) int {
	if n, ok := m.known[t]; ok {
		return n
	}
	if t.Form == FormVariable {
		return m.of(t.Args[0], p)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%d %s %d %s", t.Form, t.Name, t.Index, t.Type)
	switch {
	case t.Form == FormLiteral:
		fmt.Fprintf(&b, " %T %s", t.Value, exactly(t.Value))
	case t.Form == FormMachine:
		// What runs on the machine means what its text means, unless that depends on where it stands.
		text := []rune(p.text.Value)
		if len(p.env.Functions) > 0 || t.From < 0 || t.To > len(text) || len(freeVariables(t.AST)) > 0 {
			fmt.Fprintf(&b, " %p", t)
		} else {
			fmt.Fprintf(&b, " %p %s", p.env.Schema, string(text[t.From:t.To]))
		}
	default:
		if zone := t.zone(); zone != nil {
			b.WriteString(" " + zone.String())
		}
		for _, a := range t.Args {
			b.WriteString(" " + strconv.Itoa(m.of(a, p)))
		}
	}
	n, ok := m.numbers[b.String()]
	if !ok {
		n = len(m.numbers)
		m.numbers[b.String()] = n
	}
	m.known[t] = n
	return n
}

// exactly writes a literal so that only equal ones look the same.
func exactly(v any) string {
	switch v := v.(type) {
	case float64:
		return strconv.FormatFloat(v, 'x', -1, 64)
	case []byte:
		return hex.EncodeToString(v)
	case string:
		return strconv.Quote(v)
	}
	return fmt.Sprint(v)
}

// freeVariables are the names of variables that a tree of the machine reads and does not declare.
func freeVariables(n ast.Node) []string {
	var free []string
	declared := map[string]bool{}
	var walk func(n ast.Node)
	walk = func(n ast.Node) {
		switch n := n.(type) {
		case nil:
			return
		case *ast.IdentifierNode:
			if strings.HasPrefix(n.Value, "%") && !declared[n.Value] {
				free = append(free, n.Value)
			}
			return
		case *ast.VariableDeclaratorNode: // no name is given twice
			walk(n.Value)
			declared[n.Name] = true
			walk(n.Expr)
			return
		case *ast.BuiltinNode:
			walk(n.Map)
		}
		for _, k := range children(n) {
			walk(k)
		}
	}
	walk(n)
	return free
}
