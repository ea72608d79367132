package file

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync/atomic"

	"github.com/apache/arrow-go/v18/arrow"

	"flowrun/dag/batch"
	"flowrun/dag/op"
	"flowrun/nodes/lines"
)

// source reads a file from a line's beginning to its end, one chunk at a time.
type source struct {
	cfg    Config
	format string
	schema *arrow.Schema

	rt     op.Runtime
	file   *os.File
	reader *lines.Reader
	at     int64 // where to read next
	end    int64 // where to stop; -1: where the file ends when it is reached
	failed error // how the input ended
	bytes  atomic.Uint64
}

var (
	_ op.Source      = (*source)(nil)
	_ op.ByteCounter = (*source)(nil)
)

func (s *source) Open(_ context.Context, rt op.Runtime, from []byte) error {
	s.rt, s.end = rt, -1
	if from != nil {
		at, err := parsePosition(from)
		if err != nil {
			return fmt.Errorf("read %s: %w", s.cfg.Path, err)
		}
		s.at = at
	}
	// A pipe would block in open, so look first.
	info, err := os.Stat(s.cfg.Path)
	if err == nil {
		if err := regular(info); err != nil {
			return fmt.Errorf("read %s: %w", s.cfg.Path, err)
		}
		s.file, err = os.Open(s.cfg.Path)
	}
	if err != nil {
		return err
	}
	if info, err = s.file.Stat(); err != nil {
		return err
	}
	if info.Size() < s.at {
		return fmt.Errorf("read %s: the last run read up to byte %d, but the file has only %d: it was replaced or cut", s.cfg.Path, s.at, info.Size())
	}
	if rt.UntilNow() {
		s.end = info.Size()
	}
	s.reader = lines.NewReader(rt, lines.Options{
		Format: s.format, Schema: s.schema, MaxLineBytes: int(s.cfg.MaxLineBytes),
	}, s.at)
	return nil
}

func (s *source) Read(ctx context.Context) (*batch.Batch, op.Position, error) {
	for {
		if b := s.reader.Next(); b != nil {
			return b, position(s.reader.Offset()), nil
		}
		if s.failed != nil {
			return nil, nil, s.failed
		}
		// A line whose end was not read is no loss: the position is before it.
		if err := ctx.Err(); err != nil {
			return nil, nil, err
		}
		room := s.reader.Room()
		if s.end >= 0 {
			room = room[:min(int64(len(room)), s.end-s.at)]
		}
		n, err := 0, io.EOF
		if len(room) > 0 {
			n, err = s.file.ReadAt(room, s.at)
		}
		if n > 0 {
			s.at += int64(n)
			s.bytes.Add(uint64(n))
			s.reader.Fed(n, s.rt.Now())
			continue
		}
		if !errors.Is(err, io.EOF) {
			s.failed = fmt.Errorf("read %s: %w", s.cfg.Path, reason(err))
			continue
		}
		s.failed = io.EOF
		if b := s.reader.End(); b != nil {
			return b, position(s.reader.Offset()), nil
		}
	}
}

// Committed has nothing to do: the file stays as it is.
func (s *source) Committed(context.Context, op.Position) error { return nil }

func (s *source) BytesRead() uint64 { return s.bytes.Load() }

func (s *source) Close() error {
	if s.reader != nil {
		s.reader.Close()
	}
	if s.file != nil {
		return s.file.Close()
	}
	return nil
}
