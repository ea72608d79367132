package expr

import (
	"fmt"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/expr-lang/expr/ast"

	"flowrun/dag/schema"
)

func (c *checker) unary(n *ast.UnaryNode) *Typed {
	a := c.plain(c.check(n.Node))
	switch n.Operator {
	case "not", "!":
		if c.is(a, schema.Bool) || isNullType(a.Type) {
			return c.operator(FormUnary, "not", schema.Bool, []*Typed{a}, strictly1(func(v any) (any, error) { return !v.(bool), nil }))
		}
		c.error(codeOperands, c.src.of(n), "not wants a bool, this is "+article(typeWord(a.Type)), truthHint(a.Type))
	case "-", "+":
		if a.Type == unknownType {
			return c.unknown(a)
		}
		if !isNumber(a.Type) && a.Type.ID() != arrow.DURATION && !isNullType(a.Type) {
			c.error(codeOperands, c.src.of(n), fmt.Sprintf("%s wants a number or a duration, this is %s", n.Operator, article(typeWord(a.Type))), castHint(a.Type))
			return c.unknown(a)
		}
		if n.Operator == "+" {
			return c.operator(FormUnary, "+", a.Type, []*Typed{a}, strictly1(same))
		}
		if a.Form == FormLiteral && a.Value != nil {
			if v, err := negate(machineValue(a.Value)); err == nil {
				return literal(v, a.Type)
			}
		}
		return c.operator(FormUnary, "-", a.Type, []*Typed{a}, strictly1(negate))
	}
	return c.unknown(a)
}

// castHint says how a value of fromJSON gets a type.
func castHint(t arrow.DataType) string {
	switch {
	case t == dynamicType:
		return "cast the value out of fromJSON: int(x), float(x), string(x), bool(x)"
	case t.ID() == arrow.STRING:
		return "make the text a number with int(x) or float(x)"
	}
	return ""
}

// operator makes the node of an operator whose tree is a call of fn. One that has an argument of no column's type runs on
// the machine as a whole.
func (c *checker) operator(form Form, name string, t arrow.DataType, args []*Typed, fn native) *Typed {
	trees := make([]ast.Node, len(args))
	for i, a := range args {
		trees[i] = a.AST
	}
	return assemble(form, name, t, args, call(fn, trees...))
}

// assemble makes a node of a form, or a machine node where the form's arguments are none of a column.
func assemble(form Form, name string, t arrow.DataType, args []*Typed, tree ast.Node) *Typed {
	fits := columnar(t) && !isNullType(t)
	for _, a := range args {
		if a.Type == unknownType {
			t, fits = unknownType, false
		}
		fits = fits && (columnar(a.Type) || a.zone() != nil)
	}
	if !fits {
		return machineNode(t, args, tree)
	}
	r := &Typed{Form: form, Name: name, Type: t, Args: args, AST: tree}
	for _, a := range args {
		r.Nullable = r.Nullable || a.Nullable
	}
	return r
}

func (c *checker) binary(n *ast.BinaryNode) *Typed {
	if n.Operator == "in" {
		return c.in(n)
	}
	a, b := c.plain(c.check(n.Left)), c.plain(c.check(n.Right))
	switch n.Operator {
	case "and", "&&":
		return c.logical(n, "and", a, b, false)
	case "or", "||":
		return c.logical(n, "or", a, b, true)
	case "??":
		return c.orElse(n, a, b)
	case "==", "!=":
		return c.equality(n, a, b)
	case "<", "<=", ">", ">=":
		return c.ordering(n, a, b)
	case "contains", "startsWith", "endsWith":
		return c.textTest(n, a, b)
	case "matches":
		return c.match(n, a, b)
	case "..":
		return c.span(n, a, b)
	}
	return c.arithmetic(n, a, b)
}

func (c *checker) logical(n *ast.BinaryNode, name string, a, b *Typed, decider bool) *Typed {
	ok := true
	if n.Operator == "||" && a.Type.ID() == arrow.STRING && b.Type.ID() == arrow.STRING {
		c.error(codeOperands, c.src.of(n), "|| wants bools, and these are texts", "texts are joined by +")
		return c.unknown(a, b)
	}
	for _, side := range []*Typed{a, b} {
		if !c.is(side, schema.Bool) && !isNullType(side.Type) {
			c.error(codeOperands, span{side.From, side.To}, fmt.Sprintf("%s wants bools, this is %s", n.Operator, article(typeWord(side.Type))), truthHint(side.Type))
			ok = false
		}
	}
	if !ok {
		return c.unknown(a, b)
	}
	a, b = c.typed(a, schema.Bool), c.typed(b, schema.Bool)
	return assemble(FormBinary, name, schema.Bool, []*Typed{a, b}, c.logic(a.AST, b.AST, decider))
}

// typed gives the literal nil a type.
func (c *checker) typed(a *Typed, t arrow.DataType) *Typed {
	if isNullType(a.Type) {
		return c.convert(a, t)
	}
	return a
}

func (c *checker) orElse(n *ast.BinaryNode, a, b *Typed) *Typed {
	x, y, t, ok := c.common(a, b)
	if !ok {
		c.error(codeCommon, c.src.of(n), fmt.Sprintf("the sides of ?? have no common type: %s and %s", typeWord(a.Type), typeWord(b.Type)), commonHint(a.Type, b.Type))
		return c.unknown(a, b)
	}
	r := assemble(FormCoalesce, "??", t, []*Typed{x, y}, c.coalesce(x.AST, y.AST))
	r.Nullable = x.Nullable && y.Nullable
	return r
}

func (c *checker) equality(n *ast.BinaryNode, a, b *Typed) *Typed {
	if isNullType(a.Type) || isNullType(b.Type) {
		return c.nullTest(n, a, b)
	}
	x, y, _, ok := c.common(a, b)
	switch {
	case a.Type == dynamicType || b.Type == dynamicType:
		c.error(codeCast, c.src.of(n), "a value out of fromJSON cannot be compared before it has a type", "cast it: int(x), float(x), string(x), bool(x)")
		return c.unknown(a, b)
	case !ok || a.Type == zoneType:
		c.error(codeOperands, c.src.of(n), fmt.Sprintf("cannot compare %s with %s", typeWord(a.Type), typeWord(b.Type)), besideHint(a, b))
		return c.unknown(a, b)
	case n.Operator == "==":
		return c.operator(FormBinary, "==", schema.Bool, []*Typed{x, y}, strictly2(equals))
	}
	return c.operator(FormBinary, "!=", schema.Bool, []*Typed{x, y}, strictly2(differs))
}

// nullTest is a comparison with nil, which sees null as itself.
func (c *checker) nullTest(n *ast.BinaryNode, a, b *Typed) *Typed {
	if isNullType(a.Type) {
		a, b = b, a
	}
	not := n.Operator == "!="
	test := func(args ...any) any { return (args[0] == nil) != not }
	r := assemble(FormBinary, n.Operator, schema.Bool, []*Typed{a, b}, call(test, a.AST))
	if b.Form != FormLiteral || isNullType(a.Type) { // b is nil by its type, not as a literal
		r = machineNode(schema.Bool, []*Typed{a, b}, call(test, a.AST))
	}
	if a.Type == unknownType {
		r.Type = unknownType
	}
	r.Nullable = false
	return r
}

func (c *checker) ordering(n *ast.BinaryNode, a, b *Typed) *Typed {
	x, y, t, ok := c.common(a, b)
	switch {
	case ok && (t == unknownType || isNullType(t)):
		return c.nullOr(schema.Bool, t, x, y)
	case !ok || !isOrdered(t):
		message := fmt.Sprintf("cannot order %s and %s with %s", typeWord(a.Type), typeWord(b.Type), n.Operator)
		c.error(codeOperands, c.src.of(n), message, besideHint(a, b))
		return c.unknown(a, b)
	}
	return c.operator(FormBinary, n.Operator, schema.Bool, []*Typed{x, y}, strictly2(comparison(relations[n.Operator])))
}

// besideHint is commonHint with the text that was written, where that is what should have been a time.
func besideHint(a, b *Typed) string {
	if b.Type.ID() != arrow.STRING {
		a, b = b, a
	}
	if text, ok := b.Value.(string); ok && b.Form == FormLiteral {
		if _, err := parseDate(text, time.UTC); err == nil && isTime(a.Type) {
			return fmt.Sprintf("make the text a timestamp: date(%q)", text)
		}
		if _, err := parseDuration(text); err == nil && a.Type.ID() == arrow.DURATION {
			return fmt.Sprintf("make the text a duration: duration(%q)", text)
		}
	}
	return commonHint(a.Type, b.Type)
}

// nullOr is the result of an operator on nothing but nil, or on what already has a diagnostic.
func (c *checker) nullOr(t, of arrow.DataType, args ...*Typed) *Typed {
	if of == unknownType {
		return c.unknown(args...)
	}
	return c.convert(literal(nil, arrow.Null), t)
}

func (c *checker) textTest(n *ast.BinaryNode, a, b *Typed) *Typed {
	for _, side := range []*Typed{a, b} {
		if !c.is(side, schema.String) && !isNullType(side.Type) {
			hint := commonHint(side.Type, schema.String)
			if n.Operator == "contains" && side == a && isList(a.Type) {
				hint = "whether a list has an element is: x in list"
			}
			c.error(codeOperands, span{side.From, side.To}, fmt.Sprintf("%s wants strings, this is %s", n.Operator, article(typeWord(side.Type))), hint)
			return c.unknown(a, b)
		}
	}
	a, b = c.typed(a, schema.String), c.typed(b, schema.String)
	return c.operator(FormBinary, n.Operator, schema.Bool, []*Typed{a, b}, strictly2(textOperator(n.Operator)))
}

func (c *checker) match(n *ast.BinaryNode, a, b *Typed) *Typed {
	text := a.Type.ID() == arrow.BINARY || c.is(a, schema.String) || isNullType(a.Type)
	if !text || !c.is(b, schema.String) && !isNullType(b.Type) {
		bad := a
		if text {
			bad = b
		}
		c.error(codeOperands, span{bad.From, bad.To}, "matches wants a string and a pattern, this is "+article(typeWord(bad.Type)), commonHint(bad.Type, schema.String))
		return c.unknown(a, b)
	}
	a, b = c.typed(a, schema.String), c.typed(b, schema.String)
	fn := strictly2(matches)
	if pattern, ok := b.Value.(string); ok && b.Form == FormLiteral {
		re, err := compilePattern(pattern)
		if err != nil {
			c.badLiteral(b, err)
			return c.unknown(a, b)
		}
		test := matchesPattern(re)
		fn = strictly2(func(v, _ any) (any, error) { return test(v) })
	}
	return c.operator(FormBinary, "matches", schema.Bool, []*Typed{a, b}, fn)
}

// badLiteral reports a text that cannot be what it has to be.
func (c *checker) badLiteral(t *Typed, err error) {
	hint := ""
	if r, ok := err.(*rejection); ok {
		switch r.reason {
		case reasonRegex:
			hint = "patterns are Go's regular expressions (RE2); in a text between \" a backslash is doubled, between backticks it is not"
		case reasonDate:
			hint = `as in date("2026-01-31"), date("2026-01-31T12:00:00Z"), date("31.01.2026", "02.01.2006")`
		case reasonDuration:
			hint = `as in duration("1h30m"); units are ns, us, ms, s, m, h, d, w`
		case reasonTimezone:
			hint = `as in timezone("Europe/Berlin")`
		}
	}
	c.error(codeLiteral, span{t.From, t.To}, err.Error(), hint)
}

func (c *checker) span(n *ast.BinaryNode, a, b *Typed) *Typed {
	for _, side := range []*Typed{a, b} {
		if !c.is(side, schema.Int) && !isNullType(side.Type) {
			c.error(codeOperands, span{side.From, side.To}, ".. wants ints, this is "+article(typeWord(side.Type)), "")
			return c.unknown(a, b)
		}
	}
	a, b = c.typed(a, schema.Int), c.typed(b, schema.Int)
	return c.operator(FormBinary, "..", listOf(schema.Int), []*Typed{a, b}, strictly2(rangeList))
}
