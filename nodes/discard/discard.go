// Package discard is the sink that drops every row, counted.
package discard

import (
	"context"
	_ "embed"

	"flowrun/dag/batch"
	"flowrun/dag/op"
	"flowrun/dag/plan"
	"flowrun/nodes"
)

// Config is the settings of a discard: it has none.
type Config struct{}

//go:embed doc.md
var doc string

func init() {
	nodes.Register(nodes.Kind[Config]{
		Name: "discard", Role: nodes.Sink, Doc: doc,
		Write: func(*nodes.Builder, Config) *plan.Write { return &plan.Write{ExprsOnly: true} },
		Sink:  func(Config, *plan.Write) (op.Sink, error) { return sink{}, nil },
	})
}

type sink struct{}

func (sink) Open(context.Context, op.Runtime, []op.Prepared) error    { return nil }
func (sink) Write(context.Context, *batch.Batch, op.Emitter) error    { return nil }
func (sink) Epoch(context.Context, uint64) error                      { return nil }
func (sink) Prepare(context.Context, op.Emitter) (op.Prepared, error) { return nil, nil }
func (sink) Commit(context.Context, op.Prepared) error                { return nil }
func (sink) Abort(context.Context, op.Prepared) error                 { return nil }
func (sink) Close() error                                             { return nil }
