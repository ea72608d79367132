package file

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"flowrun/dag/batch"
	"flowrun/dag/codec"
	"flowrun/dag/op"
	"flowrun/dag/plan"
)

// sink writes into a hidden file beside the place where it is to show. When that is done it is made durable and renamed, so
// that whoever reads sees a whole file or none.
type sink struct {
	path    string // of the one file, or of the directory
	single  bool
	how     compression
	every   time.Duration // 0: no time
	size    int64
	ending  string // of the names of parts
	encoder func() codec.Encoder
	disk    disk

	rt     op.Runtime
	lock   *os.File
	timers sync.WaitGroup // one goroutine per part that is rolled by time

	mu     sync.Mutex // of all below: a part is rolled by time while the sink waits for rows
	next   int        // number of the next part
	enc    codec.Encoder
	part   *part // nil: none is open
	failed error // of a roll by time; it ends the run with the next call
	buf    []byte
}

var _ op.Sink = (*sink)(nil)

// maxBuffer is how much of the buffer is kept for the next batch.
const maxBuffer = 4 << 20

func newSink(c SinkConfig, w *plan.Write) *sink {
	s := &sink{
		path: filepath.Clean(c.Path), single: c.single(), disk: osDisk{},
		size: int64(c.Roll.Size), every: time.Duration(c.Roll.Every),
		encoder: func() codec.Encoder {
			return codec.NewEncoderFor(codec.EncoderOptions{Format: w.Format.Name, Config: w.Format.Config, Schema: w.Schema})
		},
	}
	if s.single {
		s.how, s.every = compressionOf(c.Compression, c.Path), 0
		return s
	}
	if s.how = plain; c.Compression != "auto" {
		s.how = compression(c.Compression)
	}
	if s.every == 0 && w.Live {
		s.every = liveRoll
	}
	s.ending = partExtension(w.Format.Name) + s.how.extension()
	return s
}

func (s *sink) Open(ctx context.Context, rt op.Runtime, pending []op.Prepared) (err error) {
	s.rt = rt
	defer func() {
		if err != nil {
			s.release()
			err = fmt.Errorf("write %s: %w", s.path, reason(err))
		}
	}()
	dir := s.path
	if s.single {
		dir = filepath.Dir(s.path)
	}
	if err := makeDir(dir); err != nil {
		return err
	}
	if s.single {
		s.lock, err = lockFile(hidden(s.path))
	} else {
		s.lock, err = lockDir(s.path)
	}
	if err != nil {
		return err
	}
	for _, p := range pending {
		if err := s.Commit(ctx, p); err != nil {
			return err
		}
	}
	if s.single {
		// Begun at once, so that what stands in the way is found before the first row; a leftover is written over.
		s.part, err = s.create(s.path)
		return err
	}
	s.next, err = s.tidy()
	return err
}

func (s *sink) Write(_ context.Context, in *batch.Batch, out op.Emitter) error {
	failures, err := s.write(in)
	if err == nil && len(failures) > 0 {
		return out.Reject(in, failures)
	}
	return err
}

func (s *sink) write(in *batch.Batch) ([]batch.Failure, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.failed != nil {
		return nil, s.failed
	}
	if s.enc == nil {
		s.enc = s.encoder()
	}
	text, failures := s.enc.Append(s.buf[:0], in)
	if s.buf = text; cap(text) > maxBuffer {
		s.buf = nil
	}
	held := heldBy(s.enc)
	if len(text) == 0 && held == 0 {
		return failures, nil
	}
	if s.part == nil {
		if err := s.begin(); err != nil {
			return nil, err
		}
	}
	if err := s.part.write(text); err != nil {
		return nil, err
	}
	if !s.single && s.part.size()+held >= s.size {
		return failures, s.roll()
	}
	return failures, nil
}

// begin opens the next part.
func (s *sink) begin() error {
	if s.single {
		return fmt.Errorf("write %s: rows came after its end", s.path)
	}
	p, err := s.create(filepath.Join(s.path, partName(s.next)+s.ending))
	if err != nil {
		return err
	}
	s.part = p
	s.next++
	if s.every > 0 {
		s.timers.Go(func() { s.rollLater(p) })
	}
	return nil
}

// rollLater rolls a part when its time has come, unless it is done before.
func (s *sink) rollLater(p *part) {
	select {
	case <-s.rt.After(s.every):
	case <-p.done:
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.part != p || s.failed != nil {
		return
	}
	if s.failed = s.roll(); s.failed != nil {
		s.rt.Log().Error(s.failed.Error())
	}
}

// roll shows the open part.
func (s *sink) roll() error {
	p := s.part
	if err := s.finish(); err != nil {
		return err
	}
	return s.show(p.hidden, p.path)
}

// finish makes the open part durable.
func (s *sink) finish() error {
	p := s.part
	err := s.end()
	s.part, s.enc = nil, nil
	if err == nil {
		err = p.finish()
	}
	if err != nil {
		p.remove()
		return err
	}
	return nil
}

// Epoch has nothing to do: parts show when they are rolled.
func (s *sink) Epoch(context.Context, uint64) error { return nil }

func (s *sink) Prepare(context.Context, op.Emitter) (op.Prepared, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.failed != nil || s.part == nil {
		return nil, s.failed
	}
	p := s.part
	if err := s.finish(); err != nil {
		return nil, err
	}
	return token(p), nil
}

func (s *sink) Commit(_ context.Context, p op.Prepared) error {
	if p == nil {
		return nil
	}
	hidden, path, err := parseToken(p)
	if err != nil {
		return err
	}
	return s.show(hidden, path)
}

func (s *sink) Abort(_ context.Context, p op.Prepared) error {
	if p == nil {
		return nil
	}
	hidden, path, err := parseToken(p)
	if err == nil {
		err = ignoreMissing(os.Remove(hidden))
	}
	if err != nil {
		return fmt.Errorf("remove the unfinished %s: %w", path, reason(err))
	}
	return nil
}

// Close removes a part that is not done: in a run that goes well there is none.
func (s *sink) Close() error {
	s.mu.Lock()
	if s.part != nil {
		s.part.remove()
		s.part = nil
	}
	s.mu.Unlock()
	s.timers.Wait()
	s.release()
	return nil
}

func (s *sink) release() {
	if s.lock != nil {
		s.lock.Close()
		s.lock = nil
	}
}
