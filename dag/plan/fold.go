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

// Acc is the struct by which the expressions of a [Fold] name what is kept.
const Acc = "acc"

// Fold keeps values for each key, computes them anew of what they were and of each row, and gives the row with them. It is what
// `scan` does.
//
// Rows are taken in the order in which they come. With TTL a key starts anew with a row that happened so long behind the latest
// one of the key, or longer, and is forgotten when the watermark has passed that; a row behind the watermark is late. Without it
// keys are kept for ever. Of complete results each epoch is its own.
type Fold struct {
	By    []Item // none: all rows have one key
	Start []Item // what is kept before a key's first row: an expression without columns, or the name of a type for its empty value
	Next  []Item // what is kept behind a row, of what was kept (Acc) and the row; as many as Start, in its order once bound
	TTL   time.Duration
	TTLAt diag.Span

	// Set by Bind.
	Kept    *arrow.Schema // what is kept, in the order of Start
	Row     *arrow.Schema // what Next is computed on: the columns of the row, and Acc
	Columns []FoldColumn  // of the result
	Clock   Clock         // without TTL there is none
}

// FoldColumn is a column of a fold's result: the column Source of the row, or, where that is -1, what is kept at place Kept.
type FoldColumn struct{ Source, Kept int }

func (*Fold) isOp() {}

// outputs implements what Declares asks for.
func (o *Fold) outputs() []Declared {
	all := []Declared{{}}
	if o.TTL > 0 {
		all = append(all, Declared{Name: LateOutput, Optional: true})
	}
	return all
}

func (b *binder) fold(n *Node, o *Fold, in *Output) *Output {
	ok := b.byKeys(o.By, env(n, in), func(*Item, arrow.Field) {})
	ok = b.foldEntries(o) && ok
	if in.Schema == nil {
		return nil
	}
	if in.Mode == Updates {
		b.report(CodeMode, n.FromAt, "scan before the aggregate, or let it emit: complete, for a scan of each epoch's rows",
			"%s carries updates: a row that it replaces would stay in what is kept", edgeName(n.Inputs[0]))
		ok = false
	}
	if in.Schema.HasField(Acc) {
		b.report(CodeDuplicateColumn, n.ConfigAt, "give the column another name before: rename: {acc: old_acc}",
			"scan calls what it keeps %s, and %s has a column of that name", Acc, edgeName(n.Inputs[0]))
		ok = false
	}
	if !ok || !b.foldTypes(n, o, in) || !b.foldTime(n, o, in) {
		return nil
	}
	fields := slices.Clone(in.Schema.Fields())
	o.Columns = make([]FoldColumn, len(fields))
	for i := range fields {
		o.Columns[i] = FoldColumn{Source: i}
	}
	out := in.passOn()
	for k, f := range o.Kept.Fields() {
		c := FoldColumn{Source: -1, Kept: k}
		if at := slices.IndexFunc(fields, func(g arrow.Field) bool { return g.Name == f.Name }); at >= 0 {
			fields[at], o.Columns[at] = f, c
		} else {
			fields, o.Columns = append(fields, f), append(o.Columns, c)
		}
		if in.Time.IsColumn(f.Name) {
			out.Time = nil // replaced
		}
	}
	out.Schema = arrow.NewSchema(fields, nil)
	return out
}

// foldEntries checks that each entry that starts also goes on, and puts Next into the order of Start.
func (b *binder) foldEntries(o *Fold) bool {
	ok := true
	named := func(items []Item, name string) int {
		return slices.IndexFunc(items, func(it Item) bool { return it.Name.Value == name })
	}
	ordered := make([]Item, 0, len(o.Next))
	for _, it := range o.Start {
		if at := named(o.Next, it.Name.Value); at >= 0 {
			ordered = append(ordered, o.Next[at])
			continue
		}
		b.report(CodeColumns, it.Name.At, fmt.Sprintf("next: {%s: ...}, an expression over acc and the row", it.Name.Value),
			"%q has a start and no next: it would never change", it.Name.Value)
		ok = false
	}
	for _, it := range o.Next {
		if named(o.Start, it.Name.Value) < 0 {
			b.report(CodeColumns, it.Name.At, fmt.Sprintf("start: {%s: 0}, or a type such as float or list<timestamp> for its empty value", it.Name.Value),
				"%q has a next and no start, which gives it its type", it.Name.Value)
			ok = false
		}
	}
	if ok {
		o.Next = ordered
	}
	return ok
}

// foldTypes types what is kept: each entry has the type that its start and its next have together, and is never null where
// neither can be. Since next reads what is kept, its type is tried until it stays.
func (b *binder) foldTypes(n *Node, o *Fold, in *Output) bool {
	kept := make([]arrow.Field, len(o.Start))
	ok := true
	for i := range o.Start {
		f, typed := b.foldStart(&o.Start[i])
		ok = ok && typed
		kept[i] = f
	}
	if !ok {
		return false
	}
	for {
		before := slices.Clone(kept)
		o.Row = arrow.NewSchema(append(slices.Clone(in.Schema.Fields()), arrow.Field{Name: Acc, Type: schema.Struct(kept...)}), nil)
		e := env(n, in)
		e.Schema = o.Row
		for i := range o.Next {
			it := &o.Next[i]
			p, list := expr.CompileAs(it.Expr.Text, e, before[i].Type)
			if list.HasErrors() {
				b.list.Add(list...)
				ok = false
				continue
			}
			it.Expr.P = p
			t, fits := expr.Common(kept[i].Type, p.Type())
			if !fits {
				b.report(CodeType, it.Expr.Text.At, fmt.Sprintf("make both alike: start: {%s: ...} gives the type", it.Name.Value),
					"%s starts as %s, and next is %s", it.Name.Value, schema.Name(kept[i].Type), schema.Name(p.Type()))
				ok = false
				continue
			}
			kept[i].Type, kept[i].Nullable = t, kept[i].Nullable || p.Nullable()
		}
		if !ok {
			return false
		}
		if slices.EqualFunc(before, kept, func(f, g arrow.Field) bool { return schema.Equal(f.Type, g.Type) && f.Nullable == g.Nullable }) {
			break
		}
	}
	for i := range o.Start {
		if x := &o.Start[i].Expr; x.P != nil {
			x.P, _ = expr.CompileAs(x.Text, noColumns, kept[i].Type)
		}
	}
	o.Kept = arrow.NewSchema(kept, nil)
	return true
}

var noColumns = &expr.Env{Schema: arrow.NewSchema(nil, nil), Of: "the start of a scan"}

// foldStart types what an entry starts with. The name of a type is no expression, since there is no column that it could name.
func (b *binder) foldStart(it *Item) (arrow.Field, bool) {
	if t, nullable, _, err := schema.Parse(it.Expr.Text.Value); err == nil && nullable {
		_, list := t.(*arrow.ListType)
		_, entries := t.(*arrow.MapType)
		return arrow.Field{Name: it.Name.Value, Type: t, Nullable: !list && !entries}, true
	}
	if text := strings.TrimSpace(it.Expr.Text.Value); text == "[]" || text == "{}" {
		b.report(CodeType, it.Expr.Text.At, "the name of its type stands for its empty value: list<string>, map<int>",
			"what %s is of is not known: %s is empty", it.Name.Value, text)
		return arrow.Field{}, false
	}
	_, f, ok := b.item(it, noColumns)
	return f, ok
}

// foldTime finds the event time that a TTL goes by.
func (b *binder) foldTime(n *Node, o *Fold, in *Output) bool {
	o.Clock = noClock
	if o.TTL == 0 {
		return true
	}
	if in.Mode == Complete {
		b.report(CodeMode, o.TTLAt, "remove it", "%s carries complete results: what is kept is forgotten at the end of each epoch", edgeName(n.Inputs[0]))
		return false
	}
	if in.Time == nil {
		b.noEventTime(n, o.TTLAt)
		return false
	}
	o.Clock = clockOf(in)
	return true
}

func (x *explainer) fold(o *Fold) {
	for _, it := range o.By {
		if it.Bare {
			x.linef("  by %s", it.Name.Value)
		} else {
			x.expr("by", it.Name.Value, it.Expr.P)
		}
	}
	for i, it := range o.Next {
		start := o.Start[i].Expr.Text.Value
		if o.Start[i].Expr.P == nil {
			start = "an empty " + start
		}
		x.linef("  keeps %s, at first %s", it.Name.Value, start)
		x.expr("then", it.Name.Value, it.Expr.P)
	}
	if o.TTL > 0 {
		x.linef("  forgotten %s of event time behind a key's last row", o.TTL)
	} else if len(o.By) > 0 {
		x.linef("  kept for ever")
	}
}
