// Package lookup is the kind that adds columns of a file, or of a table of a database, to rows.
package lookup

import (
	_ "embed"
	"fmt"
	"time"

	"flowrun/dag/diag"
	"flowrun/dag/plan"
	"flowrun/dag/spec"
	"flowrun/nodes"
	"flowrun/nodes/postgres"
	"flowrun/nodes/sqlite"
)

//go:embed doc.md
var doc string

// keys maps a column of the rows to one of the file or table.
type keys map[string]spec.Name

type config struct {
	File     string                `yaml:"file" doc:"The file that is looked up in. It is held in memory."`
	SQLite   *sqlite.TableConfig   `yaml:"sqlite" doc:"A table of a SQLite database, in place of a file."`
	Postgres *postgres.TableConfig `yaml:"postgres" doc:"A table of a PostgreSQL database, in place of a file."`
	Format   string                `yaml:"format" doc:"What the file is; auto goes by its name: .csv, .tsv, .json, .jsonl, .ndjson, .parquet, .arrow." enum:"auto,csv,tsv,json,parquet,arrow" default:"auto"`
	Schema   *spec.Value           `yaml:"schema" doc:"The columns of a csv or json file, or of a table, and their types; without it they are found by the first rows of the file, or asked of the database."`
	On       keys                  `yaml:"on" doc:"What has to be equal: {column: column of the file or table}, one or more." required:"true"`
	Take     spec.Items            `yaml:"take" doc:"Columns of the file or table to add: a name, or new_name: column of the file or table."`
	Required bool                  `yaml:"required" doc:"Reject a row without a match; else it has nulls in what is taken." default:"false"`
	Reload   spec.Duration         `yaml:"reload" doc:"How often to look whether the file or the SQLite database has changed, to read it again, or to read the PostgreSQL table again; without it that is read once." min:"1ms"`
	MaxRows  int64                 `yaml:"max_rows" doc:"How many rows the file or table may have." default:"5000000" min:"1" max:"2000000000"`
}

func init() {
	nodes.Register(nodes.Kind[config]{Name: "lookup", Role: nodes.Transform, Doc: doc, Lanes: true, Lower: lower, Table: table})
}

func lower(b *nodes.Builder, c config) plan.Op {
	if !b.NotEmpty(len(c.On), "a key", "on: {user: id}, where the rows have user, and what is looked up in has id") {
		return nil
	}
	if len(c.Take) == 0 && !c.Required {
		b.Report(diag.Diagnostic{Code: nodes.CodeSetting, At: b.Config(), Message: "lookup takes no column, and needs no match: it would do nothing",
			Hint: "take: [name], or required: true to reject rows without a match"})
		return nil
	}
	o := &plan.Lookup{Path: c.File, Required: c.Required, Reload: time.Duration(c.Reload), MaxRows: c.MaxRows}
	ok := true
	for _, e := range b.Node.Config.Get("on").Entries { // in file order
		in := c.On[e.Key].Text
		if in.Value == "" {
			b.Report(diag.Diagnostic{Code: nodes.CodeSetting, At: e.KeyAt, Message: fmt.Sprintf("which column is equal to %s is not said", e.Key),
				Hint: "on: {" + e.Key + ": id}"})
			ok = false
		}
		o.On = append(o.On, plan.LookupKey{Column: diag.Text{Value: e.Key, At: e.KeyAt}, In: in})
	}
	for _, it := range c.Take {
		col := plan.LookupColumn{Name: it.Name, In: it.Name}
		if !it.Bare {
			col.In = it.Expr
		}
		o.Take = append(o.Take, col)
	}
	if !look(b, c, o) || !ok {
		return nil
	}
	return o
}

// look finds out which columns there are to look up in, and reports what is wrong.
func look(b *nodes.Builder, c config, o *plan.Lookup) bool {
	given := 0
	for _, is := range []bool{b.Node.Config.Get("file") != nil, c.SQLite != nil, c.Postgres != nil} {
		if is {
			given++
		}
	}
	switch {
	case given != 1:
		b.Report(diag.Diagnostic{Code: nodes.CodeSetting, At: b.Config(), Message: "lookup looks up in one thing: a file, or a table of a database",
			Hint: "file: users.csv, or sqlite: {path: app.db, table: users}, or postgres: {url: ..., table: users}"})
		return false
	case c.SQLite != nil || c.Postgres != nil:
		return lookAtTable(b, c, o)
	}
	return lookAtFile(b, c, o)
}
