package journaled

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/apache/arrow-go/v18/arrow"

	"flowrun/dag/batch"
	"flowrun/dag/journal"
	"flowrun/dag/op"
)

// Options are where the journal of a source lies.
type Options struct {
	Dir      string
	MaxBytes int64         // see journal.Options
	Schema   *arrow.Schema // of the source's rows
	Fresh    bool          // what the journal holds is forgotten
	FS       journal.FS    // nil: journal.Disk
}

// New returns src with a journal before it. What src reads is durable there before Read returns it; Open gives what the journal holds
// behind the position, or, where there is none, what was not committed, and goes on with src then. Positions are those of the
// journal, so src itself needs none: it is always opened afresh.
//
// Of a src that is an [op.Ahead] it reads on while it makes durable what it has: what arrives during one sync of the disk is made
// durable by the next.
//
// While the journal cannot be written, because it is full or its disk is, Read waits, and nothing more is read from src. What was taken
// by then is held, and written once that works; should the run be stopped before, it is handed on without. A journal that is full asks
// for a commit.
func New(src op.Source, o Options) op.Source {
	if o.FS == nil {
		o.FS = journal.Disk
	}
	s := &source{src: src, o: o, trimmed: make(chan struct{}, 1)}
	if b, ok := src.(op.ByteCounter); ok {
		return counting{s, b}
	}
	return s
}

// counting is a source that counts bytes.
type counting struct {
	*source
	op.ByteCounter
}

var _ op.Replayer = (*source)(nil)

type source struct {
	src op.Source
	o   Options
	rt  *runtime

	journal *journal.Journal
	shape   []byte
	again   *journal.Reader   // what is to be read from the journal first; nil: all was
	kept    func(batches int) // tells the source what is durable; nil: it is not read ahead of that
	intake  *intake           // of what follows; nil: nobody asked for it yet
	trimmed chan struct{}     // the journal may have room again
	waits   bool              // the last record could not be written at once
	failing bool              // and that not since the journal was full, which is told by and by
}

func (s *source) Open(ctx context.Context, rt op.Runtime, from []byte) (err error) {
	s.rt = &runtime{Runtime: rt}
	if s.shape, err = shape(s.o.Schema); err != nil {
		return err
	}
	if s.journal, err = journal.Open(s.o.FS, s.o.Dir, journal.Options{MaxBytes: s.o.MaxBytes, Meta: s.shape}); err != nil {
		return s.wrong(err)
	}
	if a, ok := s.src.(op.Ahead); ok {
		s.kept = a.Ahead()
	}
	if err = s.replay(from); err == nil {
		err = s.src.Open(ctx, s.rt, nil)
	}
	if err != nil {
		if s.again != nil {
			s.again.Close()
		}
		err = errors.Join(err, s.journal.Close())
	}
	return err
}

// wrong says of which journal an error is.
func (s *source) wrong(err error) error {
	if damage := (*journal.Error)(nil); errors.As(err, &damage) {
		return fmt.Errorf("journal in %s: %w; move the directory away to go on without what it holds and no run has committed", s.o.Dir, err)
	}
	return fmt.Errorf("journal in %s: %w", s.o.Dir, err)
}

// replay finds what is to be read from the journal.
func (s *source) replay(from []byte) error {
	log := s.rt.Log()
	if t := s.journal.Torn(); t != nil {
		log.Warn("cut off the end of the journal, which was being written when the last run died", "file", t.File, "offset", t.Offset, "bytes", t.Bytes)
	}
	after, last := s.journal.Trimmed(), s.journal.Last()
	switch {
	case s.o.Fresh:
		if last > after {
			log.Warn("forgot what the journal held and no run has committed", "batches", last-after)
		}
		if err := s.journal.Clear(); err != nil {
			return s.wrong(err)
		}
		after = last
	case len(from) > 0:
		p, err := parsePosition(from)
		if err != nil {
			return err
		}
		after = uint64(p)
		if last == 0 && after > 0 {
			log.Warn("the journal is empty, though the checkpoint knows of one: what it held and was not committed is lost", "dir", s.o.Dir)
			s.journal.StartBehind(after)
			last = after
		}
	}
	r, err := s.journal.Read(after)
	if errors.Is(err, journal.ErrGone) {
		err = fmt.Errorf("the checkpoint goes on behind batch %d, and that is not where the journal is, which ends behind batch %d: was another one put in its place? --fresh starts anew", after, last)
	}
	if err != nil {
		return s.wrong(err)
	}
	if r.Left() == 0 {
		return nil
	}
	for _, meta := range r.Metas() {
		if string(meta) != string(s.shape) {
			return s.wrong(s.changed(meta, r.Left()))
		}
	}
	log.Info("reads again what the journal holds", "batches", r.Left(), "dir", s.o.Dir)
	s.again = r
	return nil
}

// changed says that the journal holds rows with other columns.
func (s *source) changed(meta []byte, left uint64) error {
	return fmt.Errorf("it holds %d batches that no run has committed, and their columns are not those of the source any more (they were %s; now they are %s): "+
		"run the file as it was until they are committed, or let them go with --fresh", left, columns(meta), columns(s.shape))
}

func (s *source) Read(ctx context.Context) (*batch.Batch, op.Position, error) {
	if s.again != nil {
		b, p, err := s.readAgain(ctx)
		if !errors.Is(err, io.EOF) {
			return b, p, err
		}
		s.again.Close()
		s.again = nil
	}
	if s.intake == nil {
		s.intake = newIntake(s, s.kept)
		s.rt.follow(s.intake)
		s.intake.start()
	}
	return s.intake.next(ctx)
}

// Replaying implements op.Replayer.
func (s *source) Replaying() bool { return s.again != nil && s.again.Left() > 0 }

func (s *source) readAgain(ctx context.Context) (*batch.Batch, op.Position, error) {
	if err := ctx.Err(); err != nil {
		return nil, nil, err // the rest stays in the journal
	}
	rec, err := s.again.Next()
	if errors.Is(err, io.EOF) {
		return nil, nil, err
	}
	var b *batch.Batch
	if err == nil {
		b, err = decode(rec.Payload, s.shape, s.o.Schema, rec.Arrived, s.rt.Allocator())
	}
	if err != nil {
		return nil, nil, s.wrong(err)
	}
	return b, position(rec.Seq), nil
}

// Committed lets the journal forget what is durable elsewhere.
func (s *source) Committed(_ context.Context, p op.Position) error {
	at, ok := p.(position)
	if !ok {
		return nil
	}
	// What could not be removed is tried again with the next commit; the run is none the worse for it.
	if err := s.journal.Trim(uint64(at)); err != nil {
		s.rt.WarnEvery("trim", "cannot remove what was committed from the journal", "dir", s.o.Dir, "error", err)
	}
	select {
	case s.trimmed <- struct{}{}:
	default:
	}
	return nil
}

func (s *source) Close() error {
	if s.intake != nil {
		s.intake.close()
	}
	if s.again != nil {
		s.again.Close()
	}
	err := s.src.Close()
	if failed := s.journal.Close(); failed != nil {
		err = errors.Join(err, s.wrong(failed))
	}
	return err
}
