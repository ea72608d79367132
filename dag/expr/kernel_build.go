package expr

import (
	"math"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
)

// sequenceKernel computes parts one after the other; the last one is the result. The others are there for what they reject.
type sequenceKernel struct{ parts []*compiled }

func (k *sequenceKernel) eval(f *frame) column {
	last := len(k.parts) - 1
	for _, p := range k.parts[:last] {
		if p.fallible {
			p.eval(f)
		}
	}
	return k.parts[last].eval(f)
}

func planSequence(_ *Typed, args []*compiled) *compiled {
	return &compiled{kernel: &sequenceKernel{args}, cheap: true}
}

// structKernel makes structs of columns, one for each field.
type structKernel struct {
	typ    *arrow.StructType
	fields []*compiled
}

func planStruct(t *Typed, args []*compiled) *compiled {
	return &compiled{kernel: &structKernel{typ: t.Type.(*arrow.StructType), fields: args}}
}

func (k *structKernel) eval(f *frame) column {
	columns, g := f.evalAll(k.fields)
	children := make([]arrow.ArrayData, len(columns))
	for i, c := range columns {
		t := k.typ.Field(i).Type
		made := g.dense(c, t)
		if made == nil { // the batch ends with an error
			return nullColumn(kindArray)
		}
		typed := retyped(made, t)
		made.Release()
		defer typed.Release()
		children[i] = typed.Data()
	}
	data := array.NewData(k.typ, g.n, []*memory.Buffer{nil}, children, 0, 0)
	defer data.Release()
	out := column{kind: kindArray, one: g != f, array: f.e.own(array.MakeFromData(data))}
	out.index = g.placesIn(out)
	return out
}

// evalAll computes several parts. Where they are the same for all rows their frame is one of a single entry.
func (f *frame) evalAll(parts []*compiled) ([]column, *frame) {
	columns, g := make([]column, len(parts)), f.single()
	for i, p := range parts {
		columns[i] = p.eval(f)
		if !columns[i].one {
			g = f
		}
	}
	return columns, g
}

// listKernel makes lists of columns, one for each element.
type listKernel struct {
	typ      *arrow.ListType
	elements []*compiled
}

func planList(t *Typed, args []*compiled) *compiled {
	return &compiled{kernel: &listKernel{typ: t.Type.(*arrow.ListType), elements: args}}
}

func (k *listKernel) eval(f *frame) column {
	columns, g := f.evalAll(k.elements)
	n, each := g.n, len(columns)
	if n*each > math.MaxInt32 {
		f.e.abort(errGatherLimit)
		return nullColumn(kindArray)
	}
	parts := make([]arrow.Array, each)
	for i, c := range columns {
		made := g.dense(c, k.typ.Elem())
		if made == nil {
			return nullColumn(kindArray)
		}
		parts[i] = retyped(made, k.typ.Elem())
		made.Release()
		defer parts[i].Release()
	}
	all, err := array.Concatenate(parts, f.e.mem)
	if err != nil {
		f.e.abort(err)
		return nullColumn(kindArray)
	}
	defer all.Release()
	order, ends := f.e.scratch.places.get(n*each), f.e.scratch.places.get(n+1)
	for i := range n {
		ends[i] = int32(i * each)
		for j := range each {
			order[i*each+j] = int32(j*n + i)
		}
	}
	ends[n] = int32(n * each)
	values, err := gatherArray(f.e.mem, all, order)
	if err != nil {
		f.e.abort(err)
		return nullColumn(kindArray)
	}
	out := column{kind: kindArray, one: g != f, array: f.e.listArray(k.typ, ends, values)}
	out.index = g.placesIn(out)
	return out
}
