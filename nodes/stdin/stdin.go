package stdin

import (
	"context"
	_ "embed"
	"io"
	"os"

	"flowrun/dag/codec"
	"flowrun/dag/op"
	"flowrun/dag/plan"
	"flowrun/dag/spec"
	"flowrun/nodes"
	"flowrun/nodes/lines"
)

// Config is the settings of a stdin.
type Config struct {
	IncludeTimestamp bool      `yaml:"include_timestamp" doc:"add a column timestamp: when the line was read"`
	MaxLineBytes     spec.Size `yaml:"max_line_bytes" doc:"a longer line is rejected with its head" default:"1MiB"`
	// Input is read instead of standard input, for programs and tests that run a pipeline inside themselves.
	Input io.Reader `yaml:"-"`
}

//go:embed doc.md
var doc string

func init() {
	nodes.Register(nodes.Kind[Config]{
		Name: "stdin", Role: nodes.Source, Doc: doc,
		Scan: scan,
		Source: func(c Config, s *plan.Scan) (op.Source, error) {
			return &source{cfg: c, format: s.Format, schema: s.Schema, want: s.Want}, nil
		},
	})
}

func scan(_ context.Context, b *nodes.Builder, c Config) *plan.Scan {
	f := b.Format("text", codec.Formats()...)
	s := b.Schema(f)
	if message, hint := lines.CheckMaxLine(int64(c.MaxLineBytes)); message != "" {
		b.Wrong("max_line_bytes", message, hint)
		return nil
	}
	if s == nil {
		return nil
	}
	if c.IncludeTimestamp {
		var ok bool
		if s, ok = lines.WithTimestamp(s); !ok {
			b.Wrong("include_timestamp", "include_timestamp adds a column timestamp, which the schema has already",
				"give the column of the schema another name")
			return nil
		}
	}
	// What is there now is what comes until the other side closes.
	return &plan.Scan{Schema: s, Format: f, Detail: "standard input", Bounded: true, UntilNow: true, Alone: "standard input"}
}

// input is what the source reads.
func (c Config) input() io.Reader {
	if c.Input != nil {
		return c.Input
	}
	return os.Stdin
}
