package expr

import (
	"cmp"
	"slices"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"flowrun/dag/batch"
)

// optimizer rewrites the tree of a program into one that gives the same, with the same failures: what is constant is computed,
// branches that are never taken go, and of several conditions the cheap ones come first.
type optimizer struct {
	done map[*Typed]*Typed
}

func (o *optimizer) of(t *Typed) *Typed {
	if r := o.done[t]; r != nil {
		return r
	}
	r := o.rewrite(t)
	o.done[t] = r
	return r
}

func (o *optimizer) rewrite(t *Typed) *Typed {
	switch {
	case t.Form == FormColumn, t.Form == FormLiteral, t.Form == FormMachine:
		return t
	case t.connects():
		if t = o.order(t); !t.connects() {
			return t
		}
	default:
		r := *t
		r.Args = make([]*Typed, len(t.Args))
		for i, a := range t.Args {
			r.Args[i] = o.of(a)
		}
		t = &r
	}
	if r := t.chosen(); r != nil {
		return r
	}
	return t.folded()
}

// connects reports whether a node is `and` or `or`.
func (t *Typed) connects() bool {
	return t.Form == FormBinary && (t.Name == "and" || t.Name == "or")
}

// chosen is the part of a node that decides alone, nil where that depends on the row.
func (t *Typed) chosen() *Typed {
	var r *Typed
	switch {
	case t.connects() && t.Args[0].isLiteral(t.Name == "or"):
		r = t.Args[0]
	case t.connects() && t.Args[0].isLiteral(t.Name != "or"):
		r = t.Args[1]
	case t.Form == FormConditional && t.Args[0].isLiteral(true):
		r = t.Args[1]
	case t.Form == FormConditional && t.Args[0].Form == FormLiteral:
		r = t.Args[2]
	case t.Form == FormCoalesce && t.Args[0].isNil():
		r = t.Args[1]
	case t.Form == FormVariable && t.Args[0].Form == FormLiteral:
		r = t.Args[0]
	}
	// No rewrite makes a literal nil: beside == it means a test for null, which a null that was computed does not.
	if r == nil || r.isNil() || !arrow.TypeEqual(r.Type, t.Type, arrow.CheckMetadata()) {
		return nil
	}
	return r
}

func (t *Typed) isLiteral(v bool) bool { return t.Form == FormLiteral && t.Value == v }

// folded computes a node whose arguments are literals. One that fails stays: it rejects the rows that it is computed for.
func (t *Typed) folded() *Typed {
	if len(t.Args) == 0 || kindOf(t.Type) == kindArray || kindOf(t.Type) == kindNull {
		return t
	}
	for _, a := range t.parts() {
		if a.Form != FormLiteral {
			return t
		}
	}
	if build, _ := plan(t); build == nil {
		return t
	}
	p := &Program{env: &Env{Schema: arrow.NewSchema(nil, nil)}, root: t}
	c := newCompiler()
	c.program = p
	s := &Set{programs: []*Program{p}, mem: memory.DefaultAllocator, roots: []*compiled{c.compile(t)}, shared: c.shared}
	b := batch.New(array.NewRecordBatch(p.env.Schema, nil, 1))
	defer b.Release()
	s.Begin(b)
	defer s.End()
	values, err := s.Eval(0, nil)
	if err != nil {
		return t
	}
	defer values.Release()
	v, err := readValue(values, 0)
	if err != nil || len(s.failures) > 0 || v == nil {
		return t
	}
	if us, ok := v.(micros); ok {
		if v, err = us.duration(); err != nil { // more than a literal holds
			return t
		}
	}
	if text, ok := v.(string); ok {
		v = string([]byte(text)) // of its own
	}
	if b, ok := v.([]byte); ok {
		v = slices.Clone(b)
	}
	return &Typed{Form: FormLiteral, Value: v, Type: t.Type, From: t.From, To: t.To, AST: t.AST}
}

// order puts the cheap ones of several conditions first. Conditions that cannot fail may change places with each other, as the
// result does not depend on their order; none moves over one that can fail, which would be asked for more or fewer rows then.
func (o *optimizer) order(t *Typed) *Typed {
	var sides []*Typed
	var flatten func(s *Typed)
	flatten = func(s *Typed) {
		if s.connects() && s.Name == t.Name {
			flatten(s.Args[0])
			flatten(s.Args[1])
			return
		}
		sides = append(sides, o.of(s))
	}
	flatten(t)
	if len(sides) > maxOrdered {
		r := *t
		r.Args = []*Typed{o.of(t.Args[0]), o.of(t.Args[1])}
		return &r
	}
	for from := 0; from < len(sides); {
		to := from
		for to < len(sides) && !sides[to].canFail() {
			to++
		}
		slices.SortStableFunc(sides[from:to], func(a, b *Typed) int { return cmp.Compare(a.cost(), b.cost()) })
		from = to + 1
	}
	whole := sides[0]
	for _, side := range sides[1:] {
		r := *t
		r.Args = []*Typed{whole, side}
		r.Nullable = whole.Nullable || side.Nullable
		whole = &r
		if c := whole.chosen(); c != nil {
			whole = c
		}
	}
	return whole
}

// maxOrdered bounds the work for a chain of conditions: each of its beginnings is looked at.
const maxOrdered = 64

// cost guesses how many tenths of a nanosecond a row takes.
func (t *Typed) cost() int {
	seen := map[*Typed]bool{}
	var of func(t *Typed) int
	of = func(t *Typed) int {
		if seen[t] {
			return 0
		}
		seen[t] = true
		c := t.ownCost()
		for _, a := range t.parts() {
			c += of(a)
		}
		return c
	}
	return of(t)
}

func (t *Typed) ownCost() int {
	texts := len(t.Args) > 0 && kindOf(t.Args[0].Type) == kindText
	switch t.Form {
	case FormColumn, FormLiteral, FormVariable:
		return 0
	case FormMachine:
		if t.Name == "list" {
			return 0
		}
		return 20_000
	case FormBinary:
		switch {
		case t.Name == "matches":
			return 2_000
		case t.Name == "contains":
			return 200
		case t.Name == "in":
			return 60
		case texts:
			return 30
		}
		return 10
	case FormCall:
		if texts || kindOf(t.Type) == kindText || kindOf(t.Type) == kindArray {
			return 300
		}
		return 50
	case FormSlice, FormElement, FormStruct, FormList:
		return 100
	}
	return 10
}
