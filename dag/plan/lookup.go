package plan

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/apache/arrow-go/v18/arrow"

	"flowrun/dag/diag"
	"flowrun/dag/expr"
	"flowrun/dag/schema"
)

// Lookup adds columns of a file, or of a table of a database, to the rows whose keys stand in it; it is held in memory. Of a key that
// stands there several times the last row holds. A null key matches nothing.
type Lookup struct {
	Path   string        // of the file
	Format Format        // of the file
	Table  *LookupTable  // what is read in place of a file; nil: a file
	Schema *arrow.Schema // the columns of the file or table that are known, with the metadata that decoders need
	On     []LookupKey
	Take   []LookupColumn
	// Required: a row without a match is rejected. Else it has nulls in what is taken.
	Required bool
	Reload   time.Duration // how often to look whether the file has changed, or to read the table again; 0: never
	MaxRows  int64         // of the file or table
}

// LookupTable is a table of a database. A connector reads it.
type LookupTable struct {
	Config any    // the decoded settings of the connector
	Detail string // what it is, short and without secrets: "table users of app.db"
	Tells  bool   // the database tells whether it has changed
}

// Place is the file or table as it may be shown.
func (o *Lookup) Place() string {
	if o.Table != nil {
		return o.Table.Detail
	}
	return o.Path
}

// What is what the rows are looked up in: a file or a table.
func (o *Lookup) What() string { return choose(o.Table != nil, "table", "file") }

// LookupKey says that a column of the rows is equal to one of the file or table.
type LookupKey struct {
	Column, In diag.Text
	Index, Of  int // their places in the rows and in Schema; set by Bind
}

// LookupColumn is a column of the file or table to add, under a name of its own.
type LookupColumn struct {
	Name, In diag.Text
	Of       int // its place in Schema; set by Bind
}

func (*Lookup) isOp() {}

func (b *binder) lookup(n *Node, o *Lookup, in *Output) *Output {
	if in.Schema == nil || o.Schema == nil {
		return nil
	}
	ok := true
	for i := range o.On {
		ok = b.lookupKey(n, o, &o.On[i], in) && ok
	}
	fields := slices.Clone(in.Schema.Fields())
	for i := range o.Take {
		t := &o.Take[i]
		var f arrow.Field
		if t.Of, f = b.heldColumn(o, t.In); t.Of < 0 {
			ok = false
			continue
		}
		if slices.ContainsFunc(fields, func(g arrow.Field) bool { return g.Name == t.Name.Value }) {
			b.report(CodeDuplicateColumn, t.Name.At, fmt.Sprintf("take it under another name: take: [{%s_%s: %s}]", o.What(), t.In.Value, t.In.Value),
				"lookup adds the column %q, and there is one of that name", t.Name.Value)
			ok = false
		}
		f.Name, f.Nullable = t.Name.Value, f.Nullable || !o.Required
		fields = append(fields, f)
	}
	if !ok {
		return nil
	}
	out := in.passOn()
	out.Schema = arrow.NewSchema(fields, nil)
	return out
}

// lookupKey finds the two columns of a key, which have one type.
func (b *binder) lookupKey(n *Node, o *Lookup, k *LookupKey, in *Output) bool {
	var f arrow.Field
	k.Of, f = b.heldColumn(o, k.In)
	at := in.Schema.FieldIndices(k.Column.Value)
	if len(at) == 0 {
		b.unknownColumn(k.Column, env(n, in))
		return false
	}
	k.Index = at[0]
	g := in.Schema.Field(k.Index)
	if why := notAKey(g.Type); why != "" {
		b.report(CodeType, k.Column.At, "compare a simple value of it", "%s cannot be compared: %s", g.Name, why)
		return false
	}
	if k.Of < 0 {
		return false
	}
	if !schema.Equal(f.Type, g.Type) {
		hint := fmt.Sprintf("make them alike: derive: {%s: %s(%s)} before it", g.Name, schema.Name(f.Type), g.Name)
		if o.Table == nil {
			hint += fmt.Sprintf(", or say in the lookup's schema what %s is", f.Name)
		}
		b.report(CodeType, k.Column.At, hint,
			"%s is %s, and %s of %s is %s", g.Name, schema.Name(g.Type), f.Name, o.Place(), schema.Name(f.Type))
		return false
	}
	return true
}

// heldColumn finds a column of the file or table; -1, which is reported, where there is none.
func (b *binder) heldColumn(o *Lookup, name diag.Text) (int, arrow.Field) {
	s := schema.Plain(o.Schema)
	at := s.FieldIndices(name.Value)
	if len(at) > 0 {
		return at[0], s.Field(at[0])
	}
	var known []string
	for _, f := range s.Fields() {
		known = append(known, f.Name)
	}
	hint := fmt.Sprintf("%s has: %s", o.Place(), names(s))
	if near := diag.Suggest(name.Value, known); near != "" {
		hint = fmt.Sprintf("did you mean %q? %s", near, hint)
	}
	b.report(expr.CodeUnknownColumn, name.At, hint, "%s has no column %q", o.Place(), name.Value)
	return -1, arrow.Field{}
}

func (x *explainer) lookup(o *Lookup) {
	var keys, taken []string
	for _, k := range o.On {
		keys = append(keys, k.Column.Value+" = "+k.In.Value)
	}
	for _, t := range o.Take {
		if t.Name.Value == t.In.Value {
			taken = append(taken, t.Name.Value)
		} else {
			taken = append(taken, t.Name.Value+": "+t.In.Value)
		}
	}
	in := o.Place()
	if o.Table == nil {
		in += ", format " + o.Format.Name
	}
	x.linef("  looks up %s in %s, held in memory", strings.Join(keys, ", "), in)
	if len(taken) > 0 {
		x.linef("  takes %s", strings.Join(taken, ", "))
	}
	x.linef("  a row without a match %s", choose(o.Required, "is rejected", "has nulls there"))
	switch {
	case o.Reload > 0 && o.Table != nil && !o.Table.Tells:
		x.linef("  reads the table again every %s", o.Reload)
	case o.Reload > 0:
		x.linef("  looks every %s whether the %s has changed", o.Reload, o.What())
	}
}
