package file

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync/atomic"
	"time"

	"flowrun/dag/batch"
	"flowrun/dag/codec/columnar"
	"flowrun/dag/op"
	"flowrun/dag/plan"
)

// tables is the source of files of columns, one after the other, each from behind the last row that was handed on.
type tables struct {
	cfg    Config
	format string
	scan   *plan.Scan

	files  *opener
	rt     op.Runtime
	pos    rowsPosition
	queue  []*input
	cur    *input // is read
	reader *columnar.Reader
	rows   *pushed
	failed error // how the input ended
	bytes  atomic.Uint64
	told   map[string]bool // columns of which it was said that digits are cut off
}

// counted is the compression of files whose places are counted in rows: they pack themselves.
const countedRows compression = "rows"

func newTables(c Config, s *plan.Scan) *tables {
	c.Compression = string(countedRows)
	return &tables{cfg: c, format: s.Format.Name, scan: s, files: &opener{open: openFile}, told: map[string]bool{}}
}

var (
	_ op.Source      = (*tables)(nil)
	_ op.ByteCounter = (*tables)(nil)
)

func (s *tables) Open(ctx context.Context, rt op.Runtime, from []byte) error {
	s.rt = rt
	var marks []*mark
	if from != nil {
		var err error
		if marks, err = parseRows(from); err != nil {
			return fmt.Errorf("read %s: %w", s.cfg.Path, err)
		}
	}
	files, err := list(s.cfg.Path)
	if err != nil {
		return fmt.Errorf("read %s: %w", s.cfg.Path, reason(err))
	}
	known := &source{cfg: s.cfg, files: s.files, rt: rt}
	if s.queue, err = known.resume(files, marks); err != nil {
		return err
	}
	s.pos.position = known.pos
	s.rows = newPushed(s.scan, rt.Allocator())
	s.files.begin(ctx, rt, time.Duration(s.cfg.Retry))
	return nil
}

func (s *tables) Read(ctx context.Context) (*batch.Batch, op.Position, error) {
	defer s.files.waited()()
	for {
		if s.failed != nil {
			return nil, nil, s.failed
		}
		if err := ctx.Err(); err != nil {
			return nil, nil, err
		}
		if s.cur == nil {
			if len(s.queue) == 0 {
				s.failed = io.EOF
				return nil, s.pos, s.failed
			}
			s.cur, s.queue = s.queue[0], s.queue[1:]
			if err := s.begin(); err != nil && ctx.Err() == nil {
				s.failed = s.of(s.cur, err)
			}
			continue
		}
		p, err := s.reader.Next()
		if err == io.EOF {
			s.end()
			continue
		}
		var b *batch.Batch
		if err == nil {
			b, err = s.batch(p)
		}
		if err != nil {
			if ctx.Err() != nil {
				return nil, nil, ctx.Err() // the run stops, and what it waited for is no matter
			}
			s.failed = s.of(s.cur, err)
			continue
		}
		s.cur.at = s.reader.Row()
		s.note(s.cur)
		return b, s.pos, nil
	}
}

// of says of which file an error is.
func (s *tables) of(in *input, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("read %s: %w", in.name, reason(err))
}

func (s *tables) note(in *input) { s.pos = rowsPosition{s.pos.with(in.slot, in.mark())} }

// begin opens the next file at the row where it goes on.
func (s *tables) begin() error {
	in := s.cur
	same, err := in.open()
	if err != nil {
		return err
	}
	if !same {
		return errors.New("another file has taken its place since the run began")
	}
	if in.head, err = headOf(in.file); err != nil {
		return err
	}
	info, err := in.file.Stat()
	if err != nil {
		return err
	}
	in.size = info.Size()
	t, err := columnar.Open(s.format, countedReader{in.file, &s.bytes}, in.size)
	if err != nil {
		return err
	}
	fitted, problems := t.Fit(s.scan.Schema)
	if fitted == nil {
		return problems[0]
	}
	s.reader, err = fitted.Read(columnar.ReadOptions{
		Want: s.rows.want, Conditions: s.rows.conditions, From: in.at, Rows: s.rt.BatchRows(), Allocator: s.rt.Allocator(),
	})
	return err
}

// batch makes a batch of a piece, which it takes over.
func (s *tables) batch(p *columnar.Piece) (*batch.Batch, error) {
	b := batch.New(p.Record)
	b.Arrived = s.rt.Now()
	if len(p.Faults) > 0 {
		b.Sel, b.Rejects = s.reject(p)
	}
	for _, column := range s.reader.Lost() {
		if !s.told[column] {
			s.told[column] = true
			s.rt.Log().Warn(column + " has times of more than 6 decimals, of which the rest is cut off")
		}
	}
	b, err := s.rows.keep(b)
	if err != nil {
		return nil, err
	}
	b.Skipped += int(p.Skipped)
	return b, nil
}

// end ends the visit of a file that was read to its end.
func (s *tables) end() {
	in := s.cur
	s.leave()
	in.packed = in.size
	s.note(in)
}

// leave closes the file in hand.
func (s *tables) leave() {
	if s.reader != nil {
		s.reader.Close()
		s.reader = nil
	}
	if s.cur != nil {
		s.cur.close()
		s.cur = nil
	}
}

// Committed has nothing to do: the files stay as they are.
func (s *tables) Committed(context.Context, op.Position) error { return nil }

func (s *tables) BytesRead() uint64 { return s.bytes.Load() }

func (s *tables) Close() error {
	s.leave()
	if s.rows != nil {
		s.rows.close()
	}
	return nil
}

// countedReader counts what is read of a file.
type countedReader struct {
	file  io.ReaderAt
	count *atomic.Uint64
}

func (r countedReader) ReadAt(p []byte, at int64) (int, error) {
	n, err := r.file.ReadAt(p, at)
	r.count.Add(uint64(n))
	return n, err
}
