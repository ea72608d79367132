package plan

import (
	"fmt"
	"slices"

	"github.com/apache/arrow-go/v18/arrow"

	"flowrun/dag/diag"
	"flowrun/dag/expr"
	"flowrun/dag/schema"
)

// env is what the expressions of a node that reads in may name.
func env(n *Node, in *Output) *expr.Env {
	e := &expr.Env{Schema: in.Schema}
	if len(n.Inputs) > 0 && n.Inputs[0].From != nil {
		e.Of = n.Inputs[0].From.ID
		if o := n.Inputs[0].Output; o != "" {
			e.Of += "." + o
		}
	}
	return e
}

func (b *binder) compile(x *Expr, e *expr.Env) {
	p, list := expr.Compile(x.Text, e)
	b.list.Add(list...)
	if !list.HasErrors() {
		x.P = p
	}
}

func (b *binder) filter(n *Node, o *Filter, in *Output) {
	b.compile(&o.Cond, env(n, in))
	if p := o.Cond.P; p != nil && !schema.Equal(p.Type(), schema.Bool) {
		b.report(CodeType, o.Cond.Text.At, "compare it with something: "+o.Cond.Text.Value+" != ...",
			"a filter is true or false, and this is %s", schema.Name(p.Type()))
	}
}

// settings types what the settings of a sink compute of rows.
func (b *binder) settings(n *Node, o *Write, in *Output) {
	if len(o.Exprs) == 0 {
		return
	}
	e := env(n, in)
	for i := range o.Exprs {
		b.compile(&o.Exprs[i], e)
	}
}

// item types one item of a projection or a key; ok is false where an error hid its type.
func (b *binder) item(it *Item, e *expr.Env) (source int, f arrow.Field, ok bool) {
	if !it.Bare {
		b.compile(&it.Expr, e)
		p := it.Expr.P
		if p == nil {
			return -1, f, false
		}
		if p.Type().ID() == arrow.NULL {
			b.report(CodeType, it.Expr.Text.At, "give it a type: int(nil), string(nil)", "%s has no type: it is always null", it.Name.Value)
			return -1, f, false
		}
		return -1, arrow.Field{Name: it.Name.Value, Type: p.Type(), Nullable: p.Nullable()}, true
	}
	if e.Schema == nil {
		return -1, f, false
	}
	idx := e.Schema.FieldIndices(it.Name.Value)
	if len(idx) == 0 {
		b.unknownColumn(it.Name, e)
		return -1, f, false
	}
	return idx[0], e.Schema.Field(idx[0]), true
}

func (b *binder) unknownColumn(name diag.Text, e *expr.Env) {
	known := make([]string, e.Schema.NumFields())
	for i, f := range e.Schema.Fields() {
		known[i] = f.Name
	}
	hint := fmt.Sprintf("%s has: %s", e.Of, names(e.Schema))
	if near := diag.Suggest(name.Value, known); near != "" {
		hint = fmt.Sprintf("did you mean %q? %s", near, hint)
	}
	b.report(expr.CodeUnknownColumn, name.At, hint, "unknown column %q", name.Value)
}

func (b *binder) project(n *Node, o *Project, in *Output) *Output {
	e := env(n, in)
	var fields []arrow.Field
	var cols []ProjectColumn
	ok := in.Schema != nil
	if o.Keep && ok {
		fields, cols, ok = b.keep(n, o, e)
	}
	made := map[string]bool{}
	for i := range o.Items {
		it := &o.Items[i]
		if made[it.Name.Value] {
			b.report(CodeDuplicateColumn, it.Name.At, "give one of them another name", "%s makes the column %q twice", n.Kind, it.Name.Value)
			ok = false
			continue
		}
		made[it.Name.Value] = true
		source, f, typed := b.item(it, e)
		if !typed {
			ok = false
			continue
		}
		c := ProjectColumn{Name: f.Name, Source: source, Expr: it.Expr.P}
		at := -1
		if o.Keep {
			at = slices.IndexFunc(fields, func(g arrow.Field) bool { return g.Name == f.Name })
		}
		if at >= 0 {
			fields[at], cols[at] = f, c
		} else {
			fields, cols = append(fields, f), append(cols, c)
		}
	}
	if !ok {
		return nil
	}
	o.Columns = cols
	return &Output{Schema: arrow.NewSchema(fields, nil), Mode: in.Mode, Time: keptTime(in, cols), Key: keptKey(in, cols)}
}

// keptKey is the key of an updates edge behind a projection, under its new names: it holds while all its columns pass
// through unchanged.
func keptKey(in *Output, cols []ProjectColumn) []string {
	var key []string
	for _, k := range in.Key {
		name := keptName(in, cols, k)
		if name == "" {
			return nil
		}
		key = append(key, name)
	}
	return key
}

// keptName is what a column is called behind a projection, and one that was not renamed before others; "" where it does not pass
// through as it is.
func keptName(in *Output, cols []ProjectColumn, column string) string {
	name := ""
	for _, c := range cols {
		switch at := c.input(); {
		case at < 0 || in.Schema.Field(at).Name != column:
		case c.Name == column:
			return column
		case name == "":
			name = c.Name
		}
	}
	return name
}

func (b *binder) explode(n *Node, o *Explode, in *Output) *Output {
	_, f, ok := b.item(&o.Item, env(n, in))
	if !ok {
		return nil
	}
	l, isList := f.Type.(*arrow.ListType)
	if !isList {
		b.report(CodeType, o.Item.Expr.Text.At, `make a list of it, for instance: split(value, " ")`,
			"explode takes a list, and this is %s", schema.Name(f.Type))
		return nil
	}
	f.Type, f.Nullable = l.Elem(), l.ElemField().Nullable
	fields := slices.Clone(in.Schema.Fields())
	if at := slices.IndexFunc(fields, func(g arrow.Field) bool { return g.Name == f.Name }); at >= 0 {
		fields[at] = f
	} else {
		fields = append(fields, f)
	}
	out := &Output{Schema: arrow.NewSchema(fields, nil), Mode: in.Mode, Time: in.Time}
	if in.Time.IsColumn(f.Name) {
		out.Time = nil // replaced
	}
	return out
}

func (b *binder) union(n *Node, o *Union) *Output {
	var first *Output
	ok := true
	for i, e := range n.Inputs {
		in := e.Source()
		if in == nil || in.Schema == nil {
			ok = false
			continue
		}
		if first == nil {
			first = in
		}
		if i > 0 && in.Mode != first.Mode {
			b.report(CodeMode, e.At, "let both be rows, or both complete", "%s carries %s, and %s %s", edgeName(e), in.Mode, edgeName(n.Inputs[0]), first.Mode)
			ok = false
		}
		cols, why := match(first.Schema, in.Schema)
		if why != "" {
			b.list.Add(diag.Diagnostic{Code: CodeUnion, At: e.At,
				Message: fmt.Sprintf("the columns of %s and %s differ: %s", edgeName(n.Inputs[0]), edgeName(e), why),
				Hint:    "make them alike with select"})
			ok = false
			continue
		}
		o.Columns = append(o.Columns, cols)
	}
	if !ok || first == nil {
		return nil
	}
	if first.Mode == Updates {
		b.report(CodeMode, n.FromAt, "use emit: complete or final in the aggregates above", "a union cannot tell whose update of a key holds")
		return nil
	}
	fields := slices.Clone(first.Schema.Fields())
	for i := range fields {
		for port, e := range n.Inputs {
			if e.Source().Schema.Field(o.Columns[port][i]).Nullable {
				fields[i].Nullable = true
			}
		}
	}
	return &Output{Schema: arrow.NewSchema(fields, nil), Mode: first.Mode, Time: sharedTime(n.Inputs)}
}

func edgeName(e Edge) string {
	if e.Output == "" {
		return e.From.ID
	}
	return e.From.ID + "." + e.Output
}

// match finds the place in b of each column of a, or says why there is none.
func match(a, b *arrow.Schema) (cols []int, why string) {
	for _, f := range a.Fields() {
		idx := b.FieldIndices(f.Name)
		if len(idx) == 0 {
			return nil, fmt.Sprintf("the second has no %q", f.Name)
		}
		if g := b.Field(idx[0]); !schema.Equal(f.Type, g.Type) {
			return nil, fmt.Sprintf("%q is %s in the first and %s in the second", f.Name, schema.Name(f.Type), schema.Name(g.Type))
		}
		cols = append(cols, idx[0])
	}
	for _, f := range b.Fields() {
		if len(a.FieldIndices(f.Name)) == 0 {
			return nil, fmt.Sprintf("the first has no %q", f.Name)
		}
	}
	return cols, ""
}
