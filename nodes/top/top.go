// Package top is the kind that lets the first rows of each key pass, in an order.
package top

import (
	_ "embed"
	"fmt"

	"flowrun/dag/diag"
	"flowrun/dag/plan"
	"flowrun/dag/spec"
	"flowrun/nodes"
)

//go:embed doc.md
var doc string

type config struct {
	N     int        `yaml:"n" doc:"How many rows of each key." required:"true" min:"1" max:"1000000"`
	By    spec.Items `yaml:"by" doc:"What the key is: names of columns, or name: EXPRESSION. It has window_end in it, unless emit is updates or complete results come in."`
	Order spec.Items `yaml:"order" doc:"Columns to order by, the smallest value first; COLUMN: desc for the largest first." required:"true"`
	Ties  diag.Text  `yaml:"ties" doc:"cut: n rows, and of equal ones those that came first. keep: also all that are equal to the last of them." default:"cut" enum:"cut,keep"`
	Emit  diag.Text  `yaml:"emit" doc:"final: the first rows of a key once they are known. updates: at the end of each epoch those of the keys that changed; the last row of a key and rank holds." default:"final" enum:"final,updates"`
}

func init() {
	nodes.Register(nodes.Kind[config]{Name: "top", Role: nodes.Transform, Doc: doc, Lanes: true, Lower: lower})
}

func lower(b *nodes.Builder, c config) plan.Op {
	if !b.NotEmpty(len(c.Order), "columns to order by", "order: [{price: desc}, at]") {
		return nil
	}
	o := &plan.Top{N: c.N, By: nodes.Items(c.By), Ties: c.Ties.Value == "keep", Updates: c.Emit.Value == "updates", UpdateAt: c.Emit.At}
	ok := true
	for _, it := range c.Order {
		if way := it.Expr.Value; !it.Bare && way != "asc" && way != "desc" {
			b.Report(diag.Diagnostic{Code: nodes.CodeSetting, At: it.Expr.At,
				Message: fmt.Sprintf("%s is ordered %q, and that is asc or desc", it.Name.Value, way),
				Hint:    fmt.Sprintf("order: [{%s: desc}]; what is computed has to be a column first: derive", it.Name.Value)})
			ok = false
		}
		o.Order = append(o.Order, plan.Ordered{Column: it.Name, Desc: !it.Bare && it.Expr.Value == "desc"})
	}
	if !ok {
		return nil
	}
	return o
}
