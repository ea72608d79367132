package file

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"sync/atomic"
	"time"

	"github.com/apache/arrow-go/v18/arrow"

	"flowrun/dag/batch"
	"flowrun/dag/expr"
	"flowrun/dag/op"
	"flowrun/dag/plan"
	"flowrun/dag/retry"
	"flowrun/nodes/lines"
)

// source reads files one visit after the other, each from behind the last line that was handed on: once to the end, or,
// following, whenever there is more. At most one line's beginning is held, that of the file in hand; another file's is read
// again with its end.
type source struct {
	cfg    Config
	format plan.Format
	schema *arrow.Schema
	want   []bool          // see plan.Scan
	pushed []*expr.Program // see plan.Scan

	files  *opener
	rt     op.Runtime
	reader *lines.Reader
	wanted lines.Conditions // of what the reader gives
	lanes  *lines.Lanes     // decode the middle of large files; nil: there is only one
	pos    position
	queue  []*input // to visit
	cur    *input   // is visited
	on     *input   // whose stream the reader is in, up to its read
	given  bool     // rows of the stream that the reader is in were handed on
	alone  int      // so many chunks are decoded by the reader, since the lanes met a line that is too long for them
	ended  error    // how the lanes' reading ended, if they did any; the visit goes on from there
	failed error    // how the input ended
	bytes  atomic.Uint64

	follow  follower
	skipped bool // a compressed file was left out, and that was said
}

func newSource(c Config, s *plan.Scan) *source {
	return &source{cfg: c, format: s.Format, schema: s.Schema, want: s.Want, pushed: s.Pushed, files: &opener{open: openFile}}
}

var (
	_ op.Source      = (*source)(nil)
	_ op.ByteCounter = (*source)(nil)
)

func (s *source) Open(ctx context.Context, rt op.Runtime, from []byte) error {
	s.rt = rt
	var marks []*mark
	if from != nil {
		var err error
		if marks, err = parsePosition(from); err != nil {
			return fmt.Errorf("read %s: %w", s.cfg.Path, err)
		}
	}
	files, err := list(s.cfg.Path)
	if err != nil && !(s.cfg.Follow && errors.Is(err, fs.ErrNotExist)) {
		return fmt.Errorf("read %s: %w", s.cfg.Path, reason(err))
	}
	if s.cfg.Follow {
		files = s.followable(files)
	}
	known, err := s.resume(files, marks)
	if err != nil {
		return err
	}
	if s.cfg.Follow {
		s.startFollowing(known)
	} else {
		s.files.begin(ctx, rt, time.Duration(s.cfg.Retry))
		for _, in := range known {
			if rt.UntilNow() {
				in.end = in.size
			}
			in.last = true
		}
		s.queue = known
	}
	o := lines.Options{
		Format: s.format.Name, Config: s.format.Config, Schema: s.schema, Want: s.want, MaxLineBytes: int(s.cfg.MaxLineBytes),
	}
	s.reader = lines.NewReader(rt, o, 0)
	s.wanted = lines.NewConditions(s.pushed, rt.Allocator())
	if rt.Lanes() > 1 {
		s.lanes = lines.NewLanes(rt, o, s.pushed)
	}
	return nil
}

func (s *source) Read(ctx context.Context) (*batch.Batch, op.Position, error) {
	for {
		if s.lanes != nil && s.lanes.Busy() {
			if err := ctx.Err(); err != nil {
				return nil, nil, err // what was read ahead is no loss: the position is before it
			}
			b, err := s.ahead()
			if err != nil {
				return nil, nil, err
			}
			if b != nil {
				return b, s.pos, nil
			}
		}
		if b := s.reader.Next(); b != nil {
			return s.hand(b)
		}
		if s.failed != nil {
			return nil, nil, s.failed
		}
		// A line whose end was not read is no loss: the position is before it.
		if err := ctx.Err(); err != nil {
			return nil, nil, err
		}
		if s.cur == nil && !s.next(ctx) {
			if s.failed == nil && ctx.Err() == nil {
				s.failed = io.EOF
				return nil, s.pos, s.failed
			}
			continue
		}
		if s.lanes != nil && s.split() {
			continue
		}
		n, err := s.more()
		switch {
		case n > 0:
			s.reader.Fed(n, s.rt.Now())
		case errors.Is(err, io.EOF):
			if b := s.visited(); b != nil {
				return s.hand(b)
			}
		case ctx.Err() != nil:
			return nil, nil, ctx.Err() // the run stops, and what it waited for is no matter
		case s.cfg.Follow && passes(err):
			s.refused(s.cur, err)
			s.leave()
		default:
			s.failed = fmt.Errorf("read %s: %w", s.cur.name, s.cur.how.damage(err))
		}
	}
}

func passes(err error) bool {
	_, yes := retry.PassesReading(err)
	return yes
}

// refused says that a followed file cannot be read now.
func (s *source) refused(in *input, err error) {
	s.follow.refused = true
	s.rt.WarnEvery("read "+in.name, "cannot read "+in.name+", trying on", "error", in.how.damage(err))
}

// leave ends a visit; the next look finds what is left.
func (s *source) leave() { s.cur, s.ended, s.alone = nil, nil, 0 }

// more reads the next bytes of the visit for the reader.
func (s *source) more() (int, error) {
	defer s.files.waited()()
	if s.ended != nil {
		return 0, s.ended
	}
	return s.cur.more(s.reader.Room())
}

// minAhead is how many chunks have to be left of a visit for the lanes to take part in it.
const minAhead = 2

// aloneFor is how many chunks the reader decodes after a line that was too long for the lanes: more may follow.
const aloneFor = 16

// split starts the lanes, if enough is left of the visit, once the reader knows how the stream begins.
func (s *source) split() bool {
	if s.alone > 0 {
		s.alone--
		return false
	}
	return s.given && s.ended == nil && s.cur.left() >= minAhead*int64(s.rt.BatchBytes()) && s.lanes.Start(s.reader, s.cur.more)
}

// ahead gives what the lanes have next. When they have nothing more, neither a batch nor an error, the reader goes on.
func (s *source) ahead() (*batch.Batch, error) {
	b, offset, ended, err := s.lanes.Next(s.reader)
	if b != nil {
		s.on.at = offset
		s.note(s.on)
		return b, nil
	}
	if s.ended = ended; ended == nil {
		s.alone = aloneFor
	}
	return nil, err
}

// hand gives out lines of the file that the reader is in, with the position behind them.
func (s *source) hand(b *batch.Batch) (*batch.Batch, op.Position, error) {
	s.given = true
	if err := s.wanted.Apply(b); err != nil {
		b.Release()
		return nil, nil, err
	}
	s.on.at = s.reader.Offset()
	s.note(s.on)
	return b, s.pos, nil
}

// note puts into the position how far a file was read.
func (s *source) note(in *input) { s.pos = s.pos.with(in.slot, in.mark()) }

// next begins the next visit, waiting for one if files are followed. False: there is none, the run stops, or s.failed says
// what went wrong.
func (s *source) next(ctx context.Context) bool {
	for {
		if len(s.queue) == 0 {
			if !s.cfg.Follow || !s.await(ctx) {
				return false
			}
			continue
		}
		in := s.queue[0]
		s.queue = s.queue[1:]
		waited := s.files.waited()
		ok, err := s.visit(in)
		waited()
		if err != nil {
			if s.cfg.Follow {
				s.refused(in, err)
				continue
			}
			if ctx.Err() == nil {
				s.failed = fmt.Errorf("read %s: %w", in.name, in.how.damage(err))
			}
			return false
		}
		if ok {
			s.cur = in
			return true
		}
	}
}

// visit opens a file and takes the reader to where it goes on. False: there is nothing to read.
func (s *source) visit(in *input) (bool, error) {
	if s.cfg.Follow {
		if ok, err := s.reopen(in); !ok || err != nil {
			return false, err
		}
	} else if same, err := in.open(); err != nil {
		return false, err
	} else if !same {
		return false, errors.New("another file has taken its place since the run began")
	}
	if in.head.size < maxHead {
		var err error
		if in.head, err = headOf(in.file); err != nil {
			return false, err
		}
	}
	if s.on == in && s.cfg.Follow {
		return true, nil // in the middle of a line
	}
	if err := in.begin(&s.bytes); err != nil {
		return false, err
	}
	s.on, s.given = in, false
	s.reader.Reset(in.at)
	if in.at > 0 && s.reader.NeedsHead() {
		return true, in.top(s.reader.Head)
	}
	return true, nil
}

// visited ends a visit, and gives the last line where that has no end.
func (s *source) visited() *batch.Batch {
	in := s.cur
	s.leave()
	var b *batch.Batch
	if in.last {
		if b = s.reader.End(); b == nil {
			in.at = s.reader.Offset()
		}
	}
	if !s.cfg.Follow {
		if in.how != plain {
			in.packed = in.raw
		}
		in.close()
		s.note(in)
	}
	return b
}

// Committed has nothing to do: the files stay as they are.
func (s *source) Committed(context.Context, op.Position) error { return nil }

func (s *source) BytesRead() uint64 { return s.bytes.Load() }

func (s *source) Close() error {
	if s.lanes != nil {
		s.lanes.Close()
	}
	if s.reader != nil {
		s.reader.Close()
		s.wanted.Close()
	}
	for _, in := range s.follow.inputs {
		in.close()
	}
	if s.cur != nil {
		s.cur.close()
	}
	return nil
}
