package expr

import (
	"fmt"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/expr-lang/expr/ast"

	"flowrun/dag/schema"
)

// arithmetic types + - * / % **.
func (c *checker) arithmetic(n *ast.BinaryNode, a, b *Typed) *Typed {
	name := n.Operator
	if name == "^" {
		name = "**"
	}
	if a.Type == unknownType || b.Type == unknownType {
		return c.unknown(a, b)
	}
	if isNullType(a.Type) && isNullType(b.Type) {
		return literal(nil, arrow.Null)
	}
	// A nil takes the type of its neighbour: the result is null whatever it is.
	if isNullType(a.Type) {
		a = c.convert(a, nilBeside(b.Type))
	}
	if isNullType(b.Type) {
		b = c.convert(b, nilBeside(a.Type))
	}
	if t := c.numeric(name, a, b); t != nil {
		return t
	}
	if t := c.temporal(name, a, b); t != nil {
		return t
	}
	if name == "+" && a.Type.ID() == arrow.STRING && b.Type.ID() == arrow.STRING {
		return c.operator(FormBinary, "+", schema.String, []*Typed{a, b}, strictly2(add))
	}
	c.error(codeOperands, c.src.of(n), fmt.Sprintf("cannot compute %s %s %s", typeWord(a.Type), n.Operator, typeWord(b.Type)), arithmeticHint(name, a.Type, b.Type))
	return c.unknown(a, b)
}

func nilBeside(t arrow.DataType) arrow.DataType {
	if isTime(t) {
		return schema.Duration
	}
	return t
}

func arithmeticHint(op string, a, b arrow.DataType) string {
	text := func(t arrow.DataType) bool { return t.ID() == arrow.STRING }
	switch {
	case op == "%" && isNumber(a) && isNumber(b):
		return "% wants ints: int(x)"
	case isList(a) && isList(b):
		return "lists are joined with concat(a, b)"
	case op == "+" && text(a) && !text(b), op == "+" && text(b) && !text(a):
		if isNumber(a) || isNumber(b) {
			return "for a text write string(x), for a number int(x) or float(x)"
		}
	case (op == "+" || op == "-") && isTime(a) && text(b):
		return `make the text a length of time, duration("1h30m"), or a timestamp, date("2026-01-31T12:00:00Z")`
	case isTime(a) && isNumber(b), isTime(b) && isNumber(a):
		return `a duration is added to a timestamp: at + duration("1h")`
	}
	return commonHint(a, b)
}

// numeric types arithmetic of numbers; nil: it is none.
func (c *checker) numeric(name string, a, b *Typed) *Typed {
	if !isNumber(a.Type) || !isNumber(b.Type) {
		return nil
	}
	var fn func(a, b any) (any, error)
	switch name {
	case "/":
		a, b, fn = c.convert(a, schema.Float), c.convert(b, schema.Float), divide
	case "**":
		a, b, fn = c.convert(a, schema.Float), c.convert(b, schema.Float), power
	case "%":
		if a.Type.ID() != arrow.INT64 || b.Type.ID() != arrow.INT64 {
			return nil
		}
		fn = modulo
	default:
		a, b, _, _ = c.common(a, b)
		fn = map[string]func(a, b any) (any, error){"+": add, "-": subtract, "*": multiply}[name]
	}
	return c.operator(FormBinary, name, a.Type, []*Typed{a, b}, strictly2(fn))
}

// temporal types arithmetic of timestamps and durations; nil: it is none.
func (c *checker) temporal(name string, a, b *Typed) *Typed {
	if a.Type.ID() == arrow.DATE32 {
		a = c.convert(a, schema.Timestamp)
	}
	if b.Type.ID() == arrow.DATE32 {
		b = c.convert(b, schema.Timestamp)
	}
	var t arrow.DataType
	var fn func(a, b any) (any, error)
	switch name + shapeOf(a.Type) + shapeOf(b.Type) {
	case "+td", "+dt":
		t, fn = schema.Timestamp, add
	case "+dd":
		t, fn = schema.Duration, add
	case "-td":
		t, fn = schema.Timestamp, subtract
	case "-tt", "-dd":
		t, fn = schema.Duration, subtract
	case "*di", "*id", "*df", "*fd":
		t, fn = schema.Duration, multiply
	case "/di", "/df":
		t, fn = schema.Duration, divide
	case "/dd":
		t, fn = schema.Float, divide
	default:
		return nil
	}
	return c.operator(FormBinary, name, t, []*Typed{a, b}, strictly2(fn))
}

func shapeOf(t arrow.DataType) string {
	switch t.ID() {
	case arrow.TIMESTAMP:
		return "t"
	case arrow.DURATION:
		return "d"
	case arrow.INT64:
		return "i"
	case arrow.FLOAT64:
		return "f"
	}
	return "?"
}

// machineValue makes the value of a literal what the machine computes with.
func machineValue(v any) any {
	if d, ok := v.(time.Duration); ok {
		return microsOf(d)
	}
	return v
}
