package file

import (
	"context"
	"fmt"
	"hash/fnv"
	"io"
	"path/filepath"
	"sync"
	"time"

	"github.com/apache/arrow-go/v18/arrow"

	"flowrun/dag/batch"
	"flowrun/dag/codec"
	"flowrun/dag/op"
	"flowrun/dag/plan"
	"flowrun/dag/retry"
)

// sink writes into a hidden file beside the place where it is to show. When that is done it is made durable and renamed, so
// that whoever reads sees a whole file or none: at once in a run without a checkpoint, at a commit in one with it.
type sink struct {
	path    string // of the one file, or of the directory
	single  bool
	how     compression
	every   time.Duration // 0: no time
	size    int64
	ending  string // of the names of parts
	format  string
	shape   uint64 // see token
	encoder func() codec.Encoder
	disk    disk
	lasting time.Duration // how long what may pass is tried again
	pause   retry.Backoff // between

	rt     op.Runtime
	saved  bool      // the run has a checkpoint
	id     commitID  // of the last token
	lock   io.Closer // nil: not taken
	timers sync.WaitGroup
	beside func(func()) // runs something beside the rest, not beyond Close; nil: nothing is

	mu       sync.Mutex // of all below: a part is rolled by time while the sink waits for rows
	next     int        // number of the next part
	enc      codec.Encoder
	part     *part // nil: none is open
	done     []finished
	opened   bool
	fresh    bool     // the directory has names that are not durable
	showing  []string // files whose names, by which they show, need not be durable
	settling []string // of these, what is being made durable
	settles  bool     // beside the rest
	over     ending
	last     *token // the last that is durable
	prepared *token // whose commit has not come yet
	noted    note
	failed   error // it ends the run with the next call
	buf      []byte
}

// finished is a part that waits for a commit. covered: the last token had all of its rows.
type finished struct {
	extent
	covered bool
}

// ending is what was said of the end of the run: nothing, that the run was stopped, that all of its input came.
type ending int

const (
	goesOn ending = iota
	stopped
	complete
)

var (
	_ op.Sink  = (*sink)(nil)
	_ op.Ender = (*sink)(nil)
)

// maxBuffer is how much of the buffer is kept for the next batch.
const maxBuffer = 4 << 20

func newSink(c SinkConfig, w *plan.Write) *sink {
	s := &sink{
		path: filepath.Clean(c.Path), single: c.single(), disk: osDisk{},
		size: int64(c.Roll.Size), every: time.Duration(c.Roll.Every), format: w.Format.Name, lasting: time.Duration(c.Retry),
		encoder: func() codec.Encoder { return encoderOf(w.Format.Name, w.Format.Config, w.Schema) },
	}
	if s.single {
		s.how, s.every = compressionOf(c.Compression, c.Path), 0
	} else {
		if s.how = plain; c.Compression != "auto" {
			s.how = compression(c.Compression)
		}
		if s.every == 0 && w.Live {
			s.every = liveRoll
		}
		s.ending = partExtension(w.Format.Name) + s.how.extension()
	}
	s.beside = s.timers.Go
	h := fnv.New64a()
	fmt.Fprintf(h, "%s %+v %s %s", w.Format.Name, w.Format.Config, s.how, w.Schema)
	s.shape = h.Sum64()
	return s
}

func encoderOf(format string, config any, rows *arrow.Schema) codec.Encoder {
	return codec.NewEncoderFor(codec.EncoderOptions{Format: format, Config: config, Schema: rows})
}

// dir is where the files are.
func (s *sink) dir() string {
	if s.single {
		return filepath.Dir(s.path)
	}
	return s.path
}

func (s *sink) Open(ctx context.Context, rt op.Runtime, pending []op.Prepared) (err error) {
	s.rt, s.saved, s.id = rt, rt.Checkpointed(), newCommitID()
	disk := newPatient(ctx, s, rt)
	s.disk = disk
	s.mu.Lock()
	defer s.mu.Unlock()
	defer func() {
		if err != nil {
			if s.part != nil {
				s.part.close()
				s.part = nil
			}
			s.release()
			err = fmt.Errorf("write %s: %w", s.path, reason(err))
		}
		s.opened = err == nil
		disk.awake.Store(err == nil)
	}()
	if err := s.disk.makeDir(s.dir()); err != nil {
		return err
	}
	var tokens []*token
	for _, p := range pending {
		if p == nil {
			continue
		}
		t, err := parseToken(p)
		if err != nil {
			return err
		}
		tokens = append(tokens, t)
	}
	if s.single {
		return s.openFile(tokens)
	}
	return s.openParts(tokens)
}

func (s *sink) Write(_ context.Context, in *batch.Batch, out op.Emitter) error {
	failures, err := s.write(in)
	if err == nil && len(failures) > 0 {
		return out.Reject(in, failures)
	}
	return err
}

func (s *sink) write(in *batch.Batch) (failures []batch.Failure, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.failed != nil {
		return nil, s.failed
	}
	defer s.waits()()
	defer func() { s.failed = err }()
	if s.enc == nil {
		s.enc = s.encoder()
	}
	if s.part == nil && in.Rows() > 0 && (s.single || s.stages()) {
		if err := s.begin(); err != nil {
			return nil, err
		}
	}
	text, failures := s.enc.Append(s.buf[:0], in)
	if s.buf = text; cap(text) > maxBuffer {
		s.buf = nil
	}
	held := heldBy(s.enc)
	if len(text) == 0 && held == 0 && (s.part == nil || s.part.stage == nil) {
		return failures, nil
	}
	if s.part == nil {
		if err := s.begin(); err != nil {
			return nil, err
		}
	}
	if err := s.part.log(in); err != nil {
		return nil, err
	}
	if err := s.part.write(text); err != nil {
		return nil, err
	}
	if !s.single && s.part.size()+held >= s.size && len(s.done) < maxDone {
		return failures, s.roll()
	}
	return failures, nil
}

// stages reports whether open parts have a stage. The encoder is there.
func (s *sink) stages() bool {
	_, whole := s.enc.(codec.Ender)
	return whole && s.saved
}

// begin opens the next part.
func (s *sink) begin() error {
	if s.single {
		return s.goOnBehindTheEnd()
	}
	p, err := s.create(filepath.Join(s.path, partName(s.next)+s.ending))
	if err != nil {
		return err
	}
	s.part = p
	s.next++
	s.rollIn(s.every)
	return nil
}

// rollIn rolls the open part after some time, if parts are rolled by time.
func (s *sink) rollIn(d time.Duration) {
	if p := s.part; s.every > 0 {
		s.timers.Go(func() { s.rollLater(p, d) })
	}
}

// rollLater rolls a part when its time has come, unless it is done before.
func (s *sink) rollLater(p *part, d time.Duration) {
	select {
	case <-s.rt.After(d):
	case <-p.done:
		return
	}
	s.rollNow(p)
}

func (s *sink) rollNow(p *part) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.part != p || s.failed != nil {
		return
	}
	if s.failed = s.roll(); s.failed != nil {
		s.rt.Log().Error(s.failed.Error())
	}
}

// roll ends the open part. It shows as soon as its rows are committed; without a checkpoint at once.
func (s *sink) roll() error {
	if err := s.finish(); err != nil {
		return err
	}
	if s.saved {
		return s.showCovered()
	}
	name := s.done[len(s.done)-1].name
	s.done = s.done[:len(s.done)-1]
	if err := s.show(s.path, name, false); err != nil {
		return err
	}
	return s.settle(s.path, name)
}

// finish makes the open part durable.
func (s *sink) finish() error {
	p := s.part
	covered := !p.dirty
	err := s.end()
	s.part, s.enc = nil, nil
	if err == nil {
		err = p.finish()
	}
	if err != nil {
		s.giveUp(p)
		return err
	}
	s.done = append(s.done, finished{extent{filepath.Base(p.path), p.file.size.Load(), p.file.sum}, covered})
	return nil
}

// giveUp closes a part and removes it, unless a later run needs what is committed of it; that run removes what it does not need.
func (s *sink) giveUp(p *part) {
	p.close()
	if !s.saved {
		_ = s.disk.remove(p.hidden)
	}
}

// Epoch has nothing to do: parts show when they are rolled, or at a commit.
func (s *sink) Epoch(context.Context, uint64) error { return nil }

// Close leaves to a later run of the checkpoint what that needs; without one there is nothing open in a run that went well.
func (s *sink) Close() error {
	s.mu.Lock()
	if p, ok := s.disk.(*patient); ok {
		p.awake.Store(false)
	}
	if s.part != nil {
		s.giveUp(s.part)
		s.part = nil
	}
	if s.single && s.lock != nil {
		s.dropLockFile()
	}
	s.mu.Unlock()
	s.timers.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.release()
	return nil
}

func (s *sink) release() {
	if s.lock != nil {
		s.lock.Close()
		s.lock = nil
	}
}
