package expr

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/expr-lang/expr/ast"

	"flowrun/dag/diag"
	"flowrun/dag/schema"
)

// site is one call of a function of the table.
type site struct {
	fn   *function
	node ast.Node
	raw  []ast.Node
	args []*Typed // of a function with a predicate: only the first
	lazy bool
}

func (s *site) unknown(c *checker) *Typed { return c.unknown(s.args...) }

// place gives a node the place of the call.
func (s *site) place(c *checker, t *Typed) *Typed { return c.at(s.node, t) }

// call makes a node that calls fn with the arguments.
func (s *site) call(c *checker, t arrow.DataType, fn native) *Typed {
	trees := make([]ast.Node, len(s.args))
	for i, a := range s.args {
		trees[i] = a.AST
	}
	tree := call(fn, trees...)
	if s.lazy && len(trees) > 1 {
		tree = c.unlessNull(trees[0], func(v ast.Node) ast.Node { return call(fn, append([]ast.Node{v}, trees[1:]...)...) })
		if slices.ContainsFunc(s.args[1:], (*Typed).canFail) {
			return machineNode(t, s.args, tree).because(whyLazy)
		}
	}
	return assemble(FormCall, s.fn.name, t, s.args, tree)
}

// callNode types a call of what expr does not know: an aggregate, a function of flowrun's, a method.
func (c *checker) callNode(n *ast.CallNode, lazy bool) *Typed {
	switch callee := n.Callee.(type) {
	case *ast.IdentifierNode:
		if name, ok := c.src.aggregates[n.Location().From]; ok {
			if c.take != nil {
				return c.take.call(c, n, name)
			}
			c.aggregateOutside(n, name)
			return c.unknown()
		}
		return c.function(n, callee.Value, n.Arguments)
	case *ast.MemberNode:
		return c.method(n, callee, lazy)
	}
	c.error(codeFunction, c.src.of(n.Callee), "this is no function", "")
	return c.unknown()
}

func (c *checker) aggregateOutside(n ast.Node, name string) {
	if c.inAggregate != "" {
		c.error(codeAggregate, c.src.of(n), fmt.Sprintf("%s stands inside %s, and an aggregate takes no other", name, c.inAggregate), "aggregate the one in a node, the other in the next")
		return
	}
	hint := fmt.Sprintf("take: {x: %s} in an aggregate node", c.src.quote(c.src.of(n)))
	if c.predicates != nil || isListFunction(name) {
		hint += fmt.Sprintf("; over a list it is %s", functions[name].signature)
	}
	c.error(codeAggregate, c.src.of(n), name+" over rows is an aggregate and belongs in take of an aggregate node", hint)
}

func isListFunction(name string) bool {
	f := functions[name]
	return f != nil && f.group == "list"
}

// function types a call by name.
func (c *checker) function(n ast.Node, name string, args []ast.Node) *Typed {
	if x, ok := c.env.Functions[name]; ok {
		return c.extra(n, name, x, c.checkAll(args))
	}
	if name == "get" && len(args) == 2 {
		if id, ok := args[0].(*ast.IdentifierNode); ok && id.Value == "$env" {
			return c.envMember(&ast.MemberNode{Node: args[0], Property: args[1]})
		}
	}
	f := functions[name]
	if f == nil {
		c.unknownFunction(n, name)
		if c.take != nil { // an aggregate may be meant, in which columns are welcome
			c.take.failed = true
			return c.unknown()
		}
		return c.unknown(c.checkAll(args)...)
	}
	s := &site{fn: f, node: n, raw: args}
	if f.predicate != nil {
		if len(args) < f.least || len(args) > f.most {
			c.countProblem(s, len(args), f.least, f.most)
			return c.unknown()
		}
		s.args = c.checkAll(args[:1])
		return f.predicate(c, s)
	}
	s.args = c.checkAll(args)
	return c.resolve(s)
}

func (c *checker) checkAll(nodes []ast.Node) []*Typed {
	out := make([]*Typed, len(nodes))
	for i, n := range nodes {
		out[i] = c.check(n)
	}
	return out
}

// method types at.Year() and the like.
func (c *checker) method(n *ast.CallNode, callee *ast.MemberNode, lazy bool) *Typed {
	base := c.spine(callee.Node, lazy)
	args := append([]*Typed{base}, c.checkAll(n.Arguments)...)
	property, _ := callee.Property.(*ast.StringNode)
	if base.Type == unknownType || property == nil {
		return c.unknown(args...)
	}
	at := c.src.of(callee.Property)
	f := functions["."+property.Value]
	hasMethods := isTime(base.Type) || base.Type == zonedType || base.Type.ID() == arrow.DURATION || isNullType(base.Type)
	switch {
	case !hasMethods && functions[property.Value] != nil:
		c.error(codeFunction, at, fmt.Sprintf("%s is no method of %s", property.Value, article(typeWord(base.Type))),
			fmt.Sprintf("%s is a function: %s(%s)", property.Value, property.Value, c.src.quote(c.src.of(callee.Node))))
		return c.unknown(args...)
	case f == nil || !hasMethods:
		hint := "timestamps and durations have methods, such as at.Year()"
		if near := diag.Suggest("."+property.Value, methodNames()); near != "" && hasMethods {
			hint = fmt.Sprintf("did you mean %s?", near[1:])
		}
		c.error(codeFunction, at, fmt.Sprintf("%s has no method %s", article(typeWord(base.Type)), property.Value), hint)
		return c.unknown(args...)
	}
	return c.resolve(&site{fn: f, node: n, raw: append([]ast.Node{callee.Node}, n.Arguments...), args: args, lazy: lazy})
}

func methodNames() []string {
	var names []string
	for n := range functions {
		if strings.HasPrefix(n, ".") {
			names = append(names, n)
		}
	}
	return names
}

// resolve finds the overload of a call, or lets the function type it itself.
func (c *checker) resolve(s *site) *Typed {
	if s.fn.special != nil {
		if len(s.args) < s.fn.least || s.fn.most >= 0 && len(s.args) > s.fn.most {
			c.countProblem(s, len(s.args), s.fn.least, s.fn.most)
			return s.unknown(c)
		}
		for _, a := range s.args {
			if a.Type == unknownType {
				return s.unknown(c)
			}
		}
		return s.fn.special(c, s)
	}
	method := strings.HasPrefix(s.fn.name, ".")
	least, most := 1<<30, 0
	for _, o := range s.fn.overloads {
		least, most = min(least, len(o.params)-o.optional), max(most, len(o.params))
	}
	if len(s.args) < least || len(s.args) > most {
		if method {
			c.countProblem(s, len(s.args)-1, least-1, most-1)
		} else {
			c.countProblem(s, len(s.args), least, most)
		}
		return s.unknown(c)
	}
	for i, a := range s.args {
		if a.Type == unknownType {
			return s.unknown(c)
		}
		if !method || i > 0 {
			s.args[i] = c.plain(a)
		}
	}
	for _, exact := range []bool{true, false} {
		for i := range s.fn.overloads {
			if o := &s.fn.overloads[i]; o.misfit(s.args, exact) < 0 {
				return c.overloaded(s, o)
			}
		}
	}
	c.noOverload(s)
	return s.unknown(c)
}

// misfit is the first argument that does not fit, -1 if all do, or the number of arguments if that is wrong.
func (o *overload) misfit(args []*Typed, exact bool) int {
	if len(args) < len(o.params)-o.optional || len(args) > len(o.params) {
		return len(args)
	}
	for i, a := range args {
		switch {
		case isNullType(a.Type):
		case schema.Equal(a.Type, o.params[i]):
		case exact || !convertible(a.Type, o.params[i]):
			return i
		}
	}
	return -1
}

// noOverload points at the argument that the best overload cannot take.
func (c *checker) noOverload(s *site) {
	at, wanted := -1, []string{}
	for i := range s.fn.overloads {
		o := &s.fn.overloads[i]
		m := o.misfit(s.args, false)
		if m >= len(s.args) || m < at {
			continue
		}
		if m > at {
			at, wanted = m, nil
		}
		if word := article(typeWord(o.params[m])); word != "an any" && !slices.Contains(wanted, word) {
			wanted = append(wanted, word)
		}
	}
	if at < 0 {
		c.error(codeArguments, c.src.of(s.node), "no use of "+strings.TrimPrefix(s.fn.name, ".")+" has these arguments", s.hint())
		return
	}
	c.badArgument(s, at, strings.Join(wanted, " or "))
}

// hint is how the function is called.
func (s *site) hint() string { return s.fn.signature + ": " + s.fn.doc }

// badArgument reports the type of an argument.
func (c *checker) badArgument(s *site, i int, wanted string) {
	a := s.args[i]
	name, n := s.fn.name, i+1
	if strings.HasPrefix(name, ".") {
		name, n = name[1:], i
	}
	which := fmt.Sprintf("argument %d of %s", n, name)
	if len(s.args) == 1 {
		which = "the argument of " + name
	}
	hint := s.hint()
	if wanted == "a timestamp" && a.Type.ID() == arrow.STRING {
		hint = `make the text a timestamp: date("2026-01-31T12:00:00Z")`
	}
	if wanted == "a duration" && a.Type.ID() == arrow.STRING {
		hint = `make the text a duration: duration("1h30m")`
	}
	if a.Type == dynamicType {
		hint = "cast the value out of fromJSON: int(x), float(x), string(x), bool(x)"
	}
	if name == "concat" && a.Type.ID() == arrow.STRING {
		hint = "texts are joined by +; " + hint
	}
	if aggregates[name] != nil && !isList(a.Type) && a.Type != dynamicType {
		hint += fmt.Sprintf(" Over rows, %s belongs in take of an aggregate node.", name)
	}
	c.error(codeArguments, span{a.From, a.To}, fmt.Sprintf("%s must be %s, this is %s", which, wanted, article(typeWord(a.Type))), hint)
}

// countProblem reports a wrong number of arguments.
func (c *checker) countProblem(s *site, got, least, most int) {
	name := strings.TrimPrefix(s.fn.name, ".")
	var takes string
	switch {
	case most < 0:
		takes = fmt.Sprintf("at least %s", arguments(least))
	case least == most:
		takes = arguments(least)
	case most == least+1:
		takes = fmt.Sprintf("%d or %d arguments", least, most)
	default:
		takes = fmt.Sprintf("%d to %s", least, arguments(most))
	}
	c.error(codeArguments, c.src.of(s.node), fmt.Sprintf("%s takes %s, not %d", name, takes, got), s.hint())
}

func arguments(n int) string {
	switch n {
	case 0:
		return "no argument"
	case 1:
		return "1 argument"
	}
	return fmt.Sprintf("%d arguments", n)
}

// overloaded makes the node of a call whose overload was found.
func (c *checker) overloaded(s *site, o *overload) *Typed {
	literals, fixed := make([]any, len(s.args)), len(s.args) > 0
	for i, a := range s.args {
		if !(a.Type == zonedType && o.params[i] == zonedType) {
			s.args[i] = c.convert(a, o.params[i])
		}
		if s.args[i].Form == FormLiteral {
			literals[i] = machineValue(s.args[i].Value)
		}
		fixed = fixed && literals[i] != nil
	}
	fn := o.call
	if o.compile != nil {
		compiled, err := o.compile(literals)
		if err != nil {
			bad := s.args[len(s.args)-1]
			if r, ok := err.(*rejection); ok && r.reason == reasonRegex {
				bad = s.args[1]
			}
			c.badLiteral(bad, err)
			return s.unknown(c)
		}
		if compiled != nil {
			fn = compiled
		}
	}
	if fixed {
		if t, done := c.fold(s, o, fn, literals); done {
			return t
		}
	}
	t := s.call(c, o.result, strictly(fn))
	if zone, ok := s.args[len(s.args)-1].Value.(*time.Location); ok && s.fn.name == ".In" && s.args[0].Type.ID() == arrow.TIMESTAMP {
		t = &Typed{Form: FormCall, Name: ".In", Value: zone, Args: s.args[:1], Type: o.result, Nullable: s.args[0].Nullable, AST: t.AST}
	}
	t.Nullable = t.Nullable || o.nullable
	return t
}

// fold computes what makes a time of literals before the run, and says when it cannot work. Other calls of literals run as
// any call, so that int("x") rejects rows.
func (c *checker) fold(s *site, o *overload, fn func([]any) (any, error), literals []any) (*Typed, bool) {
	switch s.fn.name {
	case "date", "duration", "timezone", "timestamp":
	default:
		return nil, false
	}
	v, err := fn(literals)
	if err != nil {
		c.badLiteral(s.args[0], err)
		return s.unknown(c), true
	}
	l := literal(v, o.result)
	if o.result == zoneType {
		l.Form = FormMachine
	}
	return s.place(c, l), true
}

// extra types a call of a function that this place adds to the language.
func (c *checker) extra(n ast.Node, name string, x Extra, args []*Typed) *Typed {
	if c.sites == nil {
		c.sites = map[ast.Node]int{}
	}
	number, ok := c.sites[n]
	if !ok {
		number = len(c.sites)
		c.sites[n] = number
	}
	types, trees := make([]arrow.DataType, len(args)), make([]ast.Node, len(args))
	for i, a := range args {
		args[i] = c.plain(a)
		if a.Type == unknownType {
			return c.unknown(args...)
		}
		types[i], trees[i] = args[i].Type, args[i].AST
	}
	t, err := x.Result(types)
	if err != nil {
		c.error(codeArguments, c.src.of(n), name+" "+err.Error(), x.Doc)
		return c.unknown(args...)
	}
	m := machineNode(t, args, withRow(func(r *rowState, args []any) any { return callExtra(x, Site{Call: number, Row: r.site}, args) }, trees...))
	m.Nullable = true
	return m.because(whyExtra)
}
