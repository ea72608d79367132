package nexmark

import (
	"context"
	"encoding/binary"
	"errors"
	"io"

	"flowrun/dag/batch"
	"flowrun/dag/op"
)

// source hands events on as fast as the pipeline takes them.
type source struct {
	cfg  Config
	want []bool
	gen  *Generator

	rt      op.Runtime
	rows    *batch.Builder
	next    int64
	numbers []int64
	scratch []byte
}

var _ op.Source = (*source)(nil)

func (s *source) Open(_ context.Context, rt op.Runtime, from []byte) error {
	s.rt = rt
	if from != nil {
		next, n := binary.Uvarint(from)
		if n != len(from) || int64(next) < 0 {
			return errors.New("the saved position is damaged")
		}
		s.next = int64(next)
	}
	s.rows = batch.NewBuilderOf(Schema, s.want, rt.Allocator())
	return nil
}

func (s *source) Read(ctx context.Context) (*batch.Batch, op.Position, error) {
	if err := ctx.Err(); err != nil {
		return nil, nil, err
	}
	n := int64(s.rt.BatchRows())
	if s.cfg.Events > 0 {
		if n = min(n, s.cfg.Events-s.next); n <= 0 {
			return nil, nil, io.EOF
		}
	}
	s.numbers = s.numbers[:0]
	for i := range n {
		s.numbers = append(s.numbers, s.gen.Number(s.next+i))
	}
	built := false
	for i := range columns {
		if s.want == nil || s.want[i] {
			s.scratch = columns[i].fill(s.gen, s.numbers, s.rows.Column(i), s.scratch)
			built = true
		}
	}
	if !built { // nobody reads anything but how many there are
		for range n {
			s.rows.Column(0).AppendNull()
		}
	}
	s.next += n
	b := s.rows.Batch()
	b.Arrived = s.rt.Now()
	return b, position(s.next), nil
}

// Committed has nothing to do: the events can be made again.
func (s *source) Committed(context.Context, op.Position) error { return nil }

func (s *source) Close() error {
	if s.rows != nil {
		s.rows.Release()
	}
	return nil
}

// position is the number of the next event to come.
type position int64

// AppendBinary appends it as a varint.
func (p position) AppendBinary(dst []byte) ([]byte, error) {
	return binary.AppendUvarint(dst, uint64(p)), nil
}
