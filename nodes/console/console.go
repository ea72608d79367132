// Package console is the sink that shows the rows of each epoch as a table, exactly as Spark's console sink does.
package console

import (
	"context"
	_ "embed"
	"fmt"

	"flowrun/dag/batch"
	"flowrun/dag/op"
	"flowrun/dag/plan"
	"flowrun/nodes"
)

// Config is the settings of a console.
type Config struct {
	NumRows  int `yaml:"num_rows" doc:"rows to show of each epoch, at most 10000" default:"20"`
	Truncate int `yaml:"truncate" doc:"characters to show of a cell, the rest becomes ...; 0 shows all and aligns left" default:"20"`
}

const maxRows = 10_000

//go:embed doc.md
var doc string

func init() {
	nodes.Register(nodes.Kind[Config]{
		Name: "console", Role: nodes.Sink, Doc: doc,
		Write: func(b *nodes.Builder, c Config) *plan.Write {
			if c.NumRows < 1 || c.NumRows > maxRows {
				b.Wrong("num_rows", fmt.Sprintf("num_rows is %d, but has to be from 1 to %d", c.NumRows, maxRows), "num_rows: 20")
				return nil
			}
			if c.Truncate < 0 {
				b.Wrong("truncate", "truncate cannot be negative", "truncate: 20, or 0 to show every cell whole")
				return nil
			}
			return &plan.Write{Shown: true}
		},
		Sink: func(c Config, w *plan.Write) (op.Sink, error) {
			return &sink{table: batch.NewTable(w.Schema, c.NumRows, c.Truncate)}, nil
		},
	})
}

// sink keeps the text of the rows that it will show, and nothing else of the epoch.
type sink struct {
	rt    op.Runtime
	table *batch.Table
}

func (s *sink) Open(_ context.Context, rt op.Runtime, _ []op.Prepared) error {
	s.rt = rt
	return nil
}

func (s *sink) Write(_ context.Context, in *batch.Batch, _ op.Emitter) error {
	s.table.Add(in)
	return nil
}

func (s *sink) Epoch(_ context.Context, epoch uint64) error {
	var node string
	if s.rt.Showing() > 1 {
		node = s.rt.Node()
	}
	s.rt.Show(epoch, s.table.Render(nil, epoch, node))
	s.table.Reset()
	return nil
}

func (s *sink) Prepare(context.Context, op.Emitter) (op.Prepared, error) { return nil, nil }
func (s *sink) Commit(context.Context, op.Prepared) error                { return nil }
func (s *sink) Abort(context.Context, op.Prepared) error                 { return nil }
func (s *sink) Close() error                                             { return nil }
