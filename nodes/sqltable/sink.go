package sqltable

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/cockroachdb/pebble/v2/vfs"

	"flowrun/dag/batch"
	"flowrun/dag/failpoint"
	"flowrun/dag/op"
	"flowrun/dag/retry"
	"flowrun/dag/stage"
)

// Refused is the reason for which rows are rejected that the database does not take.
const Refused = "refused by the database"

// Options are those of a Sink.
type Options struct {
	Database Database
	Target   Target
	Pipeline string
	Patience time.Duration // how long what may pass is tried again
	FS       vfs.FS        // of the stage; nil: the system's
}

// Sink writes rows into a table.
//
// In a run with a checkpoint Write only puts rows on the stage; Prepare makes them durable there, after it has tried them
// where the table may refuse some, so that these are rejected by the same commit; Commit sends them. In a run without one Write sends
// each batch, or, where rows replace the whole table, Epoch what has come in it.
type Sink struct {
	o Options

	rt    op.Runtime
	saved bool
	plain bool
	open  bool // the database is

	dir   *stage.Dir
	temp  string // the directory of the stage, where it is to be removed at the end
	w     *stage.Writer
	risky bool // of the rows in w
	over  bool // the epoch of the rows in w is over
	came  bool // an epoch has ended since the last Prepare
	last  token
}

var _ op.Sink = (*Sink)(nil)

// New makes a sink.
func New(o Options) *Sink {
	if o.FS == nil {
		o.FS = vfs.Default
	}
	return &Sink{o: o}
}

// Open carries out the commit of an earlier run that may not have been.
func (s *Sink) Open(ctx context.Context, rt op.Runtime, pending []op.Prepared) error {
	s.rt, s.saved, s.last = rt, rt.Checkpointed(), newToken()
	for _, p := range pending {
		if p == nil {
			continue
		}
		t, err := parseToken(p)
		if err != nil {
			return err
		}
		s.last = t
	}
	if err := s.stage(); err != nil {
		return fmt.Errorf("make a directory for rows that wait for their commit: %w", err)
	}
	s.open = true
	err := s.persist(ctx, "connect to", func() (err error) {
		s.plain, err = s.o.Database.Open(ctx, rt, s.o.Target, s.saved)
		return err
	})
	if err != nil {
		return fmt.Errorf("%s: %w", s.o.Database.Place(), err)
	}
	if s.dir == nil {
		return nil
	}
	if err := s.carryOut(ctx, s.last); err != nil {
		return err
	}
	return s.dir.Keep()
}

// stage opens the stage, where one is needed.
func (s *Sink) stage() (err error) {
	path := s.rt.StageDir()
	if !s.saved || path == "" {
		if s.o.Target.Mode != Replace && !s.saved {
			return nil
		}
		if path, err = os.MkdirTemp("", "flowrun-stage-"); err != nil {
			return err
		}
		s.temp = path
	}
	s.dir, err = stage.Open(s.o.FS, path, allocator)
	return err
}

// allocator is that of rows on their way to and from the stage: they are nobody's but the sink's.
var allocator = memory.DefaultAllocator

// Write implements op.Sink.
func (s *Sink) Write(ctx context.Context, in *batch.Batch, out op.Emitter) error {
	failed, risky := s.o.Database.Check(in)
	good := in
	if len(failed) > 0 {
		good = in.WithSelection(without(in, failed))
		defer good.Release()
	}
	var err error
	if s.dir != nil {
		err = s.put(good, risky)
	} else {
		var refused []batch.Failure
		if refused, err = s.send(ctx, good); err == nil {
			failed = merge(failed, refused)
		}
	}
	if err == nil && len(failed) > 0 {
		return out.Reject(in, failed)
	}
	return err
}

// put puts rows on the stage.
func (s *Sink) put(b *batch.Batch, risky bool) (err error) {
	if b.Rows() == 0 {
		return nil
	}
	if s.over && s.o.Target.Mode == Replace {
		if err := s.drop(); err != nil {
			return err
		}
	}
	s.over = false
	if s.w == nil {
		if s.w, err = s.dir.Begin(s.o.Target.Schema); err != nil {
			return staging(err)
		}
	}
	s.risky = s.risky || risky
	return staging(s.w.Append(b))
}

func staging(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("keep rows until their commit: %w", err)
}

// drop forgets what is on the stage.
func (s *Sink) drop() error {
	w := s.w
	if s.w, s.risky = nil, false; w == nil {
		return nil
	}
	return w.Discard()
}

// send writes a batch at once.
func (s *Sink) send(ctx context.Context, b *batch.Batch) ([]batch.Failure, error) {
	if b.Rows() == 0 {
		return nil, nil
	}
	refused, err := s.apply(ctx, Commit{Target: s.o.Target, Rows: func(each func(*batch.Batch) error) error { return each(b) }}, true)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", s.o.Database.Place(), err)
	}
	var failed []batch.Failure
	for _, r := range refused {
		failed = append(failed, batch.Failure{Row: int32(b.Row(int(r.Row))), Reason: Refused, Detail: r.Detail})
	}
	return failed, nil
}

// Epoch implements op.Sink.
func (s *Sink) Epoch(ctx context.Context, _ uint64) error {
	if s.o.Target.Mode != Replace {
		return nil
	}
	if s.over { // nothing has come since the last one ended: the result is empty
		if err := s.drop(); err != nil {
			return err
		}
	}
	s.over, s.came = true, true
	if s.saved {
		return nil
	}
	piece, err := s.finish()
	if err != nil {
		return err
	}
	c := s.commit(piece, nil, false)
	c.Whole = true
	refused, err := s.apply(ctx, c, true)
	if err != nil {
		return fmt.Errorf("%s: %w", s.o.Database.Place(), err)
	}
	if len(refused) > 0 {
		return fmt.Errorf("%s: it refuses a row of the complete results: %s (with a `checkpoint` such rows are rejected)", s.o.Database.Place(), refused[0].Detail)
	}
	return s.dir.Remove(piece)
}

// finish makes what is on the stage durable.
func (s *Sink) finish() (stage.Piece, error) {
	w := s.w
	if s.w = nil; w == nil {
		return stage.Piece{}, nil
	}
	p, err := w.Finish()
	return p, staging(err)
}

func (s *Sink) commit(p stage.Piece, id *ID, trial bool) Commit {
	return Commit{Target: s.o.Target, ID: id, Trial: trial, Rows: func(each func(*batch.Batch) error) error { return s.dir.Read(p, each) }}
}

// Prepare implements op.Sink.
func (s *Sink) Prepare(ctx context.Context, out op.Emitter) (op.Prepared, error) {
	if !s.saved {
		return nil, nil
	}
	risky := s.risky
	piece, err := s.finish()
	if err != nil {
		return nil, err
	}
	s.risky = false
	if piece.Rows > 0 && (!s.plain || risky) {
		if piece, err = s.try(ctx, piece, out); err != nil {
			return nil, err
		}
	}
	t := s.last
	t.Act, t.Piece = piece.Rows > 0 || s.came, piece
	if t.Act {
		t.Before, t.Number = t.Number, t.Number+1
		t.Table, t.Mode, t.Key, t.Pipeline = s.o.Target.Table, s.o.Target.Mode, s.o.Target.Key, s.o.Pipeline
	}
	s.last, s.came = t, false
	return t.encode(), nil
}

// try finds the rows that the database would refuse, rejects them, and gives the piece without them.
func (s *Sink) try(ctx context.Context, p stage.Piece, out op.Emitter) (stage.Piece, error) {
	refused, err := s.apply(ctx, s.commit(p, nil, true), true)
	if err != nil {
		return p, fmt.Errorf("%s: %w", s.o.Database.Place(), err)
	}
	if len(refused) == 0 {
		return p, nil
	}
	w, err := s.dir.Begin(s.o.Target.Schema)
	if err != nil {
		return p, staging(err)
	}
	var at int64
	err = s.dir.Read(p, func(b *batch.Batch) error {
		var failed []batch.Failure
		end := at + int64(b.Rows())
		for len(refused) > 0 && refused[0].Row < end {
			failed = append(failed, batch.Failure{Row: int32(refused[0].Row - at), Reason: Refused, Detail: refused[0].Detail})
			refused = refused[1:]
		}
		at = end
		if len(failed) == 0 {
			return w.Append(b)
		}
		good := b.WithSelection(without(b, failed))
		defer good.Release()
		if err := w.Append(good); err != nil {
			return err
		}
		return out.Reject(b, failed)
	})
	if err != nil || w.Rows() == 0 {
		if gone := w.Discard(); err == nil {
			err = gone
		}
		_ = s.dir.Remove(p)
		return stage.Piece{}, err
	}
	left, err := w.Finish()
	_ = s.dir.Remove(p)
	return left, staging(err)
}

// Commit implements op.Sink.
func (s *Sink) Commit(ctx context.Context, p op.Prepared) error {
	if p == nil {
		return nil
	}
	t, err := parseToken(p)
	if err != nil {
		return err
	}
	return s.carryOut(ctx, t)
}

// carryOut sends the rows of a commit, if that was not done.
func (s *Sink) carryOut(ctx context.Context, t token) error {
	if !t.Act {
		return nil
	}
	c := s.commit(t.Piece, &ID{Writer: t.Writer, Number: t.Number, Before: t.Before, Pipeline: t.Pipeline, Node: s.rt.Node()}, false)
	c.Target = Target{Table: t.Table, Mode: t.Mode, Key: t.Key, Schema: s.o.Target.Schema}
	if t.Piece.Rows > 0 {
		rows, err := s.dir.Schema(t.Piece)
		if err == nil {
			c.Target.Schema = rows
		} // otherwise the rows are needed only if the commit was not carried out
	}
	c.Whole = true
	failpoint.Pass("sql.commit")
	refused, err := s.apply(ctx, c, false)
	if err != nil {
		return fmt.Errorf("%s: %w", s.o.Database.Place(), err)
	}
	if len(refused) > 0 {
		return fmt.Errorf("%s: it refuses a row that it would have taken when the commit was prepared: %s; nothing of the commit is in the table, and it comes again with the next run (--fresh gives it up)",
			s.o.Database.Place(), refused[0].Detail)
	}
	failpoint.Pass("sql.committed")
	return s.dir.Remove(t.Piece)
}

// Abort implements op.Sink.
func (s *Sink) Abort(_ context.Context, p op.Prepared) error {
	if p == nil {
		return nil
	}
	t, err := parseToken(p)
	if err != nil {
		return err
	}
	return s.dir.Remove(t.Piece)
}

// Close leaves what is prepared to a later run.
func (s *Sink) Close() error {
	err := s.drop()
	if s.temp != "" {
		_ = os.RemoveAll(s.temp)
	}
	if s.open {
		if gone := s.o.Database.Close(); err == nil {
			err = gone
		}
	}
	return err
}

// apply has the database carry a commit out, again and again while that may help.
func (s *Sink) apply(ctx context.Context, c Commit, waits bool) (refused []Refusal, err error) {
	if waits {
		s.rt.Waiting(true)
		defer s.rt.Waiting(false)
	}
	err = s.persist(ctx, "write to", func() (err error) {
		refused, err = s.o.Database.Apply(ctx, c)
		return err
	})
	return refused, err
}

// persist tries something until it works, cannot work, or patience is at its end.
func (s *Sink) persist(ctx context.Context, what string, try func() error) error {
	return retry.Loop{For: s.o.Patience, Passes: s.o.Database.Passes}.Telling(s.rt, what, s.o.Database.Place()).Do(ctx, try)
}

// without are the rows of b that count and have not failed; failed is in order.
func without(b *batch.Batch, failed []batch.Failure) []int32 {
	sel := make([]int32, 0, b.Rows())
	for i := range b.Rows() {
		row := int32(b.Row(i))
		if len(failed) > 0 && failed[0].Row == row {
			failed = failed[1:]
			continue
		}
		sel = append(sel, row)
	}
	return sel
}

// merge gives the failures of both, in order of their rows.
func merge(a, b []batch.Failure) []batch.Failure {
	if len(a) == 0 {
		return b
	}
	all := make([]batch.Failure, 0, len(a)+len(b))
	for len(a) > 0 || len(b) > 0 {
		if len(b) == 0 || len(a) > 0 && a[0].Row < b[0].Row {
			all, a = append(all, a[0]), a[1:]
		} else {
			all, b = append(all, b[0]), b[1:]
		}
	}
	return all
}
