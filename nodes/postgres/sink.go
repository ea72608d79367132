// Package postgres is the kind that writes into tables of a PostgreSQL database.
package postgres

import (
	_ "embed"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"flowrun/dag/op"
	"flowrun/dag/plan"
	"flowrun/dag/spec"
	"flowrun/nodes"
	"flowrun/nodes/sqltable"
)

//go:embed doc.md
var doc string

// SinkConfig is the settings of a table that is written.
type SinkConfig struct {
	URL    string        `yaml:"url" doc:"where the database is: postgres://user:password@host:5432/database, with the parameters of libpq" required:"true" secret:"true"`
	Table  string        `yaml:"table" doc:"the table, in a schema as schema.table" required:"true"`
	Create bool          `yaml:"create" doc:"make the table where there is none" default:"true"`
	Key    []spec.Name   `yaml:"key" doc:"columns of which the table has a row once: a later row takes its place; unless said, those of updates"`
	Retry  spec.Duration `yaml:"retry_for" doc:"how long to try again when the server is not there or the connection is lost, before the run ends" default:"5m" min:"0s"`
}

func init() {
	nodes.Register(nodes.Kind[SinkConfig]{
		Name: "postgres", Role: nodes.Sink, Doc: doc,
		Write: write,
		Sink: func(c SinkConfig, w *plan.Write) (op.Sink, error) {
			t := sqltable.TargetOf(w, c.Table, c.Create)
			config, err := pgx.ParseConfig(c.URL)
			if err != nil {
				return nil, err
			}
			return sqltable.New(sqltable.Options{Database: &database{config: config, place: place(config)}, Target: t, Pipeline: w.Pipeline, Patience: time.Duration(c.Retry)}), nil
		},
	})
}

// place is the database as it may be shown.
func place(c *pgx.ConnConfig) string {
	if strings.HasPrefix(c.Host, "/") {
		return c.Host + ", database " + c.Database
	}
	return fmt.Sprintf("%s:%d/%s", c.Host, c.Port, c.Database)
}

func write(b *nodes.Builder, c SinkConfig) *plan.Write {
	ok := true
	wrong := func(key, message, hint string) {
		b.Wrong(key, message, hint)
		ok = false
	}
	config := locate(b, c.URL)
	ok = config != nil
	switch parts := strings.Split(c.Table, "."); {
	case !isName(c.Table):
		wrong("table", fmt.Sprintf("%q is no name of a table", c.Table), "table: hits, or in a schema table: stats.hits")
	case parts[len(parts)-1] == sqltable.Commits:
		wrong("table", sqltable.Commits+" is where the sink notes its commits", "name another table")
	}
	if b.Node.Config.Get("key") != nil && len(c.Key) == 0 {
		wrong("key", "key names no column", "key: [id], or remove it")
	}
	if !ok {
		return nil
	}
	return &plan.Write{Detail: place(config) + ", table " + c.Table, Transactional: true, Upserts: sqltable.Upserts(c.Key)}
}
