// Package rename is the kind that gives columns other names.
package rename

import (
	_ "embed"

	"flowrun/dag/diag"
	"flowrun/dag/plan"
	"flowrun/dag/spec"
	"flowrun/nodes"
)

//go:embed doc.md
var doc string

// names maps the old name of a column to the new one.
type names map[string]spec.Name

func init() {
	nodes.Register(nodes.Kind[names]{
		Name: "rename", Role: nodes.Transform, Doc: doc, Lanes: true,
		Lower: func(b *nodes.Builder, columns names) plan.Op {
			if !b.NotEmpty(len(columns), "columns", "rename: {old_name: new_name}") {
				return nil
			}
			p := &plan.Project{Keep: true}
			for _, e := range b.Node.Config.Entries { // in file order
				to := columns[e.Key].Text
				if to.Value == "" {
					b.Report(diag.Diagnostic{Code: nodes.CodeSetting, At: e.KeyAt,
						Message: "the new name of " + e.Key + " is empty", Hint: "to leave a column out: drop: [" + e.Key + "]"})
					continue
				}
				p.Rename = append(p.Rename, plan.Renamed{Old: diag.Text{Value: e.Key, At: e.KeyAt}, New: to})
			}
			if len(p.Rename) < len(columns) {
				return nil
			}
			return p
		},
	})
}
