package expr

import (
	"errors"
	"fmt"
	"reflect"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/checker/nature"
	exprcompiler "github.com/expr-lang/expr/compiler"
	"github.com/expr-lang/expr/conf"
	"github.com/expr-lang/expr/file"
	"github.com/expr-lang/expr/parser"
	"github.com/expr-lang/expr/vm"

	"flowrun/dag/batch"
)

// Machine computes an expression row by row on expr's virtual machine, over a tree that the checker rewrote to flowrun's
// rules. It is for what has no kernel, and the oracle for what has. One goroutine uses it.
//
// Values of the machine are Go values, and null is nil:
//
//	bool       bool                     timestamp  time.Time in UTC, microseconds
//	int        int64                    date       time.Time, midnight in UTC
//	float      float64                  duration   micros (see there)
//	string     string                   list       []any, never nil
//	bytes      []byte                   map        map[string]any, never nil
//	                                    struct     map[string]any with every field
//
// [readValue] takes one from an Arrow array, [appendValue] puts one into an Arrow builder.
type Machine struct {
	program *vm.Program
	vm      vm.VM
	row     rowState
	typ     arrow.DataType
}

// newMachine compiles the rewritten tree of a [Typed] (its AST) whose type is t. env has the schema of the batches that
// it will see.
func newMachine(root ast.Node, env *Env, t arrow.DataType) (*Machine, error) {
	program, err := exprcompiler.Compile(&parser.Tree{Node: root, Source: file.NewSource("")}, &conf.Config{
		ShortCircuit: true,
		Env:          nature.FromType(reflect.TypeFor[*rowState]()),
	})
	if err != nil {
		return nil, fmt.Errorf("compile for the machine: %w", err)
	}
	m := &Machine{program: program, typ: t}
	m.row.columns = make([]cell, env.Schema.NumFields())
	return m, nil
}

// Row computes the expression for the row at index row of b.Record. base plus row is Site.Row. The value is of the
// machine's type, and owned by the caller; strings in it may share memory with the batch.
func (m *Machine) Row(b *batch.Batch, row int, base int64) (value any, failure *batch.Failure) {
	m.row.move(b, row, base)
	value, err := m.vm.Run(m.program, &m.row)
	if err != nil {
		f := failureOf(int32(row), err)
		return nil, &f
	}
	return value, nil
}

// rowState is the environment of a run: the row that is computed.
type rowState struct {
	batch   *batch.Batch
	index   int
	site    int64
	columns []cell
	run     uint64 // counts rows, so that cells of another row are known as such
}

// cell is a column's value, read when it is first asked for.
type cell struct {
	run   uint64
	value any
}

func (r *rowState) move(b *batch.Batch, row int, base int64) {
	r.batch, r.index, r.site = b, row, base+int64(row)
	r.run++
}

// column is the value of the column at place i of the schema.
func (r *rowState) column(i int) any {
	c := &r.columns[i]
	if c.run != r.run {
		v, err := readValue(r.batch.Record.Column(i), r.index)
		if err != nil {
			panic(err)
		}
		c.run, c.value = r.run, v
	}
	return c.value
}

// now is the time at which the source read the row.
func (r *rowState) now() time.Time {
	return time.UnixMicro(r.batch.Arrived.UnixMicro()).UTC()
}

// failureOf says in a failure's words why a row could not be computed. Errors of the language are rejections; any other
// error comes out of expr's machine itself.
func failureOf(row int32, err error) batch.Failure {
	var r *rejection
	if errors.As(err, &r) {
		return batch.Failure{Row: row, Reason: r.reason, Detail: r.detail}
	}
	detail := err.Error()
	var f *file.Error
	if errors.As(err, &f) {
		detail = f.Message
	}
	return batch.Failure{Row: row, Reason: reasonMachine, Detail: detail}
}
