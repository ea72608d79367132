package expr

import (
	"fmt"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/expr-lang/expr/ast"
)

// planCall finds the kernel of a call: one of the function's own, or the loop that calls its Go implementation for each
// row, which serves every function of simple values.
func planCall(t *Typed) (build builder, why string) {
	if find := functionKernels[t.Name]; find != nil {
		build = find(t)
	}
	if build == nil {
		build = planImplementation(t)
	}
	if build == nil {
		why = whyCall(t)
	}
	return build, why
}

func planImplementation(t *Typed) builder {
	call := implementation(t)
	if call == nil {
		return nil
	}
	return may(callLoop(t, call))
}

// implementation is the Go function that the checker put behind a call, if it wants nothing but the arguments and these and
// its result are simple values.
func implementation(t *Typed) native {
	node, ok := t.AST.(*ast.CallNode)
	if !ok || len(node.Arguments) != len(t.Args) || !simple(t) {
		return nil
	}
	for i, a := range t.Args {
		if !simple(a) || node.Arguments[i] != a.AST {
			return nil
		}
	}
	callee, ok := node.Callee.(*ast.ConstantNode)
	if !ok {
		return nil
	}
	call, _ := callee.Value.(native)
	return call
}

// simple reports whether the values of a node are no lists, maps, structs or types that no column can have.
func simple(t *Typed) bool {
	k := kindOf(t.Type)
	return k != kindArray && k != kindNull
}

// callLoop calls a function for every row. The function sees to nulls itself.
func callLoop(t *Typed, call native) builder {
	types := make([]arrow.DataType, len(t.Args))
	for i, a := range t.Args {
		types[i] = a.Type
	}
	return func(t *Typed, args []*compiled) *compiled {
		return &compiled{kernel: &callKernel{
			call: call, args: args, types: types, result: t.Type,
			vals: make([]column, len(args)), values: make([]any, len(args)),
		}}
	}
}

type callKernel struct {
	call   native
	args   []*compiled
	types  []arrow.DataType // of args
	result arrow.DataType
	vals   []column
	values []any
}

func (k *callKernel) eval(f *frame) column {
	single := true
	for i, a := range k.args {
		k.vals[i] = a.eval(f)
		single = single && k.vals[i].one
		if k.vals[i].one { // made once for all rows
			k.values[i] = valueAt(&k.vals[i], 0, k.types[i])
		}
	}
	g := f
	if single {
		g = f.single()
	}
	w := g.valueWriter(k.result)
	for i := range g.n {
		for j := range k.vals {
			if !k.vals[j].one {
				k.values[j] = valueAt(&k.vals[j], i, k.types[j])
			}
		}
		v, err := invoke(k.call, k.values)
		if err != nil {
			g.fail(i, err)
			v = nil
		}
		w.put(i, v)
	}
	clear(k.vals)
	clear(k.values)
	out := w.done()
	out.one = single
	return out
}

// invoke calls a function of the machine, which rejects by panicking.
func invoke(call native, args []any) (v any, err error) {
	defer func() {
		switch r := recover().(type) {
		case nil:
		case error:
			err = r
		default:
			err = fmt.Errorf("%v", r)
		}
	}()
	return call(args...), nil
}

// valueAt makes a value of the machine of an entry. A text is copied, since a function may keep it.
func valueAt(c *column, i int, t arrow.DataType) any {
	if c.isNull(i) {
		return nil
	}
	switch t.ID() {
	case arrow.BOOL:
		return c.bools[i]
	case arrow.INT64:
		return c.ints[i]
	case arrow.FLOAT64:
		return c.floats[i]
	case arrow.STRING:
		return string(c.text.at(i))
	case arrow.BINARY:
		return append([]byte{}, c.text.at(i)...)
	case arrow.TIMESTAMP:
		return time.UnixMicro(c.ints[i]).UTC()
	case arrow.DATE32:
		return time.Unix(c.ints[i]*secondsPerDay, 0).UTC()
	case arrow.DURATION:
		return micros(c.ints[i])
	}
	panic(fmt.Sprintf("expr: value of type %s", t))
}

// valueWriter writes values of the machine into a new column.
type valueWriter struct {
	f     *frame
	out   column
	typ   arrow.DataType
	texts *textWriter
}

func (f *frame) valueWriter(t arrow.DataType) *valueWriter {
	w := &valueWriter{f: f, typ: t, out: column{kind: kindOf(t)}}
	switch w.out.kind {
	case kindBool:
		w.out.bools = f.e.scratch.bools.zeroed(f.n)
	case kindInt:
		w.out.ints = f.e.scratch.ints.zeroed(f.n)
	case kindFloat:
		w.out.floats = f.e.scratch.floats.zeroed(f.n)
	case kindText:
		w.texts = f.newText()
	}
	return w
}

// put writes entry i.
func (w *valueWriter) put(i int, v any) {
	switch v := v.(type) {
	case nil:
		if w.out.nulls == nil {
			w.out.nulls = w.f.e.scratch.bools.zeroed(w.f.n)
		}
		w.out.nulls[i] = true
		if w.texts != nil {
			w.texts.none(i)
		}
	case bool:
		w.out.bools[i] = v
	case int64:
		w.out.ints[i] = v
	case float64:
		w.out.floats[i] = v
	case string:
		w.texts.putString(i, v)
	case []byte:
		w.texts.put(i, v)
	case micros:
		w.out.ints[i] = int64(v)
	case time.Time:
		if w.typ.ID() == arrow.DATE32 {
			w.out.ints[i] = int64(dateOf(v))
		} else {
			w.out.ints[i] = v.UnixMicro()
		}
	default:
		panic(fmt.Sprintf("expr: value of type %T for a column of type %s", v, w.typ))
	}
}

func (w *valueWriter) done() column {
	if w.texts != nil {
		w.out.text = w.texts.done()
	}
	return w.out
}
