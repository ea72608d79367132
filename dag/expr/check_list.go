package expr

import (
	"fmt"
	"slices"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/expr-lang/expr/ast"

	"flowrun/dag/schema"
)

// listLiteral types [a, b, c]: a list of the elements' common type.
func (c *checker) listLiteral(n *ast.ArrayNode) *Typed {
	elems := make([]*Typed, len(n.Nodes))
	var common arrow.DataType = arrow.Null
	for i, e := range n.Nodes {
		elems[i] = c.plain(c.check(e))
		if common == unknownType {
			continue
		}
		t, ok := commonType(common, elems[i].Type)
		if !ok {
			c.error(codeCommon, c.src.of(e), fmt.Sprintf("the elements of the list have no common type: %s and %s", typeWord(common), typeWord(elems[i].Type)), commonHint(common, elems[i].Type))
			t = unknownType
		}
		common = t
	}
	if common == unknownType {
		return c.unknown(elems...)
	}
	return c.listOfNodes(elems, common)
}

func (c *checker) listOfNodes(elems []*Typed, elem arrow.DataType) *Typed {
	trees, values, fixed := make([]ast.Node, len(elems)), make([]any, len(elems)), true
	for i, e := range elems {
		e = c.convert(e, elem)
		elems[i], trees[i], values[i] = e, e.AST, machineValue(e.Value)
		fixed = fixed && e.Form == FormLiteral && e.Value != nil
	}
	if !fixed {
		m := assemble(FormList, "[]", listOf(elem), elems, &ast.ArrayNode{Nodes: trees})
		m.Nullable = false
		return m
	}
	m := machineNode(listOf(elem), nil, constant(values))
	shown := slices.Clone(values)
	for i, v := range shown {
		if us, ok := v.(micros); ok {
			shown[i] = time.Duration(us) * time.Microsecond
		}
	}
	m.Name, m.Value = "list", shown
	return m
}

// in types `x in list`, `key in map`, `n in a..b` and `"column" in $env`.
func (c *checker) in(n *ast.BinaryNode) *Typed {
	x := c.plain(c.check(n.Left))
	if id, ok := n.Right.(*ast.IdentifierNode); ok && id.Value == "$env" && c.take == nil {
		return c.inEnv(n, x)
	}
	list := c.plain(c.check(n.Right))
	if x.Type == unknownType || list.Type == unknownType {
		return c.unknown(x, list)
	}
	if isNullType(list.Type) || isNullType(x.Type) {
		return c.nullOr(schema.Bool, arrow.Null, x, list)
	}
	switch t := list.Type.(type) {
	case *arrow.ListType:
		return c.inList(n, x, list, t.Elem())
	case *arrow.MapType, *arrow.StructType:
		if !c.is(x, schema.String) {
			c.error(codeOperands, span{x.From, x.To}, "the keys of a map are strings, this is "+article(typeWord(x.Type)), "")
			return c.unknown(x, list)
		}
		return c.operator(FormBinary, "in", schema.Bool, []*Typed{x, list}, strictly2(hasKey))
	}
	if list.Type == dynamicType && x.Type != dynamicType {
		return c.operator(FormBinary, "in", schema.Bool, []*Typed{x, list}, strictly2(inDynamic))
	}
	hint := ""
	if list.Type.ID() == arrow.STRING {
		hint = "whether a text has a part is: text contains part"
	}
	c.error(codeOperands, c.src.of(n), "in wants a list or a map on its right, this is "+article(typeWord(list.Type)), hint)
	return c.unknown(x, list)
}

func (c *checker) inEnv(n *ast.BinaryNode, x *Typed) *Typed {
	name, ok := x.Value.(string)
	switch {
	case c.env.Schema == nil:
		return c.unknown(x)
	case !ok || x.Form != FormLiteral:
		c.error(codeOperands, c.src.of(n.Left), "$env holds columns, which are looked up by a literal name before the run", `as in "temp" in $env`)
		return c.unknown(x)
	}
	_, found := c.env.index(name)
	return literal(found, schema.Bool)
}

func (c *checker) inList(n *ast.BinaryNode, x, list *Typed, elem arrow.DataType) *Typed {
	common, ok := commonType(x.Type, elem)
	if elem == dynamicType && x.Type != dynamicType {
		return c.operator(FormBinary, "in", schema.Bool, []*Typed{x, list}, strictly2(inDynamic))
	}
	if !ok {
		c.error(codeOperands, c.src.of(n), fmt.Sprintf("%s cannot be in %s", article(typeWord(x.Type)), article(typeWord(list.Type))), commonHint(x.Type, elem))
		return c.unknown(x, list)
	}
	x = c.convert(x, common)
	if between, ok := n.Right.(*ast.BinaryNode); ok && between.Operator == ".." {
		from, to := c.typed(c.check(between.Left), schema.Int), c.typed(c.check(between.Right), schema.Int)
		tree := call(strictly(inRange), x.AST, from.AST, to.AST)
		return assemble(FormBinary, "in", schema.Bool, []*Typed{x, c.convert(list, listOf(common))}, tree)
	}
	if values, ok := list.Value.([]any); ok && list.Form == FormMachine {
		elems := make([]*Typed, len(values))
		for i, v := range values {
			elems[i] = literal(machineValue(v), elem)
		}
		at := *list
		list = c.listOfNodes(elems, common)
		list.From, list.To = at.From, at.To
		set := setOf(list.Value.([]any))
		return c.operator(FormBinary, "in", schema.Bool, []*Typed{x, list}, strictly2(func(v, _ any) (any, error) { return set(v), nil }))
	}
	return c.operator(FormBinary, "in", schema.Bool, []*Typed{x, c.convert(list, listOf(common))}, strictly2(inValues))
}

// mapLiteral types {a: 1, "b c": 2}: a struct. With a key in parentheses, which is known at run time only, it is a map.
func (c *checker) mapLiteral(n *ast.MapNode) *Typed {
	var names []string
	var keys, values []*Typed
	asMap, bad := false, false
	for _, p := range n.Pairs {
		pair := p.(*ast.PairNode)
		key, value := c.check(pair.Key), c.plain(c.check(pair.Value))
		keys, values = append(keys, key), append(values, value)
		bad = bad || key.Type == unknownType || value.Type == unknownType
		name, ok := key.Value.(string)
		switch {
		case ok && key.Form == FormLiteral:
			if slices.Contains(names, name) {
				c.error(codeSyntax, c.src.of(pair.Key), fmt.Sprintf("the key %q is there twice", name), "")
				bad = true
			}
			names = append(names, name)
		case !c.is(key, schema.String):
			c.error(codeOperands, c.src.of(pair.Key), "the keys of a map are strings, this is "+article(typeWord(key.Type)), "make it one: string(x)")
			bad = true
		default:
			asMap = true
		}
	}
	all := append(slices.Clone(keys), values...)
	switch {
	case bad:
		return c.unknown(all...)
	case asMap:
		return c.mapOf(n, keys, values)
	}
	return c.structOf(n, names, values)
}

func (c *checker) structOf(n ast.Node, names []string, values []*Typed) *Typed {
	fields, trees, size := make([]arrow.Field, len(names)), make([]ast.Node, len(names)), 1
	for i, v := range values {
		fields[i] = arrow.Field{Name: names[i], Type: v.Type, Nullable: v.Nullable}
		trees[i] = v.AST
		size += weigh(v.Type)
	}
	if size > maxTypeParts {
		c.error(codeLimit, c.src.of(n), fmt.Sprintf("the type of this value has more than %d parts", maxTypeParts), "")
		return c.unknown(values...)
	}
	build := func(args ...any) any {
		m := make(map[string]any, len(args))
		for i, a := range args {
			m[names[i]] = a
		}
		return m
	}
	m := assemble(FormStruct, "{}", arrow.StructOf(fields...), values, call(build, trees...))
	m.Nullable = false
	return m
}

func (c *checker) mapOf(n ast.Node, keys, values []*Typed) *Typed {
	var item arrow.DataType = arrow.Null
	for _, v := range values {
		t, ok := commonType(item, v.Type)
		if !ok {
			c.error(codeCommon, c.src.of(n), fmt.Sprintf("the values of the map have no common type: %s and %s", typeWord(item), typeWord(v.Type)), commonHint(item, v.Type))
			return c.unknown(append(keys, values...)...)
		}
		item = t
	}
	var trees []ast.Node
	for i := range keys {
		trees = append(trees, keys[i].AST, c.convert(values[i], item).AST)
	}
	build := func(args ...any) any {
		m := make(map[string]any, len(args)/2)
		for i := 0; i < len(args); i += 2 {
			if args[i] == nil {
				return nil // a null key names no entry, so that the map is not known
			}
			m[args[i].(string)] = args[i+1]
		}
		return m
	}
	m := machineNode(schema.Map(item), append(slices.Clone(keys), values...), call(build, trees...)).because(whyMap)
	m.Nullable = slices.ContainsFunc(keys, func(k *Typed) bool { return k.Nullable })
	return m
}
