package generate

import (
	"github.com/apache/arrow-go/v18/arrow"

	"flowrun/dag/diag"
	"flowrun/dag/expr"
	"flowrun/dag/schema"
	"flowrun/dag/spec"
)

// column is one field of the rows.
type column struct {
	name    string
	program *expr.Program
}

// given is what the expressions see: a row's number and its time.
var given = arrow.NewSchema([]arrow.Field{
	{Name: "n", Type: schema.Int},
	{Name: "at", Type: schema.Timestamp},
}, nil)

// compile types the fields; each has its own dice. Without fields the rows are what is given.
func compile(fields spec.Fields, seed int64) ([]column, diag.List) {
	if len(fields) == 0 {
		for _, f := range given.Fields() {
			fields = append(fields, spec.Field{Name: diag.Text{Value: f.Name}, Expr: diag.Text{Value: f.Name}})
		}
	}
	var columns []column
	var all diag.List
	for _, f := range fields {
		env := &expr.Env{Schema: given, Of: "generate", Functions: newDice(seed, f.Name.Value).functions()}
		p, list := expr.Compile(f.Expr, env)
		all.Add(list...)
		if p == nil {
			continue
		}
		columns = append(columns, column{f.Name.Value, p})
	}
	return columns, all
}

func schemaOf(columns []column) *arrow.Schema {
	fields := make([]arrow.Field, len(columns))
	for i, c := range columns {
		fields[i] = arrow.Field{Name: c.name, Type: c.program.Type(), Nullable: c.program.Nullable()}
	}
	return arrow.NewSchema(fields, nil)
}
