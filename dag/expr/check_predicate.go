package expr

import (
	"fmt"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/expr-lang/expr/ast"

	"flowrun/dag/schema"
)

// predicate is what # and #acc mean in the part of a text that runs once per element.
type predicate struct {
	elem arrow.DataType
	acc  arrow.DataType // of reduce; else nil
}

// pointer types #, #index and #acc.
func (c *checker) pointer(n *ast.PointerNode) *Typed {
	if len(c.predicates) == 0 {
		c.error(codeScope, c.src.of(n), "# stands for the element of a list inside a predicate", "as in filter(list, # > 1)")
		return c.unknown()
	}
	p := c.predicates[len(c.predicates)-1]
	t := p.elem
	var tree ast.Node = &ast.PointerNode{Name: n.Name}
	nullable := false
	switch n.Name {
	case "":
	case "index":
		t, tree = schema.Int, asInt64(tree)
	case "acc":
		t, nullable = p.acc, true
		if t == nil {
			c.error(codeScope, c.src.of(n), "#acc has a meaning only in reduce", "as in reduce(list, #acc + #, 0)")
			t = unknownType
		}
	default:
		c.error(codeScope, c.src.of(n), fmt.Sprintf("#%s does not exist", n.Name), "there are #, #index and, in reduce, #acc")
		t = unknownType
	}
	r := machineNode(t, nil, tree)
	r.Nullable = nullable
	return r
}

// asInt64 makes the int of expr's machine one of ours.
func asInt64(n ast.Node) ast.Node {
	return call(func(args ...any) any {
		if v, ok := args[0].(int); ok {
			return int64(v)
		}
		return args[0]
	}, n)
}

// loopOver types a call whose first argument is a list. elem is unknownType where that is wrong.
func (c *checker) loopOver(s *site) (elem arrow.DataType) {
	list := c.plain(s.args[0])
	s.args[0] = list
	switch {
	case list.Type == unknownType:
		return unknownType
	case isList(list.Type):
		return elemOf(list.Type)
	case isNullType(list.Type):
		s.args[0] = c.convert(list, listOf(arrow.Null))
		return arrow.Null
	case list.Type == dynamicType:
		at := *list
		s.args[0] = machineNode(listOf(dynamicType), []*Typed{list}, call(strictly1(dynamicList(s.fn.name)), list.AST))
		s.args[0].From, s.args[0].To = at.From, at.To
		return dynamicType
	}
	c.badArgument(s, 0, "a list")
	return unknownType
}

// body types what runs once per element.
func (c *checker) body(n ast.Node, p *predicate) *Typed {
	c.predicates = append(c.predicates, p)
	defer func() { c.predicates = c.predicates[:len(c.predicates)-1] }()
	if wrapped, ok := n.(*ast.PredicateNode); ok {
		n = wrapped.Node
	}
	return c.plain(c.check(n))
}

// The nodes of a loop. Null elements are skipped: no predicate sees one.
func element() ast.Node { return &ast.PointerNode{} }

func guarded(body *Typed) ast.Node {
	return &ast.PredicateNode{Node: choose(isNull(element()), &ast.BoolNode{}, truthOf(body))}
}

// unguarded is a test for which a null element counts as one that passes.
func unguarded(body *Typed) ast.Node {
	return &ast.PredicateNode{Node: choose(isNull(element()), &ast.BoolNode{Value: true}, truthOf(body))}
}

// truthOf tests for true; what never is null needs no test of its own.
func truthOf(body *Typed) ast.Node {
	if !body.Nullable && schema.Equal(body.Type, schema.Bool) {
		return body.AST
	}
	return isTrue(body.AST)
}

// collect makes the list of what body is for the elements that are not null.
func collect(list, body ast.Node) ast.Node {
	present := call(func(args ...any) any { return args[0] != nil }, element())
	return &ast.BuiltinNode{Name: "filter", Arguments: []ast.Node{list, &ast.PredicateNode{Node: present}}, Map: body}
}

// loop makes the node of a call with a predicate: null for a null list, else what make gives for the list.
func (c *checker) loop(s *site, t arrow.DataType, more []*Typed, make func(list ast.Node) ast.Node) *Typed {
	list := s.args[0]
	args := append([]*Typed{list}, more...)
	tree := c.unlessNull(list.AST, make)
	r := machineNode(t, args, tree).because(whyPredicate)
	r.Name, r.Nullable = s.fn.name, list.Nullable
	for _, m := range more {
		if m.Type == unknownType {
			r.Type = unknownType
		}
	}
	return r
}

func predicateFunctions() []*function {
	test := func(name, doc string, t func(elem arrow.DataType) arrow.DataType, nullable bool, finish func(list ast.Node, body *Typed) ast.Node) *function {
		return &function{name: name, signature: name + "(list, predicate)", doc: doc, least: 2, most: 2,
			predicate: func(c *checker, s *site) *Typed {
				elem := c.loopOver(s)
				body := c.truth(s, s.raw[1], elem)
				if elem == unknownType {
					return c.unknown(s.args[0], body)
				}
				r := c.loop(s, t(elem), []*Typed{body}, func(list ast.Node) ast.Node { return finish(list, body) })
				r.Nullable = r.Nullable || nullable
				return r
			}}
	}
	builtin := func(name string) func(list ast.Node, body *Typed) ast.Node {
		return func(list ast.Node, body *Typed) ast.Node {
			return &ast.BuiltinNode{Name: name, Arguments: []ast.Node{list, guarded(body)}}
		}
	}
	number := func(name string) func(list ast.Node, body *Typed) ast.Node {
		return func(list ast.Node, body *Typed) ast.Node { return asInt64(builtin(name)(list, body)) }
	}
	truth := func(arrow.DataType) arrow.DataType { return schema.Bool }
	integer := func(arrow.DataType) arrow.DataType { return schema.Int }
	itself := func(elem arrow.DataType) arrow.DataType { return elem }
	return []*function{
		test("all", "Whether the predicate is true for every element.", truth, false, func(list ast.Node, body *Typed) ast.Node {
			return &ast.BuiltinNode{Name: "all", Arguments: []ast.Node{list, unguarded(body)}}
		}),
		test("any", "Whether the predicate is true for some element.", truth, false, builtin("any")),
		test("none", "Whether the predicate is true for no element.", truth, false, builtin("none")),
		test("one", "Whether the predicate is true for exactly one element.", truth, false, builtin("one")),
		test("filter", "The elements for which the predicate is true.", listOf, false, builtin("filter")),
		test("find", "The first element for which the predicate is true; null if there is none.", itself, true, builtin("find")),
		test("findLast", "The last element for which the predicate is true; null if there is none.", itself, true, builtin("findLast")),
		test("findIndex", "Where the first such element is, from 0; null if there is none.", integer, true, number("findIndex")),
		test("findLastIndex", "Where the last such element is, from 0; null if there is none.", integer, true, number("findLastIndex")),
		{name: "count", signature: "count(list[, predicate])", doc: "How many elements the predicate is true for; without one, how many are true.",
			least: 1, most: 2, predicate: countCall},
		{name: "map", signature: "map(list, expression)", doc: "The list of what the expression is for each element.", least: 2, most: 2, predicate: mapCall},
		{name: "sum", signature: "sum(list[, expression])", doc: "The sum of numbers or durations, or of what the expression is for each element; 0 of an empty list.",
			least: 1, most: 2, predicate: sumCall},
		{name: "reduce", signature: "reduce(list, expression[, start])", doc: "The last value of the expression, in which #acc is its value for the element before. Without a start the first element is it, and an empty list rejects the row.",
			least: 2, most: 3, predicate: reduceCall},
		{name: "groupBy", signature: "groupBy(list, key)", doc: "A map from each key, a string, to the list of elements that have it.", least: 2, most: 2, predicate: groupCall},
		{name: "sortBy", signature: `sortBy(list, key[, "desc"])`, doc: "The elements in the order of their keys; those whose key is null come first, or last in descending order.",
			least: 2, most: 3, predicate: sortByCall},
	}
}

// truth types a predicate, which must be a bool.
func (c *checker) truth(s *site, n ast.Node, elem arrow.DataType) *Typed {
	body := c.body(n, &predicate{elem: elem})
	if !c.is(body, schema.Bool) && !isNullType(body.Type) {
		c.error(codeArguments, c.src.of(n), fmt.Sprintf("the predicate of %s must be a bool, this is %s", s.fn.name, article(typeWord(body.Type))), s.hint())
		return c.unknown(body)
	}
	return body
}

func countCall(c *checker, s *site) *Typed {
	elem := c.loopOver(s)
	body := machineNode(elem, nil, element())
	if len(s.raw) == 2 {
		body = c.truth(s, s.raw[1], elem)
	} else if elem != unknownType && !isNullType(elem) && !schema.Equal(elem, schema.Bool) {
		c.error(codeArguments, c.src.of(s.node), "count of a list counts elements that are true, and these are "+typeWord(elem), "how many there are is len(list); count(list, predicate) counts some")
		body = c.unknown(body)
	}
	if elem == unknownType {
		return c.unknown(s.args[0], body)
	}
	return c.loop(s, schema.Int, []*Typed{body}, func(list ast.Node) ast.Node {
		return asInt64(&ast.BuiltinNode{Name: "count", Arguments: []ast.Node{list, guarded(body)}})
	})
}

func mapCall(c *checker, s *site) *Typed {
	elem := c.loopOver(s)
	body := c.body(s.raw[1], &predicate{elem: elem})
	if elem == unknownType || body.Type == unknownType {
		return c.unknown(s.args[0], body)
	}
	return c.loop(s, listOf(body.Type), []*Typed{body}, func(list ast.Node) ast.Node { return collect(list, body.AST) })
}

func sumCall(c *checker, s *site) *Typed {
	elem := c.loopOver(s)
	body := machineNode(elem, nil, element())
	if len(s.raw) == 2 {
		body = c.body(s.raw[1], &predicate{elem: elem})
	}
	if elem == unknownType || body.Type == unknownType {
		return c.unknown(s.args[0], body)
	}
	var zero any
	t := body.Type
	switch t.ID() {
	case arrow.INT64, arrow.NULL:
		t, zero = schema.Int, int64(0)
	case arrow.FLOAT64:
		zero = float64(0)
	case arrow.DURATION:
		zero = micros(0)
	default:
		c.error(codeArguments, c.src.of(s.node), "sum wants numbers or durations, these are "+typeWord(t), castOr(t, s.hint()))
		return c.unknown(s.args[0], body)
	}
	step := func(args ...any) any {
		if args[1] == nil {
			return args[0]
		}
		v, err := add(args[0], args[1])
		if err != nil {
			panic(err)
		}
		return v
	}
	return c.loop(s, t, []*Typed{body}, func(list ast.Node) ast.Node {
		next := call(step, &ast.PointerNode{Name: "acc"}, choose(isNull(element()), &ast.NilNode{}, body.AST))
		return &ast.BuiltinNode{Name: "reduce", Arguments: []ast.Node{list, &ast.PredicateNode{Node: next}, constant(zero)}}
	})
}

func castOr(t arrow.DataType, hint string) string {
	if h := castHint(t); h != "" {
		return h
	}
	return hint
}

// unset is the accumulator of a reduce before its first element.
type unset struct{}

func reduceCall(c *checker, s *site) *Typed {
	elem := c.loopOver(s)
	acc := elem
	var start *Typed
	if len(s.raw) == 3 {
		start = c.plain(c.check(s.raw[2]))
		acc = start.Type
	}
	p := &predicate{elem: elem, acc: acc}
	before := len(c.list)
	body := c.body(s.raw[1], p)
	// The accumulator has the type of the start and of the expression, which may depend on it.
	for range 3 {
		t, ok := commonType(acc, body.Type)
		if !ok {
			c.error(codeCommon, c.src.of(s.node), fmt.Sprintf("the start of reduce is %s, its expression %s", article(typeWord(acc)), article(typeWord(body.Type))), commonHint(acc, body.Type))
			return c.unknown(s.args[0], body)
		}
		if schema.Equal(t, acc) || len(c.list) > before || t == unknownType {
			break
		}
		acc, p.acc = t, t
		body = c.body(s.raw[1], p)
	}
	if elem == unknownType || body.Type == unknownType || acc == unknownType {
		return c.unknown(s.args[0], body)
	}
	body = c.convert(body, acc)
	accNode := func() ast.Node { return &ast.PointerNode{Name: "acc"} }
	first := element()
	if !schema.Equal(elem, acc) && start == nil {
		first = c.convert(machineNode(elem, nil, first), acc).AST
	}
	more := []*Typed{body}
	next, begin := body.AST, constant(unset{})
	if start != nil {
		start = c.convert(start, acc)
		more, begin = append(more, start), start.AST
	} else {
		none := call(func(args ...any) any { _, none := args[0].(unset); return none }, accNode())
		next = choose(none, first, next)
	}
	r := c.loop(s, acc, more, func(list ast.Node) ast.Node {
		step := choose(isNull(element()), accNode(), next)
		sum := &ast.BuiltinNode{Name: "reduce", Arguments: []ast.Node{list, &ast.PredicateNode{Node: step}, begin}}
		if start != nil {
			return sum
		}
		return call(func(args ...any) any {
			if _, none := args[0].(unset); none {
				panic(reject(reasonEmpty, ""))
			}
			return args[0]
		}, sum)
	})
	r.Nullable = true
	return r
}

// pairsOf makes the list of pairs of an element and its key, of those that are not null.
func pairsOf(list, key ast.Node) ast.Node {
	return collect(list, &ast.ArrayNode{Nodes: []ast.Node{element(), key}})
}

func groupCall(c *checker, s *site) *Typed {
	elem := c.loopOver(s)
	key := c.body(s.raw[1], &predicate{elem: elem})
	if !c.is(key, schema.String) && !isNullType(key.Type) {
		c.error(codeArguments, c.src.of(s.raw[1]), "the key of groupBy must be a string, this is "+article(typeWord(key.Type)), "make it one: string(x)")
		return c.unknown(s.args[0], key)
	}
	if elem == unknownType || key.Type == unknownType {
		return c.unknown(s.args[0], key)
	}
	return c.loop(s, schema.Map(listOf(elem)), []*Typed{key}, func(list ast.Node) ast.Node {
		return call(groupPairs, pairsOf(list, key.AST))
	})
}

// groupPairs makes a map of lists; elements without a key are left out.
func groupPairs(args ...any) any {
	groups := map[string]any{}
	for _, p := range args[0].([]any) {
		pair := p.([]any)
		if k, ok := pair[1].(string); ok {
			group, _ := groups[k].([]any)
			groups[k] = append(group, pair[0])
		}
	}
	return groups
}

func sortByCall(c *checker, s *site) *Typed {
	elem := c.loopOver(s)
	key := c.body(s.raw[1], &predicate{elem: elem})
	order := literal("asc", schema.String)
	if len(s.raw) == 3 {
		order = c.check(s.raw[2])
		if !c.orderOK(order) {
			return c.unknown(s.args[0], key, order)
		}
	}
	if elem == unknownType || key.Type == unknownType {
		return c.unknown(s.args[0], key, order)
	}
	if !isOrdered(key.Type) && !isNullType(key.Type) {
		c.error(codeArguments, c.src.of(s.raw[1]), "elements are sorted by numbers, texts or times, this is "+article(typeWord(key.Type)), castOr(key.Type, ""))
		return c.unknown(s.args[0], key)
	}
	r := c.loop(s, listOf(elem), []*Typed{key, order}, func(list ast.Node) ast.Node {
		return call(strictly2(sortPairs), pairsOf(list, key.AST), order.AST)
	})
	r.Nullable = r.Nullable || order.Nullable
	return r
}

// orderOK checks the argument that is "asc" or "desc".
func (c *checker) orderOK(order *Typed) bool {
	if !c.is(order, schema.String) && !isNullType(order.Type) {
		c.error(codeArguments, span{order.From, order.To}, `the order must be "asc" or "desc", this is `+article(typeWord(order.Type)), "")
		return false
	}
	if v, ok := order.Value.(string); ok && v != "asc" && v != "desc" {
		c.error(codeLiteral, span{order.From, order.To}, fmt.Sprintf(`the order must be "asc" or "desc", not %q`, v), "")
		return false
	}
	return order.Type != unknownType
}
