// Package stdout is the sink that writes rows to standard output as they come.
package stdout

import (
	"context"
	_ "embed"
	"fmt"

	"flowrun/dag/batch"
	"flowrun/dag/codec"
	"flowrun/dag/op"
	"flowrun/dag/plan"
	"flowrun/nodes"
)

// Config is the settings of a stdout: it has none.
type Config struct{}

//go:embed doc.md
var doc string

func init() {
	nodes.Register(nodes.Kind[Config]{
		Name: "stdout", Role: nodes.Sink, Doc: doc,
		Write: func(b *nodes.Builder, _ Config) *plan.Write {
			return &plan.Write{Format: b.Format("json", codec.Formats()...)}
		},
		Sink: func(_ Config, w *plan.Write) (op.Sink, error) {
			return &sink{encoder: codec.NewEncoderFor(codec.EncoderOptions{Format: w.Format.Name, Config: w.Format.Config, Schema: w.Schema})}, nil
		},
	})
}

// sink writes each batch at once: a row is visible as it comes, and many rows cost one write.
type sink struct {
	rt      op.Runtime
	encoder codec.Encoder
	buf     []byte
}

// maxBuffer is how much of the buffer is kept for the next batch.
const maxBuffer = 4 << 20

func (s *sink) Open(_ context.Context, rt op.Runtime, _ []op.Prepared) error {
	s.rt = rt
	return nil
}

func (s *sink) Write(_ context.Context, in *batch.Batch, out op.Emitter) error {
	text, failed := s.encoder.Append(s.buf[:0], in)
	if s.buf = text; cap(text) > maxBuffer {
		s.buf = nil
	}
	if len(text) > 0 {
		if _, err := s.rt.Stdout().Write(text); err != nil {
			return fmt.Errorf("write to standard output: %w", err)
		}
	}
	if len(failed) > 0 {
		return out.Reject(in, failed)
	}
	return nil
}

func (s *sink) Epoch(context.Context, uint64) error                      { return nil }
func (s *sink) Prepare(context.Context, op.Emitter) (op.Prepared, error) { return nil, nil }
func (s *sink) Commit(context.Context, op.Prepared) error                { return nil }
func (s *sink) Abort(context.Context, op.Prepared) error                 { return nil }
func (s *sink) Close() error                                             { return nil }
