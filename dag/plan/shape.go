package plan

import (
	"fmt"
	"strings"
	"time"

	"github.com/apache/arrow-go/v18/arrow"

	"flowrun/dag/expr"
	"flowrun/dag/schema"
)

// Shape says what the stored state of a node means, so that a run can tell whether what an earlier one stored still means the
// same. State can be used if the entries of both are equal, but for those that begin with [ShapeTake], [ShapeColumn] and [ShapeMay]:
// what these name can come, go and change alone. A type with ! behind it is never null.
//
// Names of keys are left out, and how expressions are spaced: state does not depend on them. The order of keys is not, since the
// lanes of state and the slots of its tables follow from it.
//
// Nil: the node keeps nothing.
func Shape(n *Node) map[string]string {
	s := shape{"kind": n.Kind}
	switch o := n.Op.(type) {
	case *Scan:
		if o.Journal != nil {
			s["journal"] = "true"
		}
		if o.Timing != nil {
			s[ShapeTime] = o.Timing.Column.Value
		}
	case *Write: // a sink has a token, which says itself what it is of
	case *Filter, *Project, *Explode, *Parse, *Route, *Union, *RateLimit, *Lookup:
		return nil
	case *Limit, *Sample: // numbers of rows, which mean the same for every limit and share
	case *Watermark:
		s["column"] = o.Timing.Column.Value
	case *Aggregate:
		s["by"], s["emit"] = keysShape(o.By), o.Emit.String()
		if w := o.Window; w != nil {
			s["window"] = w.shape()
			s.clock(ShapeTime, n, 0, w.Clock)
		}
		s.take(o, n)
	case *Dedupe:
		s["by"], s["keep"] = keysShape(o.By), choose(o.Last, "last", "first")
		s["within"] = lasting(o.Within)
		s.clock(ShapeTime, n, 0, o.Clock)
		if o.Last {
			s.columns("", n.Output("").Schema, n.Output("").Needs)
		}
	case *Top:
		s["by"], s["n"] = keysShape(o.By), fmt.Sprint(o.N)
		s["emit"] = choose(o.Updates, "updates", "final")
		s["ties"] = choose(o.Ties, "keep", "cut")
		var order []string
		for _, c := range o.Order {
			order = append(order, c.Column.Value+choose(c.Desc, " desc", ""))
		}
		s["order"] = strings.Join(order, ", ")
		s.clock(ShapeTime, n, 0, o.Clock)
		s.columns("", n.Inputs[0].Source().Schema, o.Keeps(n.Output("")))
	case *Fold: // how it goes on from what is kept may change
		s["by"], s["ttl"] = keysShape(o.By), choose(o.TTL > 0, "some", "none")
		s.clock(ShapeTime, n, 0, o.Clock)
		for _, f := range o.Kept.Fields() {
			s[ShapeMay+f.Name] = typeShape(f.Type, f.Nullable)
		}
	case *Match:
		s["by"], s["within"], s["overlap"] = keysShape(o.By), lasting(o.Within), fmt.Sprint(o.Overlap)
		for what, items := range map[string][]Item{"steps": o.Steps, "without": o.Without, "absent": o.Absent} {
			var all []string
			for _, it := range items {
				all = append(all, it.Name.Value+": "+it.Expr.P.Canonical())
			}
			s[what] = strings.Join(all, ", ")
		}
		s.clock(ShapeTime, n, 0, o.Clock)
		s.columns("", n.Inputs[0].Source().Schema, o.Keeps(n))
	case *Sort:
		s.clock(ShapeTime, n, 0, o.Clock)
		s.columns("", n.Inputs[0].Source().Schema, n.Output("").Needs)
	case *Join:
		s["type"] = o.Type.String()
		var on []string
		for _, k := range o.On {
			f := n.Inputs[0].Source().Schema.Field(k.Index[0])
			on = append(on, k.Left.Value+choose(k.Left.Value == k.Right.Value, "", " = "+k.Right.Value)+" ("+schema.Name(f.Type)+")")
		}
		s["on"], s["within"], s["ttl"] = strings.Join(on, ", "), boundShape(o.Bound), lasting(o.TTL)
		for port, side := range []string{"left ", "right "} {
			s.clock(side+ShapeTime, n, port, o.Clocks[port])
			s.columns(side, n.Inputs[port].Source().Schema, o.Shows(n.Output(""), port))
		}
	default:
		panic(fmt.Sprintf("plan: Shape does not know %T", o))
	}
	return s
}

// What the entries of a shape begin with that name one accumulator, one column of rows that are kept, or one value that is kept and
// can go but not come.
const (
	ShapeTake   = "take "
	ShapeColumn = "column "
	ShapeMay    = "acc "
)

// ShapeTime is the entry that names the column of event time. Of a source all that hangs on it are its watermarks.
const ShapeTime = "event time"

type shape map[string]string

// clock notes which columns event time comes from.
func (s shape) clock(as string, n *Node, port int, c Clock) {
	if c.Index < 0 {
		return
	}
	in := n.Inputs[port].Source().Schema
	s[as] = in.Field(c.Index).Name
	if c.Or >= 0 {
		s[as] += " or " + in.Field(c.Or).Name
	}
}

// columns are those that are kept.
func (s shape) columns(of string, in *arrow.Schema, kept func(column int) bool) {
	for i, f := range in.Fields() {
		if kept(i) {
			s[ShapeColumn+of+f.Name] = typeShape(f.Type, f.Nullable)
		}
	}
}

// take notes the calls of an aggregate. A count of different values may keep them with those of another call: see
// relational.sharedOf.
func (s shape) take(o *Aggregate, n *Node) {
	holders := map[string]string{} // by the argument of count_distinct(x): which entry has its values
	for _, it := range o.Take {
		for _, c := range it.Take.Calls {
			if of := argShape(c); c.Func == "count_distinct" && c.If == nil && holders[of] == "" {
				holders[of] = it.Name.Value
			}
		}
	}
	for _, it := range o.Take {
		for i, c := range it.Take.Calls {
			said := callShape(c)
			if o.Times.Index >= 0 && (c.Func == "first" || c.Func == "last") { // what it keeps depends on it
				said += " by " + n.Inputs[0].Source().Schema.Field(o.Times.Index).Name
			}
			if holder := holders[argShape(c)]; c.Func == "count_distinct" && c.If != nil && holder != "" {
				said += " among the values of " + holder
			}
			s[fmt.Sprintf("%s%s/%d/%s", ShapeTake, it.Name.Value, i, c.Func)] = said
		}
	}
}

func argShape(c expr.Call) string {
	var args []string
	for _, p := range c.Args {
		args = append(args, p.Canonical()+": "+schema.Name(p.Type()))
	}
	return strings.Join(args, ", ")
}

func callShape(c expr.Call) string {
	args := argShape(c)
	if c.Quantile != 0 {
		args += "; " + fmt.Sprint(c.Quantile)
	}
	if c.If != nil {
		args += "; if " + c.If.Canonical()
	}
	return c.Func + "(" + args + ") " + schema.Name(c.Type)
}

func (w *Window) shape() string {
	s := "tumbling " + lasting(w.Size)
	switch {
	case w.Session && w.Gap.P != nil:
		s = "session " + w.Gap.P.Canonical()
	case w.Session:
		s = "session " + lasting(w.Size)
	case w.Every != w.Size:
		s = "hopping " + lasting(w.Size) + " every " + lasting(w.Every)
	}
	if w.Offset != 0 {
		s += ", offset " + lasting(w.Offset)
	}
	if w.Grace != 0 {
		s += ", grace " + lasting(w.Grace)
	}
	if w.Processing {
		s += ", by the time of arrival"
	}
	return s
}

func boundShape(b *Bound) string {
	switch {
	case b == nil:
		return "any time"
	case b.Lower == -b.Upper:
		return short(b.Upper)
	}
	return short(b.Lower) + " to " + short(b.Upper)
}

// lasting is a length of time; for ever where there is none.
func lasting(d time.Duration) string {
	if d == 0 {
		return "for ever"
	}
	return short(d)
}

// short is a length of time without the zeros at its end.
func short(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

func keysShape(items []Item) string {
	var all []string
	for _, it := range items {
		all = append(all, it.Expr.P.Canonical()+" ("+typeShape(it.Expr.P.Type(), it.Expr.P.Nullable())+")")
	}
	return strings.Join(all, ", ")
}

func typeShape(t arrow.DataType, nullable bool) string {
	return schema.Name(t) + choose(nullable, "", "!")
}
