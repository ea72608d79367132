package expr

import (
	"slices"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"flowrun/dag/batch"
)

// Comparison is a condition on one column that has to be true for a row where a whole expression is to be true: what a store
// that knows the bounds of a column's values can answer for many rows at once.
type Comparison struct {
	// Column is the place of the column in the schema.
	Column int
	// Op is == != < <= > or >=; the column stands on its left.
	Op string
	// Value is what stands on the right: a bool, a float64, a string (also beside bytes), or an int64: an int, or the
	// microseconds or days by which a column holds times, durations and dates. Beside an int column it may be a float64, and
	// then the column is compared as one of floats. Nil, beside == and != only, is the test for null itself.
	Value any
}

// Comparisons gives the comparisons of a column with a value that is the same for every row, all of which are true for the
// rows for which the program is true. They need not be all that the program asks for: other conditions are left out.
func (p *Program) Comparisons() []Comparison {
	var found []Comparison
	p.conjuncts(p.root, &found)
	return found
}

func (p *Program) conjuncts(t *Typed, found *[]Comparison) {
	switch {
	case t.Form == FormBinary && t.Name == "and":
		p.conjuncts(t.Args[0], found)
		p.conjuncts(t.Args[1], found)
	case t.Form == FormBinary:
		rel, ok := relations[t.Name]
		if !ok {
			return
		}
		left, right := t.Args[0], t.Args[1]
		column, ok := comparedColumn(left)
		if !ok {
			left, right, rel = right, left, rel.flipped()
			if column, ok = comparedColumn(left); !ok {
				return
			}
		}
		if value, ok := p.fixed(right); ok && (value != nil || right.Form == FormLiteral && rel <= notEqual) {
			*found = append(*found, Comparison{column.Index, rel.String(), value})
		}
	case t.Form == FormColumn && t.Type.ID() == arrow.BOOL:
		*found = append(*found, Comparison{t.Index, "==", true})
	case t.Form == FormUnary && t.Name == "not" && t.Args[0].Form == FormColumn:
		*found = append(*found, Comparison{t.Args[0].Index, "==", false})
	}
}

// String is the operator as it is written.
func (r relation) String() string { return [...]string{"==", "!=", "<", "<=", ">", ">="}[r] }

// comparedColumn is the column that one side of a comparison is, as it is or as a float.
func comparedColumn(t *Typed) (*Typed, bool) {
	if t.Form == FormConvert {
		t = t.Args[0]
	}
	return t, t.Form == FormColumn && kindOf(t.Type) != kindArray
}

// fixed computes a part of the program that is the same for every row; ok is false where it is not, or cannot be computed.
func (p *Program) fixed(t *Typed) (value any, ok bool) {
	if t.Form == FormLiteral && t.Value == nil {
		return nil, true
	}
	if len(columnsOf([]*Typed{t})) > 0 || !t.timeless() || len(p.env.Functions) > 0 || kindOf(t.Type) == kindArray {
		return nil, false
	}
	e := (&Program{text: p.text, env: p.env, root: t}).Evaluator(memory.DefaultAllocator)
	defer e.Close()
	one := batch.New(array.NewRecordBatch(arrow.NewSchema(nil, nil), nil, 1))
	defer one.Release()
	result, failed, err := e.Eval(one)
	if err != nil {
		return nil, false
	}
	defer result.Release()
	return first(result, len(failed) == 0)
}

// timeless reports whether nothing in it asks what time it is, or runs where that is not seen.
func (t *Typed) timeless() bool {
	return t.Form != FormMachine && !strings.HasPrefix(t.Name, "now") && !slices.ContainsFunc(t.Args, func(a *Typed) bool { return !a.timeless() })
}

// first is the first entry of an array of values.
func first(a arrow.Array, computed bool) (any, bool) {
	if !computed {
		return nil, false
	}
	if a.IsNull(0) {
		return nil, true
	}
	switch a := a.(type) {
	case *array.Boolean:
		return a.Value(0), true
	case *array.Int64:
		return a.Value(0), true
	case *array.Timestamp:
		return int64(a.Value(0)), true
	case *array.Date32:
		return int64(a.Value(0)), true
	case *array.Duration:
		return int64(a.Value(0)), true
	case *array.Float64:
		return a.Value(0), true
	case *array.String:
		return strings.Clone(a.Value(0)), true
	case *array.Binary:
		return string(a.Value(0)), true
	}
	return nil, false
}
