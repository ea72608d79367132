package plan

import (
	"fmt"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"

	"flowrun/dag/expr"
	"flowrun/dag/schema"
)

// Shape says what the stored state of a node means, so that a run can tell whether what an earlier one stored still means the
// same. State can be used if the entries of both are equal, but for those that begin with [ShapeTake] and [ShapeColumn]:
// what these name can come, go and change alone.
//
// Nil: the node keeps nothing.
func Shape(n *Node) map[string]string {
	s := map[string]string{"kind": n.Kind}
	switch o := n.Op.(type) {
	case *Scan, *Write:
		return s // a source has a position, a sink a token
	case *Filter, *Project, *Explode, *Parse, *Route, *Union, *RateLimit, *Lookup:
		return nil
	case *Limit, *Sample:
		return s
	case *Watermark:
		s["column"] = o.Timing.Column.Value
	case *Aggregate:
		s["by"], s["emit"] = byShape(o.By), o.Emit.String()
		if w := o.Window; w != nil {
			s["window"] = fmt.Sprintf("session %t, size %s, every %s, offset %s, processing %t", w.Session, w.Size, w.Every, w.Offset, w.Processing)
			if w.Gap.P != nil {
				s["gap"] = w.Gap.P.Text()
			}
		}
		for _, it := range o.Take {
			for i, c := range it.Take.Calls {
				s[fmt.Sprintf("%s%s/%d/%s", ShapeTake, it.Name.Value, i, c.Func)] = callShape(c) + o.timeShape(c, n)
			}
		}
	case *Dedupe:
		s["by"], s["last"] = byShape(o.By), fmt.Sprint(o.Last)
		if o.Last {
			columnShapes(s, "", n.Output("").Schema, n.Output("").Needs)
		}
	case *Top:
		s["by"], s["updates"], s["rows"] = byShape(o.By), fmt.Sprint(o.Updates), fmt.Sprint(o.N)
		for _, c := range o.Order {
			s["order"] += fmt.Sprintf("%s %t, ", c.Column.Value, c.Desc)
		}
		columnShapes(s, "", n.Inputs[0].Source().Schema, o.Keeps(n.Output("")))
	case *Fold: // how it goes on from what is kept may change
		s["by"] = byShape(o.By)
		for _, f := range o.Kept.Fields() {
			s["acc "+f.Name] = schema.Name(f.Type)
		}
	case *Match:
		s["by"], s["within"], s["overlap"] = byShape(o.By), o.Within.String(), fmt.Sprint(o.Overlap)
		for what, items := range map[string][]Item{"steps": o.Steps, "without": o.Without, "absent": o.Absent} {
			for _, it := range items {
				s[what] += fmt.Sprintf("%s: %s, ", it.Name.Value, it.Expr.Text.Value)
			}
		}
		columnShapes(s, "", n.Inputs[0].Source().Schema, o.Keeps(n))
	case *Sort:
		columnShapes(s, "", n.Inputs[0].Source().Schema, n.Output("").Needs)
	case *Join:
		s["type"] = o.Type.String()
		for _, k := range o.On {
			s["on"] += fmt.Sprintf("%s %s %s, ", k.Left.Value, k.Right.Value, schema.Name(n.Inputs[0].Source().Schema.Field(k.Index[0]).Type))
		}
		for port, side := range []string{"left ", "right "} {
			columnShapes(s, side, n.Inputs[port].Source().Schema, o.Shows(n.Output(""), port))
		}
	default:
		panic(fmt.Sprintf("plan: Shape does not know %T", o))
	}
	return s
}

// What the entries of a shape begin with that name one accumulator, or one column of rows that are kept.
const (
	ShapeTake   = "take "
	ShapeColumn = "column "
)

func byShape(items []Item) string {
	var all []string
	for _, it := range items {
		all = append(all, fmt.Sprintf("%s: %s (%s)", it.Name.Value, it.Expr.P.Text(), schema.Name(it.Expr.P.Type())))
	}
	return strings.Join(all, ", ")
}

func callShape(c expr.Call) string {
	var said []string
	for _, p := range c.Args {
		said = append(said, p.Text()+" ("+schema.Name(p.Type())+")")
	}
	if c.If != nil {
		said = append(said, "if "+c.If.Text())
	}
	if c.Quantile != 0 {
		said = append(said, fmt.Sprint(c.Quantile))
	}
	return strings.Join(append(said, schema.Name(c.Type)), ", ")
}

// timeShape says by which time a first or last goes: what it keeps depends on it.
func (o *Aggregate) timeShape(c expr.Call, n *Node) string {
	if o.Times.Index < 0 || c.Func != "first" && c.Func != "last" {
		return ""
	}
	return ", by the time " + n.Inputs[0].Source().Schema.Field(o.Times.Index).Name
}

// columnShapes are those of the columns that are kept.
func columnShapes(s map[string]string, of string, in *arrow.Schema, kept func(column int) bool) {
	for i, f := range in.Fields() {
		if kept(i) {
			s[ShapeColumn+of+f.Name] = schema.Name(f.Type)
		}
	}
}

// ShapeNullable reports whether a column that a shape names, without what it begins with, may be null.
func ShapeNullable(n *Node, column string) bool {
	in := n.Inputs[0]
	if _, ok := n.Op.(*Join); ok {
		side, name, _ := strings.Cut(column, " ")
		if column = name; side == "right" {
			in = n.Inputs[1]
		}
	}
	at := in.Source().Schema.FieldIndices(column)
	return len(at) == 1 && in.Source().Schema.Field(at[0]).Nullable
}
