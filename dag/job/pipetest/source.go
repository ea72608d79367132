package pipetest

import (
	"context"
	"io"

	"flowrun/dag/batch"
	"flowrun/dag/op"
)

// source hands on the rows that it is given, step by step.
type source struct {
	given chan *batch.Batch // nil only asks whether all before it was passed on; closed: the input ends
	ended chan struct{}     // closed once nothing is read any more

	rt    op.Runtime
	due   []*batch.Batch
	quiet int // empty reads until all that was handed on has been passed on
}

func newSource() *source {
	return &source{given: make(chan *batch.Batch), ended: make(chan struct{})}
}

// give hands rows to the source once it has passed on those before. It returns at once when nobody reads any more: the
// source, the run (over is closed) or the test has ended.
func (s *source) give(ctx context.Context, rows *batch.Batch, over <-chan struct{}) {
	select {
	case s.given <- rows:
	case <-s.ended:
	case <-over:
	case <-ctx.Done():
	}
}

func (s *source) Open(_ context.Context, rt op.Runtime, _ []byte) error {
	s.rt = rt
	return nil
}

// Read takes what it is given only once all before it has been passed on: the engine keeps one result of Read in hand, so
// behind a batch two empty ones have to be taken first. Whoever gives nothing, and is rid of it, knows that much.
func (s *source) Read(ctx context.Context) (*batch.Batch, op.Position, error) {
	for {
		if len(s.due) > 0 {
			b := s.due[0]
			s.due, s.quiet = s.due[1:], 2
			return b, nil, nil
		}
		if s.quiet > 0 {
			s.quiet--
			return nil, nil, nil
		}
		s.rt.Waiting(true) // of who only asks a source knows nothing: it stays silent
		select {
		case rows, ok := <-s.given:
			if !ok {
				s.rt.Waiting(false)
				close(s.ended)
				return nil, nil, io.EOF
			}
			if rows != nil {
				s.rt.Waiting(false)
				s.due = s.cut(rows)
			}
		case <-ctx.Done():
			close(s.ended)
			return nil, nil, ctx.Err()
		}
	}
}

// cut makes batches of a length that the run likes. They share the columns of rows, which stays the test's own.
func (s *source) cut(rows *batch.Batch) []*batch.Batch {
	var all []*batch.Batch
	for from := 0; from < rows.Rows(); from += s.rt.BatchRows() {
		sel := make([]int32, min(s.rt.BatchRows(), rows.Rows()-from))
		for i := range sel {
			sel[i] = int32(from + i)
		}
		all = append(all, rows.WithSelection(sel))
	}
	return all
}

func (s *source) Committed(context.Context, op.Position) error { return nil }

func (s *source) Close() error {
	for _, b := range s.due {
		b.Release()
	}
	return nil
}
