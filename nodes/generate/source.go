package generate

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"flowrun/dag/batch"
	"flowrun/dag/expr"
	"flowrun/dag/op"
)

// source makes rows from their numbers, a batch of columns at a time.
type source struct {
	cfg     Config
	columns []column
	want    []bool    // see plan.Scan
	start   time.Time // of row 0
	grid    grid

	rt    op.Runtime
	out   *arrow.Schema
	evals []*expr.Evaluator // nil: nobody reads the field, and nothing can be wrong with it
	blank []*batch.Blank    // of those
	given *batch.Builder
	next  int64 // row
	pace  *pace // nil: rows are always due
}

var _ op.Source = (*source)(nil)

func (s *source) Open(_ context.Context, rt op.Runtime, from []byte) error {
	s.rt = rt
	if s.start.IsZero() {
		s.start = rt.Now().Truncate(time.Millisecond)
	}
	if from != nil {
		p, err := parsePosition(from)
		if err != nil {
			return err
		}
		s.next, s.start = p.next, time.UnixMicro(p.start)
	}
	s.out = schemaOf(s.columns)
	s.given = batch.NewBuilder(given, rt.Allocator())
	s.evals, s.blank = make([]*expr.Evaluator, len(s.columns)), make([]*batch.Blank, len(s.columns))
	for i, c := range s.columns {
		if s.want == nil || s.want[i] || c.program.CanFail() {
			s.evals[i] = c.program.Evaluator(rt.Allocator())
		} else {
			s.blank[i] = batch.NewBlank(c.program.Type(), rt.Allocator())
		}
	}
	// What a run takes until now is there now: it need not wait.
	if s.cfg.Pace == "clock" && !rt.UntilNow() {
		s.pace = &pace{rt: rt, grid: s.grid}
	}
	return nil
}

func (s *source) Read(ctx context.Context) (*batch.Batch, op.Position, error) {
	rows := int64(s.rt.BatchRows())
	if s.cfg.Rows > 0 {
		if s.next >= s.cfg.Rows {
			return nil, nil, io.EOF
		}
		rows = min(rows, s.cfg.Rows-s.next)
	}
	if err := ctx.Err(); err != nil {
		return nil, nil, err
	}
	if s.pace != nil {
		if s.pace.zero.IsZero() {
			s.pace.begin(s.next)
		}
		due, err := s.pace.due(ctx, s.next)
		if err != nil {
			return nil, nil, err
		}
		rows = min(rows, due)
	}
	b, err := s.batch(rows)
	if err != nil {
		return nil, nil, err
	}
	s.next += rows
	return b, position{s.next, s.start.UnixMicro()}, nil
}

// batch makes the next rows.
func (s *source) batch(rows int64) (*batch.Batch, error) {
	s.given.Reserve(int(rows))
	n, at := s.given.Column(0), s.given.Column(1)
	start := s.start.UnixMicro()
	for i := s.next; i < s.next+rows; i++ {
		n.AppendInt(i)
		at.AppendInt(start + s.grid.micros(i))
	}
	in := s.given.Batch()
	in.Arrived = s.rt.Now()
	defer in.Release()

	values := make([]arrow.Array, 0, len(s.evals))
	defer func() {
		for _, v := range values {
			v.Release()
		}
	}()
	var failed map[int32]batch.Failure
	for i, e := range s.evals {
		if e == nil {
			values = append(values, s.blank[i].Array(int(rows)))
			continue
		}
		e.Base = s.next
		v, failures, err := e.Eval(in)
		if err != nil {
			return nil, fmt.Errorf("field %s: %w", s.columns[i].name, err)
		}
		values = append(values, v)
		for _, f := range failures {
			if _, ok := failed[f.Row]; !ok {
				if failed == nil {
					failed = map[int32]batch.Failure{}
				}
				f.Detail = "field " + s.columns[i].name + ": " + f.Detail
				failed[f.Row] = f
			}
		}
	}
	b := in.WithRecord(array.NewRecordBatch(s.out, values, rows), nil)
	if failed != nil {
		s.reject(b, failed)
	}
	return b, nil
}

// reject takes the failed rows out of b, which has not been emitted yet.
func (s *source) reject(b *batch.Batch, failed map[int32]batch.Failure) {
	rows := int32(b.Record.NumRows())
	b.Sel = make([]int32, 0, int(rows)-len(failed))
	for i := range rows {
		f, ok := failed[i]
		if !ok {
			b.Sel = append(b.Sel, i)
			continue
		}
		b.Rejects = append(b.Rejects, batch.Reject{
			At: b.Arrived, Reason: f.Reason, Detail: f.Detail,
			Raw: fmt.Appendf(nil, `{"n":%d}`, s.next+int64(i)),
		})
	}
}

// Committed has nothing to keep.
func (s *source) Committed(context.Context, op.Position) error { return nil }

func (s *source) Close() error {
	for i, e := range s.evals {
		if e != nil {
			e.Close()
		} else {
			s.blank[i].Release()
		}
	}
	if s.given != nil {
		s.given.Release()
	}
	return nil
}
