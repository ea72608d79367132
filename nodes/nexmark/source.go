package nexmark

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/apache/arrow-go/v18/arrow/memory"

	"flowrun/dag/batch"
	"flowrun/dag/expr"
	"flowrun/dag/op"
)

// source hands events on as fast as the pipeline takes them.
type source struct {
	cfg  Config
	want []bool
	gen  *Generator

	pushed []*expr.Program // over the column event

	rt      op.Runtime
	rows    *batch.Builder
	next    int64
	numbers []int64
	events  stretch
	wanted  kinds // for which the conditions are true
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
	var err error
	s.wanted, err = wanted(s.pushed, rt.Allocator())
	return err
}

// wanted asks conditions over the column event once for each kind.
func wanted(pushed []*expr.Program, mem memory.Allocator) (kinds, error) {
	all := everything
	for _, p := range pushed {
		want := make([]bool, len(columns))
		want[0] = true
		rows := batch.NewBuilderOf(Schema, want, mem)
		for _, k := range []Kind{Person, Auction, Bid} {
			rows.Column(0).AppendString(k.String())
		}
		b := rows.Batch()
		e := p.Evaluator(mem)
		sel, failed, err := e.Select(b)
		if err == nil && len(failed) > 0 { // only conditions that cannot fail are pushed
			err = fmt.Errorf("a condition that was pushed into the source failed: %s: %s", failed[0].Reason, failed[0].Detail)
		}
		var some kinds
		for _, row := range sel {
			some |= 1 << row
		}
		all &= some
		e.Close()
		b.Release()
		rows.Release()
		if err != nil {
			return 0, err
		}
	}
	return all, nil
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
	s.numbers = s.gen.Numbers(s.numbers[:0], s.next, n)
	s.events.reset()
	newest := slices.Max(s.numbers) // which the watermark is made of
	for _, number := range s.numbers {
		if s.wanted == everything || number == newest || s.wanted&(1<<KindOf(number)) != 0 {
			s.events.add(number)
		}
	}
	built := false
	for i := range columns {
		if s.want == nil || s.want[i] {
			columns[i].fill(s.gen, &s.events, s.rows.Column(i))
			built = true
		}
	}
	if !built { // nobody reads anything but how many there are
		s.rows.Column(0).AppendNulls(len(s.events.numbers))
	}
	s.next += n
	b := s.rows.Batch()
	b.Skipped = int(n) - b.Rows()
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
