package expr

import (
	"fmt"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/expr-lang/expr/ast"

	"flowrun/dag/diag"
	"flowrun/dag/schema"
)

// Take is a `take` entry: aggregate calls and what is made of their results.
type Take struct {
	Text  string
	Calls []Call
	// Post computes the entry from a batch whose columns are the calls' results, in order; nil: the entry is Calls[0].
	Post     *Program
	Type     arrow.DataType
	Nullable bool
}

// Call is one aggregate call.
type Call struct {
	Func     string     // without the _if: "count", "sum", "max_by"
	Args     []*Program // of count(): none; of avg, stddev, var, median and quantiles: one of type float
	If       *Program   // nil: every row; else only rows for which it is true
	Quantile float64    // of quantile and quantile_approx
	Type     arrow.DataType
	Nullable bool
}

// CompileTake parses and types a `take` entry over the columns of the aggregate's input. The Take is nil when the list has errors,
// and when env.Schema is nil.
func CompileTake(text diag.Text, env *Env) (*Take, diag.List) {
	src, node, list := parse(text, true)
	if node == nil {
		return nil, list
	}
	t := &taker{env: env, places: map[string]int{}}
	c := &checker{src: src, env: &Env{Of: env.Of, Functions: env.Functions, Schema: arrow.NewSchema(nil, nil)}, take: t}
	root := c.plain(c.check(node))
	if len(t.calls) == 0 && !t.failed && !c.list.HasErrors() {
		c.error(codeAggregate, c.src.of(node), "there is no aggregate in this entry of take", fmt.Sprintf("put it in by, or wrap it: first(%s)", c.src.quote(c.src.of(node))))
	}
	if !c.list.HasErrors() && env.Schema != nil {
		c.leaves(root, node)
	}
	list.Add(c.list...)
	list.Sort()
	if list.HasErrors() || env.Schema == nil {
		return nil, list
	}
	take := &Take{Text: text.Value, Calls: t.calls, Type: root.Type, Nullable: root.Nullable}
	if root.Form != FormColumn || len(t.calls) > 1 {
		take.Post = &Program{text: text, env: &Env{Schema: arrow.NewSchema(t.fields, nil), Of: "take"}, root: root}
	}
	return take, list
}

// taker collects the aggregate calls of an entry. To the rest of the entry a call is a column of its results.
type taker struct {
	env    *Env
	calls  []Call
	fields []arrow.Field
	places map[string]int // of calls, by their text: equal calls are computed once
	failed bool           // a call had errors
}

// bare reports a column outside of any aggregate.
func (t *taker) bare(c *checker, n ast.Node, name string) *Typed {
	t.failed = true
	switch {
	case t.env.Schema == nil:
	case !hasColumn(t.env, name):
		c.error(codeColumn, c.src.of(n), fmt.Sprintf("unknown column %q", name), t.env.columnHint(name))
	default:
		c.error(codeAggregate, c.src.of(n), fmt.Sprintf("%s has many values in a group, and the entry wants one", name), fmt.Sprintf("put it in by, or wrap it: first(%s)", name))
	}
	return c.unknown()
}

func hasColumn(e *Env, name string) bool {
	_, ok := e.index(name)
	return ok
}

// call types an aggregate call and gives the column of its results.
func (t *taker) call(c *checker, n *ast.CallNode, name string) *Typed {
	sp := c.src.of(n)
	text := c.src.quote(sp)
	at, known := t.places[text]
	if !known {
		call, ok := t.compile(c, n, name)
		if !ok {
			t.failed = true
			return c.unknown()
		}
		at = len(t.calls)
		t.places[text] = at
		t.calls = append(t.calls, call)
		t.fields = append(t.fields, arrow.Field{Name: text, Type: call.Type, Nullable: call.Nullable})
	}
	f := t.fields[at]
	return &Typed{Form: FormColumn, Name: f.Name, Index: at, Type: f.Type, Nullable: f.Nullable, AST: loadColumn(at)}
}

func (t *taker) compile(c *checker, n *ast.CallNode, name string) (Call, bool) {
	a, conditional := aggregateOf(name)
	args := n.Arguments
	least, most := a.args, a.args
	if a.name == "count" {
		least = 0
	}
	signature := a.signature
	if conditional {
		least, most = least+1, most+1
		signature = fmt.Sprintf("%s with a condition as its last argument", name)
	}
	if len(args) < least || len(args) > most {
		c.countProblem(&site{fn: &function{name: name, signature: signature, doc: a.doc}, node: n}, len(args), least, most)
		return Call{}, false
	}
	call := Call{Func: a.name, Nullable: a.nullable}
	ok := true
	if conditional {
		condition, fine := t.argument(c, name, args[len(args)-1], func(typed *Typed) string {
			if !schema.Equal(typed.Type, schema.Bool) {
				return "the condition of " + name + " must be a bool"
			}
			return ""
		}, false)
		call.If, ok = condition, fine
		args = args[:len(args)-1]
	}
	if a.share {
		p, fine := t.share(c, a.name, args[1])
		call.Quantile, ok = p, ok && fine
		args = args[:1]
	}
	var first arrow.DataType
	for i, arg := range args {
		p, fine := t.argument(c, name, arg, func(typed *Typed) string {
			switch {
			case i == 0 && !a.wants(typed.Type):
				return fmt.Sprintf("%s wants %s", name, a.wanted)
			case i == 1 && !isOrdered(typed.Type):
				return fmt.Sprintf("%s orders rows by a number, text or time", name)
			}
			return ""
		}, a.float && i == 0)
		if ok = ok && fine; fine {
			call.Args = append(call.Args, p)
			if i == 0 {
				first = p.Type()
			}
		}
	}
	if !ok {
		return Call{}, false
	}
	call.Type = a.result(first)
	return call, true
}

// argument compiles an argument over the rows of the input. problem says what is wrong with its type.
func (t *taker) argument(c *checker, name string, n ast.Node, problem func(*Typed) string, float bool) (*Program, bool) {
	inner := &checker{src: c.src, env: t.env, inAggregate: name, visits: c.visits}
	root := inner.root(n)
	c.visits = inner.visits
	c.list.Add(inner.list...)
	if inner.list.HasErrors() || t.env.Schema == nil || root.Type == unknownType {
		return nil, false
	}
	if message := problem(root); message != "" {
		c.error(codeArguments, c.src.of(n), message+", this is "+article(typeWord(root.Type)), commonHint(root.Type, schema.Int))
		return nil, false
	}
	if float {
		root = inner.convert(root, schema.Float)
	}
	sp := c.src.of(n)
	text := diag.Text{Value: c.src.quote(sp), At: c.src.at(sp), Map: func(from, to int) diag.Span { return c.src.text.Slice(sp.from+from, sp.from+to) }}
	return &Program{text: text, env: t.env, root: shift(root, sp.from, map[*Typed]*Typed{})}, true
}

// share reads the p of quantile(x, p), which must be a literal.
func (t *taker) share(c *checker, name string, n ast.Node) (float64, bool) {
	inner := &checker{src: c.src, env: t.env, inAggregate: name, visits: c.visits}
	v := inner.check(n)
	c.list.Add(inner.list...)
	var p float64
	switch x := v.Value.(type) {
	case int64:
		p = float64(x)
	case float64:
		p = x
	default:
		p = -1
	}
	if v.Form != FormLiteral || !(p >= 0 && p <= 1) {
		c.error(codeArguments, c.src.of(n), "the share of "+name+" must be a number from 0 to 1", "as in "+name+"(x, 0.95)")
		return 0, false
	}
	return p, true
}

// leaves checks that the entry's value can leave the language.
func (c *checker) leaves(root *Typed, n ast.Node) {
	if !columnar(root.Type) || isNullType(root.Type) {
		c.error(codeCast, c.src.of(n), "the type of the result is "+typeWord(root.Type)+", which no column can have", "")
	}
}

// shift copies a tree with its places counted from another start.
func shift(t *Typed, by int, done map[*Typed]*Typed) *Typed {
	if s := done[t]; s != nil {
		return s
	}
	s := *t
	done[t] = &s
	s.From, s.To = t.From-by, t.To-by
	s.Args = make([]*Typed, len(t.Args))
	for i, a := range t.Args {
		s.Args[i] = shift(a, by, done)
	}
	return &s
}
