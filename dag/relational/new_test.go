package relational

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"flowrun/dag/op"
	"flowrun/dag/plan"
)

// Every operation of the algebra is known here, and New knows every one of them: a new operation fails this test until it
// has an operator.
func TestEveryOperationHasAnOperator(t *testing.T) {
	known := map[string]func() plan.Op{
		"Scan":    func() plan.Op { return &plan.Scan{} },
		"Write":   func() plan.Op { return &plan.Write{} },
		"Filter":  func() plan.Op { return &plan.Filter{} },
		"Project": func() plan.Op { return &plan.Project{} },
		"Explode": func() plan.Op { return &plan.Explode{Item: plan.Item{Name: text("x")}} },
		"Limit":   func() plan.Op { return &plan.Limit{} },
		"Parse": func() plan.Op {
			return &plan.Parse{Column: text("x"), As: "json", Schema: schemaOf("y int")}
		},
		"Route":     func() plan.Op { return &plan.Route{} },
		"Sample":    func() plan.Op { return &plan.Sample{Rate: 0.5} },
		"RateLimit": func() plan.Op { return &plan.RateLimit{RowsPerSecond: 10} },
		"Union":     func() plan.Op { return &plan.Union{} },
		"Aggregate": func() plan.Op { return &plan.Aggregate{} },
		"Join":      func() plan.Op { return &plan.Join{} },
		"Sort":      func() plan.Op { return &plan.Sort{} },
		"Top":       func() plan.Op { return &plan.Top{} },
		"Lookup":    func() plan.Op { return &plan.Lookup{Schema: schemaOf("id int")} },
		"Dedupe":    func() plan.Op { return &plan.Dedupe{} },
		"Fold":      func() plan.Op { return &plan.Fold{Kept: schemaOf(), Row: schemaOf()} },
		"Match":     func() plan.Op { return &plan.Match{} },
		"Watermark": func() plan.Op { return &plan.Watermark{} },
	}
	ops := operations(t)
	for _, name := range ops {
		make, ok := known[name]
		if !ok {
			t.Errorf("plan.%s is an operation that this test does not know", name)
			continue
		}
		o := make()
		if got := reflect.TypeOf(o).Elem().Name(); got != name {
			t.Errorf("%s is tested with a %s", name, got)
		}
		from := &plan.Node{ID: "in", Outputs: []*plan.Output{{Schema: schemaOf("x int")}}}
		tr, err := New(&plan.Node{ID: "n", Op: o, Inputs: []plan.Edge{{From: from}, {From: from}}, Outputs: from.Outputs})
		if why, instead := plan.NoLanes(o); (why == "") != (instead == "") { // panics on what it does not know
			t.Errorf("NoLanes of %s: %q, %q", name, why, instead)
		}
		if _, durable := tr.(op.Durable); err == nil && durable != (plan.Shape(&plan.Node{ID: "n", Op: o, Inputs: []plan.Edge{{From: from}, {From: from}}, Outputs: from.Outputs}) != nil) {
			t.Errorf("%s: an operator is durable if the plan has a shape for what it keeps, and only then; it is: %t", name, durable)
		}
		end := name == "Scan" || name == "Write"
		if end && (err == nil || !strings.Contains(err.Error(), "connector")) {
			t.Errorf("New of %s: %v, want an error that names connectors", name, err)
		}
		if !end && (err != nil || tr == nil) {
			t.Errorf("New of %s: %v", name, err)
		}
	}
	if len(ops) != len(known) {
		t.Errorf("plan has the operations %v, and this test knows %d", ops, len(known))
	}
}

// operations reads from the source of package plan which types are operations.
func operations(t *testing.T) []string {
	files, err := filepath.Glob("../plan/*.go")
	if err != nil || len(files) == 0 {
		t.Fatalf("no source of package plan: %v", err)
	}
	var ops []string
	for _, name := range files {
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range f.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Name.Name == "isOp" && fn.Recv != nil {
				ops = append(ops, fn.Recv.List[0].Type.(*ast.StarExpr).X.(*ast.Ident).Name)
			}
		}
	}
	slices.Sort(ops)
	return ops
}
