package plan

import (
	"regexp"
	"slices"

	"github.com/apache/arrow-go/v18/arrow"

	"flowrun/dag/diag"
	"flowrun/dag/schema"
)

// Parse makes columns of the texts in a column; the others stay, and so does the column itself with Keep. New columns come
// last. A text that has not what they need is a reject.
type Parse struct {
	Column  diag.Text
	As      string         // json, csv, kv or regex
	Config  any            // the options of the format, as in Format; nil: its defaults
	Pattern *regexp.Regexp // of regex
	Schema  *arrow.Schema  // the columns to make, with the metadata that decoders need
	Keep    bool
	Source  int // the place of Column in what comes in; set by Bind
}

func (*Parse) isOp() {}

func (b *binder) parse(n *Node, o *Parse, in *Output) *Output {
	if in.Schema == nil || o.Schema == nil {
		return nil
	}
	at := in.Schema.FieldIndices(o.Column.Value)
	if len(at) == 0 {
		b.unknownColumn(o.Column, env(n, in))
		return nil
	}
	o.Source = at[0]
	if f := in.Schema.Field(o.Source); f.Type.ID() != arrow.STRING {
		b.report(CodeType, o.Column.At, "make a text of it first: derive: {text: string("+f.Name+")}",
			"parse reads a column of texts, and %s is %s", f.Name, schema.Name(f.Type))
		return nil
	}
	fields := slices.Clone(in.Schema.Fields())
	if !o.Keep {
		fields = slices.Delete(fields, o.Source, o.Source+1)
	}
	ok := true
	for _, f := range schema.Plain(o.Schema).Fields() {
		if slices.ContainsFunc(fields, func(g arrow.Field) bool { return g.Name == f.Name }) {
			b.report(CodeDuplicateColumn, o.Column.At, "rename or drop one of them first, for instance: rename: {"+f.Name+": old_"+f.Name+"}",
				"parse makes the column %q, and what comes in has one of that name", f.Name)
			ok = false
		}
		fields = append(fields, f)
	}
	if !ok {
		return nil
	}
	key := in.Key
	if !o.Keep && slices.Contains(key, o.Column.Value) {
		key = nil
	}
	return &Output{Schema: arrow.NewSchema(fields, nil), Mode: in.Mode, Time: in.Time, Key: key}
}

func (x *explainer) parse(o *Parse) {
	how := o.As
	if o.Pattern != nil {
		how += " " + o.Pattern.String()
	}
	x.linef("  parses %s as %s", o.Column.Value, how)
	x.linef("    into %s", columns(o.Schema))
}
