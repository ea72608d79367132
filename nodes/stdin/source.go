package stdin

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
	"flowrun/dag/plan"
	"flowrun/nodes/lines"
)

// source reads when it is asked and never ahead, and nothing once the run stops: that stays in the pipe for who reads next. (Not on
// Linux one read may still be under way then; what comes before the program has ended is lost with it.)
type source struct {
	cfg    Config
	format plan.Format
	schema *arrow.Schema
	want   []bool // see plan.Scan

	rt     op.Runtime
	in     *lines.Input
	reader *lines.Reader
	mine   bool  // standard input was taken
	typed  bool  // somebody types: say what is waited for until the first line
	failed error // how the input ended
	bytes  atomic.Uint64
}

var (
	_ op.Source      = (*source)(nil)
	_ op.Ahead       = (*source)(nil)
	_ op.ByteCounter = (*source)(nil)
)

// taken says that a source of this process reads standard input.
var taken atomic.Bool

func (s *source) Open(_ context.Context, rt op.Runtime, _ []byte) error {
	s.rt = rt
	input := s.cfg.input()
	if input == io.Reader(os.Stdin) {
		if !taken.CompareAndSwap(false, true) {
			return errors.New("standard input is read by another node already")
		}
		s.mine = true
	}
	if s.typed = terminal(input); s.typed {
		rt.Status("type lines, ctrl+d ends")
	}
	s.in = lines.NewInput(input, rt.Waiting)
	s.reader = lines.NewReader(rt, lines.Options{
		Format: s.format.Name, Config: s.format.Config, Schema: s.schema, Want: s.want, Timestamp: s.cfg.IncludeTimestamp, MaxLineBytes: int(s.cfg.MaxLineBytes),
	}, 0)
	return nil
}

func (s *source) Read(ctx context.Context) (*batch.Batch, op.Position, error) {
	for {
		if b := s.reader.Next(); b != nil {
			return b, nil, nil
		}
		if s.failed != nil {
			return nil, nil, s.failed
		}
		n, err := s.in.Read(ctx, s.reader.Room())
		switch {
		case err == nil:
			s.bytes.Add(uint64(n))
			s.reader.Fed(n, s.rt.Now())
			if s.typed {
				s.typed = false
				s.rt.Status("")
			}
		case errors.Is(err, io.EOF):
			s.failed = io.EOF
			if b := s.reader.End(); b != nil {
				return b, nil, nil
			}
		case ctx.Err() != nil:
			if b := s.reader.Stop(); b != nil {
				return b, nil, nil
			}
			return nil, nil, ctx.Err()
		default:
			s.failed = fmt.Errorf("read standard input: %w", err)
			if b := s.reader.Break("standard input failed in the middle of it"); b != nil {
				return b, nil, nil
			}
		}
	}
}

// Ahead needs not be told what is kept: nobody is answered.
func (s *source) Ahead() func(int) { return func(int) {} }

// Committed has nothing to acknowledge.
func (s *source) Committed(context.Context, op.Position) error { return nil }

func (s *source) BytesRead() uint64 { return s.bytes.Load() }

func (s *source) Close() error {
	if s.mine {
		taken.Store(false)
	}
	if s.in != nil {
		s.in.Close()
	}
	if s.reader != nil {
		s.reader.Close()
	}
	return nil
}

// terminal reports whether a person may be typing.
func terminal(r io.Reader) bool {
	f, ok := r.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0 && !null(info)
}

// null tells the null device, which is a character device too, from a terminal.
func null(info os.FileInfo) bool {
	dev, err := os.Stat(os.DevNull)
	return err == nil && os.SameFile(dev, info)
}
