package sqlite

import (
	"os"
	"path/filepath"

	"flowrun/dag/diag"
	"flowrun/dag/plan"
	"flowrun/nodes"
	"flowrun/nodes/sqltable"
)

// check looks whether the rows go into the table, where that is there already. What cannot be looked at is left to the run.
func check(b *nodes.Builder, c SinkConfig, w *plan.Write) {
	path := filepath.Clean(c.Path)
	if _, err := os.Stat(path); err != nil {
		return
	}
	ctx := b.Context()
	db, conn, err := connect(ctx, path, true)
	if err != nil {
		return
	}
	defer func() { _ = conn.Close(); _ = db.Close() }()
	table, err := describe(ctx, conn, c.Table)
	if err != nil || len(table.Columns) == 0 && c.Create {
		return
	}
	for _, m := range table.misfits(sqltable.TargetOf(w, c.Table, c.Create)) {
		b.Report(diag.Diagnostic{Code: nodes.CodeTable, At: b.Setting("table"), Message: m.Message, Hint: m.Hint})
	}
}
