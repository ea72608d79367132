package expr

import (
	"fmt"
	"reflect"

	"github.com/expr-lang/expr/ast"
)

// The rewritten tree has expr's own nodes for what decides the order of evaluation (variables, conditionals, loops) and
// calls of Go functions for everything else. A function stands in the tree as a constant and is called without
// reflection; it panics with a rejection, which expr's machine turns into an error.

// native is a function as expr's machine calls it fastest. It must not keep args.
type native = func(args ...any) any

var nativeType = reflect.TypeFor[native]()

// call makes a call of fn.
func call(fn native, args ...ast.Node) ast.Node {
	callee := &ast.ConstantNode{Value: fn}
	callee.SetType(nativeType)
	return &ast.CallNode{Callee: callee, Arguments: args}
}

// strictly makes fn yield null for a null argument, and reject by panicking.
func strictly(fn func(args []any) (any, error)) native {
	return func(args ...any) any {
		for _, a := range args {
			if a == nil {
				return nil
			}
		}
		v, err := fn(args)
		if err != nil {
			panic(err)
		}
		return v
	}
}

// strictly1 is strictly for one argument.
func strictly1(fn func(any) (any, error)) native {
	return strictly(func(args []any) (any, error) { return fn(args[0]) })
}

// strictly2 is strictly for two arguments.
func strictly2(fn func(a, b any) (any, error)) native {
	return strictly(func(args []any) (any, error) { return fn(args[0], args[1]) })
}

// constant makes a literal of a value of the machine.
func constant(v any) ast.Node {
	if v == nil {
		return &ast.NilNode{}
	}
	if f, ok := v.(float64); ok && f == 0 {
		// expr's compiler keeps constants by value, and 0.0 == -0.0 would make one of the two.
		return call(func(...any) any { return v })
	}
	return &ast.ConstantNode{Value: v}
}

// loadColumn reads a column of the row.
func loadColumn(index int) ast.Node {
	return withRow(func(r *rowState, _ []any) any { return r.column(index) })
}

// withRow makes a call of fn with the row before the arguments.
func withRow(fn func(r *rowState, args []any) any, args ...ast.Node) ast.Node {
	return call(func(args ...any) any { return fn(args[0].(*rowState), args[1:]) },
		append([]ast.Node{&ast.IdentifierNode{Value: "$env"}}, args...)...)
}

// variable reads a variable.
func variable(name string) ast.Node { return &ast.IdentifierNode{Value: name} }

// bind gives value a name in the tree that body makes of it. expr evaluates value once.
func (c *checker) bind(value ast.Node, body func(v ast.Node) ast.Node) ast.Node {
	name := c.fresh()
	return &ast.VariableDeclaratorNode{Name: name, Value: value, Expr: body(variable(name))}
}

// fresh is a variable's name that no text can contain.
func (c *checker) fresh() string {
	c.variables++
	return fmt.Sprintf("%%%d", c.variables)
}

// choose makes a conditional whose test never is null.
func choose(test, then, otherwise ast.Node) ast.Node {
	test.SetType(reflect.TypeFor[bool]())
	return &ast.ConditionalNode{Cond: test, Exp1: then, Exp2: otherwise}
}

// isNull tests for null.
func isNull(v ast.Node) ast.Node {
	return call(func(args ...any) any { return args[0] == nil }, v)
}

// isTrue tests for true; null is not.
func isTrue(v ast.Node) ast.Node {
	return call(func(args ...any) any { t, ok := args[0].(bool); return ok && t }, v)
}

// unlessNull computes body of v, or null where v is null.
func (c *checker) unlessNull(v ast.Node, body func(v ast.Node) ast.Node) ast.Node {
	return c.bind(v, func(v ast.Node) ast.Node { return choose(isNull(v), &ast.NilNode{}, body(v)) })
}

// logic makes a && b (decider false) or a || b (decider true): a decides alone where it is decider; else b runs, and the
// result is b if a or b decides, null if one of them is null.
func (c *checker) logic(a, b ast.Node, decider bool) ast.Node {
	decides := func(args ...any) any { t, ok := args[0].(bool); return ok && t == decider }
	join := func(args ...any) any {
		if args[0] == nil {
			if t, ok := args[1].(bool); ok && t == decider {
				return decider
			}
			return nil
		}
		return args[1]
	}
	return c.bind(a, func(a ast.Node) ast.Node {
		return choose(call(decides, a), &ast.BoolNode{Value: decider}, call(join, a, b))
	})
}

// coalesce makes a ?? b: b runs where a is null.
func (c *checker) coalesce(a, b ast.Node) ast.Node {
	return c.bind(a, func(a ast.Node) ast.Node { return choose(isNull(a), b, a) })
}
