package plan

import (
	"fmt"
	"slices"
	"strings"

	"flowrun/dag/expr"
)

// NoLanes says why an operation cannot run in several lanes, and what to do instead; "" where it can: what it makes of a row
// depends on no other row, or only on those with the same key. A source decodes in lanes where it says so.
func NoLanes(o Op) (why, instead string) {
	const (
		faster = "remove `parallelism`; a costly filter, select or derive above can have it"
		keyed  = "add a key to `by`, or " + faster
	)
	if Keyed(o) {
		if t, ok := o.(*Top); ok && t.windowsOnly() {
			return "has no key but the window, all rows of which one lane has to see", keyed
		}
		return "", ""
	}
	switch o := o.(type) {
	case *Filter, *Project, *Explode, *Parse, *Route, *Lookup:
		return "", ""
	case *Scan:
		if o.Lanes {
			return "", ""
		}
		return "reads in one piece and has nothing to share out", "remove `parallelism`; the nodes that read it can have it"
	case *Write:
		return "writes rows one after the other, in their order", "remove `parallelism`; the nodes above it can have it"
	case *Limit:
		return "counts all rows, so that one lane has to see them all", faster
	case *Sample:
		return "numbers all rows, so that one lane has to see them all", faster
	case *Watermark:
		return "follows the newest of all rows, so that one lane has to see them all", faster
	case *RateLimit:
		return "keeps one pace for all rows", "remove `parallelism`"
	case *Union:
		return "only passes rows on, so that lanes would have nothing to do", "give `parallelism` to the nodes above or below it"
	case *Sort:
		return "puts all rows into one order", faster
	case *Top:
		return "ranks all rows together, having no `by`, and one lane has to see them all", keyed
	case *Fold:
		return "keeps the same values for all rows, having no `by`, and one lane has to see them all", keyed
	case *Match:
		return "looks at all rows together, having no `by`, and one lane has to see them all", keyed
	case *Aggregate:
		if o.Window != nil {
			return "has one group for each window, having no `by`, and one lane has to see all its rows", keyed
		}
		return "has one group, having no `by`, and one lane has to see all rows", keyed
	case *Join, *Dedupe:
		return "has no key by which rows could be shared out", faster
	}
	panic(fmt.Sprintf("plan: NoLanes does not know %T", o))
}

// keysOf gives what rows that belong together are equal in, of an operation that keeps something for each key. In lanes they
// meet in the same one.
func keysOf(o Op) []Item {
	switch o := o.(type) {
	case *Aggregate:
		return o.By
	case *Dedupe:
		return o.By
	case *Top:
		return o.By
	case *Fold:
		return o.By
	case *Match:
		return o.By
	}
	return nil
}

// Keyed reports whether an operation keeps something for each key, so that lanes share its rows out by key.
func Keyed(o Op) bool {
	if j, ok := o.(*Join); ok {
		return len(j.On) > 0
	}
	return len(keysOf(o)) > 0
}

// windowsOnly reports whether the keys are windows, of which few have rows at a time.
func (o *Top) windowsOnly() bool {
	return !slices.ContainsFunc(o.By, func(it Item) bool { return !it.Bare || it.Name.Value != WindowStart && it.Name.Value != WindowEnd })
}

// LaneKeys are the keys of the rows of an input of a bound node, which decide to which lane they go; nil: any row can go to any
// lane. Rows that the operation compares have the same types of keys on all inputs.
func (n *Node) LaneKeys(port int) []*expr.Program {
	var keys []*expr.Program
	if j, ok := n.Op.(*Join); ok {
		in := n.Inputs[port].Source().Schema
		for _, k := range j.On {
			keys = append(keys, expr.Column(in.Field(k.Index[port]).Name, &expr.Env{Schema: in}))
		}
		return keys
	}
	for _, it := range keysOf(n.Op) {
		keys = append(keys, it.Expr.P)
	}
	return keys
}

// lanes refuses to give up an order that says which row holds.
func (b *binder) lanes(n *Node, in *Output) {
	if n.Unordered && in.Mode == Updates {
		b.report(CodeMode, n.LanesAt, "remove `ordered: false`: the order costs little",
			"%s reads updates, of which the last row of a key holds, so their order cannot be given up", n.ID)
	}
}

// inLanes is how Explain says it.
func inLanes(n *Node) string {
	if scan, ok := n.Op.(*Scan); ok && scan.Lanes {
		return fmt.Sprintf("decodes in %d lanes, in order", n.Parallelism)
	}
	text := fmt.Sprintf("runs in %d lanes, ", n.Parallelism)
	switch {
	case Keyed(n.Op):
		return text + "rows by hash of " + strings.Join(keyNames(n.Op), ", ") + choose(n.Unordered, "; they keep the order of each key only", "")
	case n.Unordered:
		return text + "which do not keep the order of rows"
	}
	return text + "in order"
}

// keyNames are the keys as Explain names them.
func keyNames(o Op) (names []string) {
	if j, ok := o.(*Join); ok {
		return j.keyTexts()
	}
	for _, it := range keysOf(o) {
		names = append(names, it.Name.Value)
	}
	return names
}
