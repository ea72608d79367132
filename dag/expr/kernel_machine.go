package expr

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/expr-lang/expr/ast"
)

// machineKernel runs a part of the expression that has no kernel row by row.
type machineKernel struct {
	machine *Machine
	err     error // why there is no machine: the part is beyond a limit of expr's compiler
	typed   *Typed
}

// newMachineKernel makes the kernel of a part. lets has the values of the variables around it, which run again for those that
// the part reads.
func newMachineKernel(env *Env, t *Typed, lets map[string]ast.Node) *machineKernel {
	m, err := newMachine(declare(t.AST, lets), env, t.Type)
	return &machineKernel{machine: m, err: err, typed: t}
}

// declare puts the declarations of the variables that a tree reads around it.
func declare(tree ast.Node, lets map[string]ast.Node) ast.Node {
	needed := map[string]bool{}
	var collect func(ast.Node)
	collect = func(n ast.Node) {
		for _, name := range freeVariables(n) {
			if !needed[name] {
				needed[name] = true
				collect(lets[name])
			}
		}
	}
	collect(tree)
	names := slices.SortedFunc(maps.Keys(needed), func(a, b string) int { // a value reads variables of lower numbers only
		return cmp.Or(len(b)-len(a), strings.Compare(b, a))
	})
	for _, name := range names {
		tree = &ast.VariableDeclaratorNode{Name: name, Value: lets[name], Expr: tree}
	}
	return tree
}

func (k *machineKernel) eval(f *frame) column {
	e := f.e
	if k.err != nil {
		e.abort(k.err)
		return nullColumn(kindOf(k.typed.Type))
	}
	b := array.NewBuilder(e.mem, k.typed.Type)
	defer b.Release()
	b.Reserve(f.n)
	for i := range f.n {
		row := f.row(i)
		if e.failed != nil && e.failed[row] {
			b.AppendNull()
			continue
		}
		v, failure := k.machine.Row(e.batch, int(row), e.Base)
		if failure != nil {
			e.note(*failure)
			v = nil
		}
		if err := appendValue(b, v); err != nil {
			e.abort(err)
			return nullColumn(kindOf(k.typed.Type))
		}
	}
	return e.read(e.own(b.NewArray()))
}
