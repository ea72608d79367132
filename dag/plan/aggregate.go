package plan

import (
	"slices"

	"github.com/apache/arrow-go/v18/arrow"

	"flowrun/dag/diag"
	"flowrun/dag/expr"
)

// aggregate types the keys and aggregates of a node. Its columns are those of its window, then `by`, then `take`.
func (b *binder) aggregate(n *Node, o *Aggregate, in *Output) *Output {
	e := env(n, in)
	var fields []arrow.Field
	var key []string
	made := map[string]bool{}
	ok := in.Schema != nil
	column := func(name diag.Text, f arrow.Field) {
		if made[f.Name] {
			b.report(CodeDuplicateColumn, name.At, "give one of them another name", "aggregate makes the column %q twice", f.Name)
			ok = false
			return
		}
		made[f.Name] = true
		fields = append(fields, f)
	}
	if o.Window != nil {
		windows, known := b.window(n, o, in)
		ok = ok && known
		for _, f := range windows {
			column(diag.Text{Value: f.Name, At: o.Window.At}, f)
			key = append(key, f.Name)
		}
	}
	ok = b.byKeys(o.By, e, func(it *Item, f arrow.Field) {
		column(it.Name, f)
		key = append(key, f.Name)
	}) && ok
	for i := range o.Take {
		t := &o.Take[i]
		take, list := expr.CompileTake(t.Text, e)
		b.list.Add(list...)
		if list.HasErrors() || take == nil {
			ok = false
			continue
		}
		t.Take = take
		column(t.Name, arrow.Field{Name: t.Name.Value, Type: take.Type, Nullable: take.Nullable})
	}
	o.Times = noClock
	if in.Schema != nil && o.picks() {
		o.Times = clockOf(in)
	}
	b.emit(n, o, in)
	if !ok {
		return nil
	}
	out := &Output{Schema: arrow.NewSchema(fields, nil), Mode: o.Emit}
	switch o.Emit {
	case Final:
		out.Mode = Rows
		if w := o.Window; w != nil && !w.Processing {
			out.Time = &EventTime{Column: WindowEnd, Less: afterWindow, Delay: in.Time.Delay}
		}
	case Updates:
		out.Key = key
	}
	if in.Mode == Complete {
		out.Mode, out.Key = Complete, nil // behind complete results each epoch stands for itself
	}
	return out
}

// picks reports whether there is a first or last, which go by event time.
func (o *Aggregate) picks() bool {
	for _, t := range o.Take {
		if t.Take != nil && slices.ContainsFunc(t.Take.Calls, func(c expr.Call) bool { return c.Func == "first" || c.Func == "last" }) {
			return true
		}
	}
	return false
}

// column is the expression that reads one column.
func (b *binder) column(name diag.Text, e *expr.Env) Expr {
	x := Expr{Text: name}
	x.P = expr.Column(name.Value, e)
	return x
}

// emit refuses what cannot be emitted from what comes in.
func (b *binder) emit(n *Node, o *Aggregate, in *Output) {
	at := o.EmitAt
	if !at.Known() {
		at = n.ConfigAt
	}
	if in.Mode == Updates {
		from := edgeName(n.Inputs[0])
		b.report(CodeMode, n.FromAt, "let "+from+" say emit: complete, or emit: final",
			"%s carries updates: an aggregate over them would count a key once for every change", from)
	}
	if o.Window != nil && o.Window.Session && o.Emit != Final {
		b.report(CodeMode, at, "remove emit: a session is emitted when it is over",
			"sessions have no emit: %s: a session's window changes with its rows until it is over", o.Emit)
	}
	if o.Window != nil && in.Mode == Complete {
		b.report(CodeMode, o.Window.At, "put the window into the aggregate above, or let that emit: final",
			"%s carries complete results: all of them come again at each epoch, so no window over them would ever be done", edgeName(n.Inputs[0]))
	}
	if o.Emit != Final || in.Mode == Complete || o.Window != nil {
		return
	}
	for _, s := range Sources(n) {
		if scan, ok := s.Op.(*Scan); ok && !scan.Bounded {
			b.report(CodeMode, at, "emit: updates shows each change, emit: complete everything at each epoch",
				"emit: final comes at the end of the input, and %s (%s) has none", s.ID, s.Kind)
		}
	}
}
