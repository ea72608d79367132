package expr

import (
	"github.com/apache/arrow-go/v18/arrow/array"
)

// machineKernel runs a part of the expression that has no kernel row by row.
type machineKernel struct {
	machine *Machine
	err     error // why there is no machine: the part is beyond a limit of expr's compiler
	typed   *Typed
}

func newMachineKernel(env *Env, t *Typed) *machineKernel {
	m, err := newMachine(t.AST, env, t.Type)
	return &machineKernel{machine: m, err: err, typed: t}
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
