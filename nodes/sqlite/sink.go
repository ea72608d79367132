package sqlite

import (
	"fmt"
	"path/filepath"
	"time"

	"flowrun/dag/op"
	"flowrun/dag/plan"
	"flowrun/dag/spec"
	"flowrun/nodes"
	"flowrun/nodes/sqltable"
)

// SinkConfig is the settings of a table that is written.
type SinkConfig struct {
	Path   string      `yaml:"path" doc:"the file of the database, which is made where there is none" required:"true"`
	Table  string      `yaml:"table" doc:"the table" required:"true"`
	Create bool        `yaml:"create" doc:"make the table where there is none" default:"true"`
	Key    []spec.Name `yaml:"key" doc:"columns of which the table has a row once: a later row takes its place; unless said, those of updates"`
}

// patience is how long a lock of another process or a full disk is waited for.
const patience = 5 * time.Minute

func init() {
	nodes.Register(nodes.Kind[SinkConfig]{
		Name: "sqlite", Role: nodes.Sink, Doc: doc,
		Write: write,
		Check: check,
		Sink: func(c SinkConfig, w *plan.Write) (op.Sink, error) {
			t := sqltable.TargetOf(w, c.Table, c.Create)
			return sqltable.New(sqltable.Options{Database: &database{path: filepath.Clean(c.Path)}, Target: t, Pipeline: w.Pipeline, Patience: patience}), nil
		},
	})
}

func write(b *nodes.Builder, c SinkConfig) *plan.Write {
	ok := true
	if c.Path == "" {
		b.Wrong("path", "path is empty", "sqlite: {path: out.db, table: hits}")
		ok = false
	}
	if c.Table == "" {
		b.Wrong("table", "table is empty", "sqlite: {path: out.db, table: hits}")
		ok = false
	}
	if c.Table == sqltable.Commits {
		b.Wrong("table", fmt.Sprintf("%s is where the sink notes its commits", sqltable.Commits), "name another table")
		ok = false
	}
	if b.Node.Config.Get("key") != nil && len(c.Key) == 0 {
		b.Wrong("key", "key names no column", "key: [id], or remove it")
		ok = false
	}
	if !ok {
		return nil
	}
	return &plan.Write{Detail: c.Path + ", table " + c.Table, Transactional: true, Upserts: sqltable.Upserts(c.Key)}
}
