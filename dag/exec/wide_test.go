package exec_test

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"pgregory.net/rapid"

	"flowrun/dag/plan"
	"flowrun/dag/schema"
)

// wideSchema is what sources of wide plans give.
var wideSchema = arrow.NewSchema([]arrow.Field{
	{Name: "i", Type: schema.Int, Nullable: true},
	{Name: "j", Type: schema.Int},
	{Name: "f", Type: schema.Float, Nullable: true},
	{Name: "s", Type: schema.String, Nullable: true},
	{Name: "l", Type: schema.List(schema.String), Nullable: true},
}, nil)

// wide is a random plan of the algebra's own operations over rows of several columns.
type wide struct {
	batches [][][]any // of the source: rows
	pushes  bool
	nodes   []wideNode
	sinks   []wideSink
}

type wideNode struct {
	op   func() plan.Op // made anew for each Bind
	from []string
}

type wideSink struct {
	from  string
	exprs []string
	only  bool // it reads nothing but exprs
}

// open is an output that a later node can read.
type open struct {
	id      string
	columns map[string]string // name to type
	ordered bool
}

func drawWide(t *rapid.T) *wide {
	w := &wide{pushes: rapid.Bool().Draw(t, "pushes")}
	maybe := func(v any) any {
		if rapid.IntRange(0, 4).Draw(t, "null") == 0 {
			return nil
		}
		return v
	}
	for range rapid.IntRange(1, 4).Draw(t, "batches") {
		rows := [][]any{}
		for range rapid.IntRange(0, 20).Draw(t, "rows") {
			var list []string
			for range rapid.IntRange(0, 3).Draw(t, "elements") {
				list = append(list, rapid.SampledFrom([]string{"a", "b", "k=v"}).Draw(t, "element"))
			}
			rows = append(rows, []any{
				maybe(rapid.Int64Range(-2, 4).Draw(t, "i")), rapid.Int64Range(0, 3).Draw(t, "j"),
				maybe(rapid.SampledFrom([]float64{-1.5, 0, 2.5, 40}).Draw(t, "f")), maybe(rapid.SampledFrom([]string{"", "a", "ab", "ö", "12"}).Draw(t, "s")), maybe(list),
			})
		}
		w.batches = append(w.batches, rows)
	}
	outs := []open{{id: "source", columns: map[string]string{"i": "int", "j": "int", "f": "float", "s": "string", "l": "list"}, ordered: true}}
	read := map[string]bool{}
	for n := range rapid.IntRange(1, 6).Draw(t, "nodes") {
		in := outs[rapid.IntRange(max(0, len(outs)-3), len(outs)-1).Draw(t, "input")]
		id := fmt.Sprint("node", n)
		node, made := w.draw(t, id, in, outs)
		w.nodes = append(w.nodes, node)
		for _, f := range node.from {
			read[f] = true
		}
		outs = append(outs, made...)
		if rapid.IntRange(0, 3).Draw(t, "rejects are read") == 0 {
			w.sinks = append(w.sinks, wideSink{from: id + ".rejected"})
		}
	}
	for _, o := range outs {
		if read[o.id] && rapid.IntRange(0, 4).Draw(t, "also a sink") > 0 {
			continue
		}
		s := wideSink{from: o.id}
		switch rapid.IntRange(0, 3).Draw(t, "sink") {
		case 0:
			s.only = true
		case 1:
			s.only = true
			if names := o.of("int", "float", "string", "list"); len(names) > 0 {
				s.exprs = []string{rapid.SampledFrom(names).Draw(t, "read")}
			}
		}
		w.sinks = append(w.sinks, s)
	}
	return w
}

// of lists the columns of some types.
func (o open) of(types ...string) []string {
	var names []string
	for name, kind := range o.columns {
		if slices.Contains(types, kind) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// with is the output of a node that adds or replaces a column.
func (o open) with(id, name, kind string) open {
	made := open{id: id, ordered: o.ordered, columns: map[string]string{}}
	for n, k := range o.columns {
		made.columns[n] = k
	}
	if name != "" {
		made.columns[name] = kind
	}
	return made
}

// condition draws one over the columns of o.
func (o open) condition(t *rapid.T) string {
	var all []string
	for _, c := range o.of("int") {
		all = append(all, c+" > 1", c+" != nil", "10 % "+c+" > 1", c+" + 9223372036854775806 > 0", c+" * 1.5 < 3.0")
	}
	for _, c := range o.of("float") {
		all = append(all, c+" > 1.0", c+" < 30 || "+c+" == nil")
	}
	for _, c := range o.of("string") {
		all = append(all, c+` == "a"`, c+` contains "a"`, "int("+c+") > 3", `(`+c+` ?? "") != "ab"`, "len("+c+") > 1")
	}
	if len(all) == 0 {
		return "true"
	}
	var parts []string
	for range rapid.IntRange(1, 3).Draw(t, "conditions") {
		parts = append(parts, "("+rapid.SampledFrom(all).Draw(t, "condition")+")")
	}
	return strings.Join(parts, rapid.SampledFrom([]string{" && ", " && ", " || "}).Draw(t, "join"))
}

// value draws an expression over the columns of o.
func (o open) value(t *rapid.T) (text, kind string) {
	type value struct{ text, kind string }
	all := []value{{"1", "int"}, {`"x"`, "string"}}
	for _, c := range o.of("int") {
		all = append(all, value{c, "int"}, value{c + " + 1", "int"}, value{"10 % " + c, "int"}, value{c + " * 2.0", "float"}, value{`string(` + c + `)`, "string"})
	}
	for _, c := range o.of("float") {
		all = append(all, value{c, "float"}, value{c + " * 9 / 5 + 32", "float"}, value{c + ` > 0 ? "warm" : "cold"`, "string"})
	}
	for _, c := range o.of("string") {
		all = append(all, value{c, "string"}, value{"upper(" + c + ")", "string"}, value{"int(" + c + ")", "int"}, value{`split(` + c + `, "")`, "list"})
	}
	v := rapid.SampledFrom(all).Draw(t, "value")
	return v.text, v.kind
}

// draw makes a node that reads in, and perhaps others.
func (w *wide) draw(t *rapid.T, id string, in open, outs []open) (wideNode, []open) {
	node := wideNode{from: []string{in.id}}
	kinds := []string{"filter", "filter", "derive", "derive", "select", "rename", "route", "aggregate", "union"}
	if in.ordered {
		kinds = append(kinds, "sample")
	}
	if len(in.of("list")) > 0 {
		kinds = append(kinds, "explode", "explode")
	}
	if len(in.of("string")) > 0 && len(in.columns) < 9 {
		kinds = append(kinds, "parse")
	}
	name := func() string { return rapid.SampledFrom([]string{"x", "y", "s", "j"}).Draw(t, "name") }
	switch kind := rapid.SampledFrom(kinds).Draw(t, "kind"); kind {
	case "filter":
		cond := in.condition(t)
		node.op = func() plan.Op { return &plan.Filter{Cond: plan.Expr{Text: text(cond)}} }
		return node, []open{in.with(id, "", "")}
	case "derive":
		out := in.with(id, "", "")
		var items [][2]string
		for range rapid.IntRange(1, 3).Draw(t, "items") {
			to := name()
			if slices.ContainsFunc(items, func(it [2]string) bool { return it[0] == to }) {
				continue
			}
			text, kind := in.value(t)
			items, out = append(items, [2]string{to, text}), out.with(id, to, kind)
		}
		node.op = func() plan.Op { return &plan.Project{Keep: true, Items: itemsOf(items)} }
		return node, []open{out}
	case "select":
		out := open{id: id, ordered: in.ordered, columns: map[string]string{}}
		var items [][2]string
		for _, c := range in.of("int", "float", "string", "list") {
			if rapid.Bool().Draw(t, "keep "+c) {
				items, out = append(items, [2]string{c, ""}), out.with(id, c, in.columns[c])
			}
		}
		if to := name(); out.columns[to] == "" {
			text, kind := in.value(t)
			items, out = append(items, [2]string{to, text}), out.with(id, to, kind)
		}
		node.op = func() plan.Op { return &plan.Project{Items: itemsOf(items)} }
		return node, []open{out}
	case "rename":
		old := rapid.SampledFrom(in.of("int", "float", "string", "list")).Draw(t, "old")
		out := in.with(id, "", "")
		delete(out.columns, old)
		to := "of_" + id
		out.columns[to] = in.columns[old]
		node.op = func() plan.Op {
			return &plan.Project{Keep: true, Rename: []plan.Renamed{{Old: text(old), New: text(to)}}}
		}
		return node, []open{out}
	case "route":
		a, b := in.condition(t), in.condition(t)
		node.op = func() plan.Op {
			return &plan.Route{Branches: []plan.Branch{{Name: text("big"), Cond: plan.Expr{Text: text(a)}}, {Name: text("small"), Cond: plan.Expr{Text: text(b)}}}}
		}
		return node, []open{in.with(id+".big", "", ""), in.with(id+".small", "", ""), in.with(id+".else", "", "")}
	case "sample":
		node.op = func() plan.Op { return &plan.Sample{Rate: 0.6, Seed: 7} }
		return node, []open{in.with(id, "", "")}
	case "explode":
		list, to := rapid.SampledFrom(in.of("list")).Draw(t, "list"), name()
		node.op = func() plan.Op {
			return &plan.Explode{Item: plan.Item{Name: text(to), Expr: plan.Expr{Text: text(list)}}}
		}
		return node, []open{in.with(id, to, "string")}
	case "parse":
		from, keep, made := rapid.SampledFrom(in.of("string")).Draw(t, "texts"), rapid.Bool().Draw(t, "keep"), "p"+id
		node.op = func() plan.Op {
			return &plan.Parse{Column: text(from), As: "csv", Keep: keep, Schema: arrow.NewSchema([]arrow.Field{{Name: made, Type: schema.String, Nullable: true}}, nil)}
		}
		out := in.with(id, made, "string")
		if !keep {
			delete(out.columns, from)
		}
		return node, []open{out}
	case "aggregate":
		var by []plan.Item
		out := open{id: id, columns: map[string]string{"n": "int"}}
		take := "count()"
		if ints := in.of("int"); len(ints) > 0 {
			take = "count() + (sum(" + rapid.SampledFrom(ints).Draw(t, "sum") + ") ?? 0)"
		}
		if keys := in.of("string", "int"); len(keys) > 0 && rapid.Bool().Draw(t, "keyed") {
			key := rapid.SampledFrom(keys).Draw(t, "key")
			if key != "n" {
				by, out.columns[key] = []plan.Item{{Name: text(key), Bare: true}}, in.columns[key]
			}
		}
		node.op = func() plan.Op {
			return &plan.Aggregate{By: slices.Clone(by), Take: []plan.TakeItem{{Name: text("n"), Text: text(take)}}, Emit: plan.Final}
		}
		return node, []open{out}
	}
	same := []string{}
	for _, o := range outs {
		if reflect.DeepEqual(o.columns, in.columns) {
			same = append(same, o.id)
		}
	}
	node.from = append(node.from, rapid.SampledFrom(same).Draw(t, "other"))
	node.op = func() plan.Op { return &plan.Union{} }
	out := in.with(id, "", "")
	out.ordered = false
	return node, []open{out}
}

func itemsOf(list [][2]string) []plan.Item {
	items := make([]plan.Item, len(list))
	for i, it := range list {
		if items[i] = item(it[0], it[1]); it[1] == "" {
			items[i] = plan.Item{Name: text(it[0]), Bare: true}
		}
	}
	return items
}
