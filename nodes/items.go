package nodes

import (
	"fmt"

	"flowrun/dag/diag"
	"flowrun/dag/plan"
	"flowrun/dag/spec"
)

// Fields makes plan items of `name: EXPR` pairs.
func Fields(fields spec.Fields) []plan.Item {
	items := make([]plan.Item, len(fields))
	for i, f := range fields {
		items[i] = plan.Item{Name: f.Name, Expr: plan.Expr{Text: f.Expr}}
	}
	return items
}

// Items makes plan items of a list of columns and `name: EXPR` pairs.
func Items(list spec.Items) []plan.Item {
	items := make([]plan.Item, len(list))
	for i, it := range list {
		items[i] = plan.Item{Name: it.Name, Bare: it.Bare}
		if !it.Bare {
			items[i].Expr = plan.Expr{Text: it.Expr}
		}
	}
	return items
}

// NotEmpty reports a kind whose settings are empty, and returns false then.
func (b *Builder) NotEmpty(n int, what, example string) bool {
	if n > 0 {
		return true
	}
	b.Report(diag.Diagnostic{Code: CodeSetting, At: b.Config(),
		Message: fmt.Sprintf("%s needs %s, and has none", b.Node.Kind, what), Hint: example})
	return false
}
