package expr

import (
	"fmt"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/expr-lang/expr/ast"

	"flowrun/dag/diag"
	"flowrun/dag/schema"
)

// Compile parses and types an expression. The Program is nil when the list has errors, and when env.Schema is nil. All
// that is wrong with the types is in the list; a mistake in the syntax is alone.
func Compile(text diag.Text, env *Env) (*Program, diag.List) { return compile(text, env, nil) }

// CompileAs is Compile where the result is converted to a type, if that can be done without saying so, as an int becomes a
// float. Where it cannot, the Program has its own type.
func CompileAs(text diag.Text, env *Env, want arrow.DataType) (*Program, diag.List) {
	return compile(text, env, want)
}

// Common is the type that values of two types have together, as the branches of a condition do; ok is false where there is none.
func Common(a, b arrow.DataType) (t arrow.DataType, ok bool) { return commonType(a, b) }

func compile(text diag.Text, env *Env, want arrow.DataType) (*Program, diag.List) {
	src, node, list := parse(text, false)
	if node == nil {
		return nil, list
	}
	c := &checker{src: src, env: env}
	root := c.root(node)
	if want != nil && env.Schema != nil && !c.list.HasErrors() {
		if t, ok := commonType(root.Type, want); ok && schema.Equal(t, want) {
			root = c.convert(root, want)
		}
	}
	list.Add(c.list...)
	list.Sort()
	if list.HasErrors() || env.Schema == nil {
		return nil, list
	}
	return &Program{text: text, env: env, root: root}, list
}

// checker types a syntax tree and rewrites it for the machine on the way. It goes on behind a mistake: what is wrong has
// unknownType, about which nothing more is said.
type checker struct {
	src        *source
	env        *Env
	list       diag.List
	variables  int // how many names were made up
	lets       []letVariable
	predicates []*predicate
	sites      map[ast.Node]int // numbers of calls of extra functions
	visits     int
	take       *taker // in `take`: what collects the aggregate calls
	// inAggregate names the aggregate whose arguments are checked.
	inAggregate string
}

// letVariable is a variable in scope: its name in the text and in the tree, and its type.
type letVariable struct {
	name, inner string
	t           *Typed
}

// maxVisits bounds the work: a chained comparison shares its middle, so that nested ones have far more paths than nodes.
const maxVisits = 50_000

// root types the whole expression, whose value leaves the language.
func (c *checker) root(n ast.Node) *Typed {
	t := c.plain(c.check(n))
	sp := c.src.of(n)
	switch {
	case c.list.HasErrors() || c.env.Schema == nil:
	case isNullType(t.Type):
		c.error(codeCast, sp, "the expression is always nil, and its type is not known", "give it one: int(nil), string(nil)")
	case t.Type == dynamicType:
		c.error(codeCast, sp, "the type of a value out of fromJSON is not known before the run", "cast it: int(x), float(x), string(x), bool(x)")
	case t.Type == zoneType:
		c.error(codeCast, sp, "a time zone is not a value for a column", "")
	case !columnar(t.Type):
		c.error(codeCast, sp, "the type of the result is "+typeWord(t.Type)+", which no column can have", "give the elements a type, as in map(list, int(#))")
	}
	return t
}

// maxErrors is how many errors of one expression are listed.
const maxErrors = 30

func (c *checker) error(code diag.Code, sp span, message, hint string) {
	if len(c.list) >= maxErrors {
		return
	}
	if hint == "" {
		hint = codeHints[code]
	}
	c.list.Add(diag.Diagnostic{Code: code, Message: message, Hint: hint, At: c.src.at(sp)})
}

// codeHints say what to do where nothing better can be guessed from the place of the mistake.
var codeHints = map[diag.Code]string{
	codeFunction:  "the functions are listed in docs/expressions.md; a column is written without brackets",
	codeArguments: "docs/expressions.md shows how each function is called",
	codeOperands:  "convert one side: int(x), float(x), string(x), bool(x), date(x)",
	codeCommon:    "convert one of them: int(x), float(x), string(x)",
	codeMember:    "a.b is a field of a struct, a[0] an element of a list, m[\"key\"] an entry of a map",
	codeCast:      "say its type: int(x), float(x), string(x), bool(x)",
	codeAggregate: "aggregates stand in take of an aggregate node: take: {n: count()}",
	codeLiteral:   "change the literal, or compute it from a column, which is read row by row",
	codeLimit:     "split it over several derive nodes",
	codeScope:     "# is the element inside a predicate, as in filter(list, # > 1)",
	codeSyntax:    "an expression is one value made of columns, such as temp * 9 / 5 + 32",
}

// check types a node.
func (c *checker) check(n ast.Node) *Typed {
	if c.visits++; c.visits > maxVisits {
		if c.visits == maxVisits+1 {
			c.error(codeLimit, span{0, len(c.src.runes)}, "the expression is too complex", "split it over several columns of a derive")
		}
		return c.at(n, &Typed{Form: FormMachine, Type: unknownType, Nullable: true, AST: &ast.NilNode{}})
	}
	return c.at(n, c.node(n))
}

// at gives a typed node its place.
func (c *checker) at(n ast.Node, t *Typed) *Typed {
	sp := c.src.of(n)
	t.From, t.To = sp.from, sp.to
	return t
}

func (c *checker) node(n ast.Node) *Typed {
	switch n := n.(type) {
	case *ast.NilNode:
		return literal(nil, arrow.Null)
	case *ast.IntegerNode:
		return literal(int64(n.Value), schema.Int)
	case *ast.FloatNode:
		return literal(n.Value, schema.Float)
	case *ast.BoolNode:
		return literal(n.Value, schema.Bool)
	case *ast.StringNode:
		return literal(n.Value, schema.String)
	case *ast.BytesNode:
		return literal(n.Value, schema.Bytes)
	case *ast.IdentifierNode:
		return c.name(n, n.Value)
	case *ast.PointerNode:
		return c.pointer(n)
	case *ast.UnaryNode:
		return c.unary(n)
	case *ast.BinaryNode:
		return c.binary(n)
	case *ast.ConditionalNode:
		return c.conditional(n)
	case *ast.ChainNode:
		return c.spine(n.Node, true)
	case *ast.MemberNode:
		return c.member(n, false)
	case *ast.SliceNode:
		return c.slice(n, false)
	case *ast.CallNode:
		return c.callNode(n, false)
	case *ast.BuiltinNode:
		return c.function(n, n.Name, n.Arguments)
	case *ast.VariableDeclaratorNode:
		return c.let(n)
	case *ast.SequenceNode:
		return c.sequence(n)
	case *ast.ArrayNode:
		return c.listLiteral(n)
	case *ast.MapNode:
		return c.mapLiteral(n)
	}
	c.error(codeSyntax, c.src.of(n), fmt.Sprintf("%s cannot stand here", c.src.quote(c.src.of(n))), "")
	return c.unknown()
}

// unknown is what a mistake has in the tree.
func (c *checker) unknown(args ...*Typed) *Typed {
	return machineNode(unknownType, args, &ast.NilNode{})
}

// literal makes a node of a value of the machine.
func literal(v any, t arrow.DataType) *Typed {
	l := &Typed{Form: FormLiteral, Value: v, Type: t, Nullable: v == nil, AST: constant(v)}
	if d, ok := v.(micros); ok {
		l.Value = time.Duration(d) * time.Microsecond
	}
	return l
}

// machineNode makes a node that runs on the machine as a whole. It can be null where one of args can.
func machineNode(t arrow.DataType, args []*Typed, tree ast.Node) *Typed {
	m := &Typed{Form: FormMachine, Type: t, Args: columnsOf(args), AST: tree, Why: whyType(t)}
	for _, a := range args {
		m.Nullable = m.Nullable || a.Nullable
		if m.Why == "" {
			m.Why = whyType(a.Type)
		}
	}
	return m
}

// because says why a node runs on the machine, unless that is known.
func (t *Typed) because(why string) *Typed {
	if t.Form == FormMachine && t.Why == "" {
		t.Why = why
	}
	return t
}

// columnsOf lists the columns that nodes read, each once.
func columnsOf(nodes []*Typed) []*Typed {
	var out []*Typed
	columns, seen := map[int]bool{}, map[*Typed]bool{}
	var walk func(nodes []*Typed)
	walk = func(nodes []*Typed) {
		for _, t := range nodes {
			if seen[t] { // variables are nodes with several parents
				continue
			}
			seen[t] = true
			if t.Form == FormColumn && !columns[t.Index] {
				columns[t.Index] = true
				out = append(out, t)
			}
			walk(t.Args)
		}
	}
	walk(nodes)
	return out
}

// name types a name that is no function: a variable, else a column.
func (c *checker) name(n ast.Node, name string) *Typed {
	for i := len(c.lets) - 1; i >= 0; i-- {
		if v := c.lets[i]; v.name == name {
			return assemble(FormVariable, v.inner, v.t.Type, []*Typed{v.t}, variable(v.inner))
		}
	}
	if name == "$env" {
		c.error(codeColumn, c.src.of(n), "$env is the row as a whole and has no type of its own", `name the column that you want: $env["user id"]`)
		return c.unknown()
	}
	return c.column(n, name)
}

// column types a column of the row.
func (c *checker) column(n ast.Node, name string) *Typed {
	if c.take != nil {
		return c.take.bare(c, n, name)
	}
	if c.env.Schema == nil {
		return c.unknown()
	}
	i, ok := c.env.index(name)
	if !ok {
		c.error(codeColumn, c.src.of(n), fmt.Sprintf("unknown column %q", name), c.env.columnHint(name))
		return c.unknown()
	}
	f := c.env.Schema.Field(i)
	return &Typed{Form: FormColumn, Name: name, Index: i, Type: f.Type, Nullable: f.Nullable, AST: loadColumn(i)}
}

func (c *checker) let(n *ast.VariableDeclaratorNode) *Typed {
	value := c.check(n.Value)
	v := letVariable{name: n.Name, inner: c.fresh(), t: value}
	c.lets = append(c.lets, v)
	body := c.check(n.Expr)
	c.lets = c.lets[:len(c.lets)-1]
	tree := &ast.VariableDeclaratorNode{Name: v.inner, Value: value.AST, Expr: body.AST}
	t := assemble(FormLet, "let", body.Type, []*Typed{value, body}, tree)
	if body.Form == FormMachine { // which computes the value as well
		t = machineNode(body.Type, []*Typed{value, body}, tree).because(body.Why)
	}
	t.Nullable = body.Nullable
	return t
}

// sequence types `a; b`, whose value is the last one's.
func (c *checker) sequence(n *ast.SequenceNode) *Typed {
	parts, trees := make([]*Typed, len(n.Nodes)), make([]ast.Node, len(n.Nodes))
	for i, p := range n.Nodes {
		parts[i] = c.check(p)
		trees[i] = parts[i].AST
	}
	last := parts[len(parts)-1]
	t := assemble(FormSequence, ";", last.Type, parts, &ast.SequenceNode{Nodes: trees})
	t.Nullable = last.Nullable
	return t
}

func (c *checker) conditional(n *ast.ConditionalNode) *Typed {
	test := c.plain(c.check(n.Cond))
	if !isNullType(test.Type) && !c.is(test, schema.Bool) {
		c.error(codeOperands, c.src.of(n.Cond), "a condition must be a bool, this is "+article(typeWord(test.Type)), truthHint(test.Type))
		test = c.unknown(test)
	}
	test = c.typed(test, schema.Bool)
	then, otherwise, t, ok := c.common(c.check(n.Exp1), c.check(n.Exp2))
	if !ok {
		c.error(codeCommon, c.src.of(n), fmt.Sprintf("the branches have no common type: %s and %s", typeWord(then.Type), typeWord(otherwise.Type)), commonHint(then.Type, otherwise.Type))
		return c.unknown(test, then, otherwise)
	}
	tree := choose(isTrue(test.AST), then.AST, otherwise.AST)
	r := assemble(FormConditional, "?:", t, []*Typed{test, then, otherwise}, tree)
	r.Nullable = then.Nullable || otherwise.Nullable
	return r
}

func truthHint(t arrow.DataType) string {
	switch {
	case isNumber(t):
		return "compare it, as in x != 0"
	case t.ID() == arrow.STRING:
		return `compare it, as in x != "", or read it with bool(x)`
	}
	return "compare it with something"
}

// common converts two nodes to their common type.
func (c *checker) common(a, b *Typed) (*Typed, *Typed, arrow.DataType, bool) {
	a, b = c.plain(a), c.plain(b)
	t, ok := commonType(a.Type, b.Type)
	if !ok {
		return a, b, nil, false
	}
	return c.convert(a, t), c.convert(b, t), t, true
}
