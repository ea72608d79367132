package exec_test

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"flowrun/dag/batch"
	"flowrun/dag/checkpoint"
	"flowrun/dag/failpoint"
	"flowrun/dag/op"
)

// waits gives one of some milliseconds.
func waits(some ...int) func(*rand.Rand, int) time.Duration {
	return func(r *rand.Rand, _ int) time.Duration { return ms(some[r.IntN(len(some))]) }
}

// world is what outlives the runs of a test: the checkpoint's disk and what sinks have made durable. A run is cut off at one of its
// steps: from then on nothing that it does counts.
type world struct {
	mu     sync.Mutex
	disk   *vfs.MemFS
	shelf  map[string]*shelf // by sink
	left   int               // steps until the run is cut off, or what else is to happen; 0: never
	happen func(step string) // called once, at that step
	dead   bool
	wrong  []string // what no run may do
	steps  map[string]int
}

func newWorld() *world {
	return &world{disk: vfs.NewCrashableMem(), shelf: map[string]*shelf{}, steps: map[string]int{}}
}

// step counts down to what is to happen. The failpoints of the engine are steps as well, see withSteps.
func (w *world) step(name string) {
	w.mu.Lock()
	w.steps[name]++
	var now func(string)
	if w.left > 0 {
		if w.left--; w.left == 0 {
			now = w.happen
		}
	}
	w.mu.Unlock()
	if now != nil {
		now(name)
	}
}

// crash ends the life of the run: the disk keeps what was synced, and some of the rest.
func (w *world) crash(r *rand.Rand) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.dead {
		w.disk = w.disk.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: r.IntN(101), RNG: r})
		w.dead = true
	}
}

// live does something that outlives the run, unless that is dead.
func (w *world) live(what func()) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.dead {
		return errDead
	}
	what()
	return nil
}

var errDead = errors.New("the run was cut off")

func (w *world) blame(format string, args ...any) {
	w.wrong = append(w.wrong, fmt.Sprintf(format, args...))
}

// withSteps makes the engine's failpoints steps of the world until the function that it gives is called.
func (w *world) withSteps() func() {
	failpoint.Set(w.step)
	return func() { failpoint.Set(func(string) {}) }
}

// open opens the checkpoint.
func (w *world) open() (*checkpoint.Store, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.dead = false
	return checkpoint.Open(w.disk, "checkpoint")
}

// shelf is what a transactional sink has made durable: what it prepared, by token, and what shows.
type shelf struct {
	next     uint64
	prepared map[uint64][]string
	done     map[uint64]bool
	shown    []string
}

// shelfSink shows rows, as text, at commits only.
type shelfSink struct {
	w     *world
	id    string
	fresh []string // since the last Prepare
	waits int      // of these, since the last Epoch
	fail  sync.Map // from what is to fail to its error
}

func (s *shelfSink) shelf() *shelf {
	if s.w.shelf[s.id] == nil {
		s.w.shelf[s.id] = &shelf{prepared: map[uint64][]string{}, done: map[uint64]bool{}}
	}
	return s.w.shelf[s.id]
}

func (s *shelfSink) Open(_ context.Context, _ op.Runtime, pending []op.Prepared) error {
	s.w.step("sink.open")
	return s.w.live(func() {
		for _, p := range pending {
			s.commit(p)
		}
		clear(s.shelf().prepared)
	})
}

func (s *shelfSink) Write(_ context.Context, in *batch.Batch, _ op.Emitter) error {
	s.w.step("sink.write")
	lines := linesOf(in)
	s.fresh = append(s.fresh, lines...)
	s.waits += len(lines)
	return failing(&s.fail, "write")
}

func (s *shelfSink) Epoch(context.Context, uint64) error {
	s.w.step("sink.epoch")
	s.waits = 0
	return nil
}

func (s *shelfSink) Prepare(context.Context, op.Emitter) (op.Prepared, error) {
	s.w.step("sink.prepare")
	if err := failing(&s.fail, "prepare"); err != nil {
		return nil, err
	}
	if len(s.fresh) == 0 {
		return nil, nil
	}
	var token op.Prepared
	err := s.w.live(func() {
		if s.waits > 0 {
			s.w.blame("%s: %d rows are to be committed that no epoch has shown", s.id, s.waits)
		}
		f := s.shelf()
		f.next++
		f.prepared[f.next] = s.fresh
		s.fresh = nil
		token = binary.BigEndian.AppendUint64(nil, f.next)
	})
	return token, err
}

func (s *shelfSink) Commit(_ context.Context, p op.Prepared) error {
	s.w.step("sink.commit")
	if err := failing(&s.fail, "commit"); err != nil {
		return err
	}
	err := s.w.live(func() { s.commit(p) })
	s.w.step("sink.committed")
	return err
}

func (s *shelfSink) commit(p op.Prepared) {
	if p == nil {
		return
	}
	token, f := binary.BigEndian.Uint64(p), s.shelf()
	lines, ok := f.prepared[token]
	if !ok && !f.done[token] {
		s.w.blame("%s: token %d is to be committed, and is not there", s.id, token)
	}
	f.shown = append(f.shown, lines...)
	f.done[token] = true
	delete(f.prepared, token)
}

func (s *shelfSink) Abort(_ context.Context, p op.Prepared) error {
	return s.w.live(func() {
		if p != nil {
			delete(s.shelf().prepared, binary.BigEndian.Uint64(p))
		}
	})
}

func (s *shelfSink) Close() error { return nil }

// linesOf are the rows of a batch as text.
func linesOf(in *batch.Batch) []string {
	var lines []string
	for i := range in.Rows() {
		var cells []string
		for c, f := range in.Schema().Fields() {
			cells = append(cells, f.Name+"="+in.Record.Column(c).ValueStr(in.Row(i)))
		}
		lines = append(lines, strings.Join(cells, " "))
	}
	return lines
}

// failing is the error with which something is to fail; nil: it is not. Whoever lets it fail is another goroutine.
func failing(all *sync.Map, what string) error {
	err, _ := all.Load(what)
	failed, _ := err.(error)
	return failed
}

// rowSource gives rows, cut into batches at random, and can give them again from any of them on. Each of its partitions has every
// so many of them.
type rowSource struct {
	w     *world
	id    string
	rows  []timedRow
	parts int
	live  bool
	rand  *rand.Rand
	wait  func(r *rand.Rand, at int) time.Duration // before a batch
	fail  sync.Map                                 // as of a sink: "read" fails in place of a batch
	rt    op.Runtime
	at    int
	told  int
}

func (s *rowSource) Open(_ context.Context, rt op.Runtime, from []byte) error {
	s.w.step("source.open")
	s.rt = rt
	if from != nil {
		s.at = int(binary.BigEndian.Uint64(from))
	}
	s.told = s.at
	return nil
}

func (s *rowSource) Read(ctx context.Context) (*batch.Batch, op.Position, error) {
	s.w.step("source.read")
	if d := s.wait(s.rand, s.at); d > 0 {
		s.rt.Waiting(true)
		select {
		case <-time.After(d):
			s.rt.Waiting(false)
		case <-ctx.Done():
		}
	}
	if err := ctx.Err(); err != nil {
		return nil, nil, err
	}
	if err := failing(&s.fail, "read"); err != nil {
		return nil, nil, err
	}
	if s.at == len(s.rows) {
		if !s.live {
			return nil, nil, io.EOF
		}
		s.rt.Waiting(true)
		<-ctx.Done()
		return nil, nil, ctx.Err()
	}
	part := s.at % s.parts // each batch is of one partition
	b := batch.NewBuilder(timedSchema, s.rt.Allocator())
	defer b.Release()
	n := 1
	if s.parts == 1 {
		n += s.rand.IntN(min(len(s.rows)-s.at, 30))
	}
	for _, r := range s.rows[s.at : s.at+n] {
		b.Column(0).AppendInt(r.at * 1000)
		b.Column(1).AppendInt(r.k)
		b.Column(2).AppendInt(r.v)
	}
	s.at += n
	out := b.Batch()
	out.Part = int32(part)
	return out, position(s.at), nil
}

func (s *rowSource) Committed(_ context.Context, p op.Position) error {
	s.w.step("source.told")
	at := int(p.(position))
	return s.w.live(func() {
		if at < s.told || at > len(s.rows) {
			s.w.blame("%s: %d is committed behind %d", s.id, at, s.told)
		}
		s.told = at
	})
}

func (s *rowSource) Close() error { return nil }

// shown are the rows that a sink shows.
func (w *world) shown(id string) []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.shelf[id] == nil {
		return nil
	}
	return slices.Clone(w.shelf[id].shown)
}
