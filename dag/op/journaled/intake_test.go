package journaled

import (
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"
	"pgregory.net/rapid"

	"flowrun/dag/batch"
	"flowrun/dag/op"
	"flowrun/dag/op/optest"
)

// eager is a live that may be read ahead. What it gives it takes out of arrived, if there is one, and waits for that.
type eager struct {
	live
	arrived chan int // so many batches have arrived

	mu    sync.Mutex
	left  int
	given int
	kept  []int // what it was told
}

func (e *eager) Ahead() func(int) {
	return func(n int) {
		e.mu.Lock()
		defer e.mu.Unlock()
		e.kept = append(e.kept, n)
	}
}

func (e *eager) Read(ctx context.Context) (*batch.Batch, op.Position, error) {
	if e.left == 0 && e.arrived != nil {
		e.rt.Waiting(true)
		defer e.rt.Waiting(false)
		select {
		case e.left = <-e.arrived:
		case <-ctx.Done():
			return nil, nil, ctx.Err()
		}
	}
	b, p, err := e.live.Read(ctx)
	if b != nil {
		e.mu.Lock()
		e.left, e.given = e.left-1, e.given+1
		e.mu.Unlock()
	}
	return b, p, err
}

// gated is a file system whose syncs of data wait for a token each.
func gated(gate chan struct{}) vfs.FS {
	return errorfs.Wrap(vfs.NewMem(), errorfs.InjectorFunc(func(o errorfs.Op) error {
		if o.Kind == errorfs.OpFileSyncData {
			<-gate
		}
		return nil
	}))
}

// What arrives while a sync is under way is made durable by the next one, all of it; nothing flows before, the order is kept, and the
// source is told. The node waits only while nothing is on its way.
func TestOneSyncForAllThatArrivedMeanwhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e, gate := &eager{live: live{end: 1 << 40}, arrived: make(chan int)}, make(chan struct{})
		rt := optest.New(t)
		src := New(e, Options{Dir: "j", FS: gated(gate), Schema: numbers})
		if err := src.Open(t.Context(), rt, nil); err != nil {
			t.Fatal(err)
		}
		results := make(chan int64, 100)
		read := func(batches int) {
			for range batches {
				b, _, err := src.Read(t.Context())
				if err != nil {
					t.Error(err)
					return
				}
				results <- numbersOf(t, b)[0]
			}
		}
		var group sync.WaitGroup
		group.Go(func() { read(31) })
		synctest.Wait()
		if !rt.IsWaiting() {
			t.Error("nothing came, and the node does not wait")
		}
		e.arrived <- 1
		synctest.Wait()
		gate <- struct{}{} // of the header of the first segment
		e.arrived <- 30
		synctest.Wait()
		if e.given != 31 || len(results) != 0 {
			t.Errorf("during the first sync %d batches were read, and %d flowed", e.given, len(results))
		}
		if rt.IsWaiting() {
			t.Error("the node waits while a sync is under way")
		}
		gate <- struct{}{}
		synctest.Wait()
		if len(results) != 1 {
			t.Errorf("behind the first sync %d batches flowed", len(results))
		}
		gate <- struct{}{}
		group.Wait()
		for i := range int64(31) {
			if n := <-results; n != 3*i {
				t.Fatalf("batch %d begins with %d", i, n)
			}
		}
		if !slices.Equal(e.kept, []int{1, 30}) {
			t.Errorf("the source was told of %v", e.kept)
		}
		close(gate)
		if err := src.Close(); err != nil {
			t.Fatal(err)
		}
	})
}

// However long a sync takes, what is read meanwhile is bounded.
func TestWhatIsReadAheadIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e, gate := &eager{live: live{end: 1 << 40}}, make(chan struct{})
		src := New(e, Options{Dir: "j", FS: gated(gate), Schema: numbers})
		if err := src.Open(t.Context(), optest.New(t), nil); err != nil {
			t.Fatal(err)
		}
		done := make(chan struct{})
		go func() {
			defer close(done)
			b, _, err := src.Read(t.Context())
			if err != nil {
				t.Error(err)
				return
			}
			b.Release()
		}()
		synctest.Wait()
		if n := e.given; n < 2 || n > maxAhead/overhead {
			t.Errorf("%d batches were read", n)
		}
		close(gate)
		<-done
		synctest.Wait()
		if in := src.(counting).intake; in.bytes < maxAhead || in.bytes > maxAhead+4096 {
			t.Errorf("%d bytes are read ahead", in.bytes)
		}
		if err := src.Close(); err != nil {
			t.Fatal(err)
		}
	})
}

// Once the run is stopped all that was taken flows, and then no more comes.
func TestAllThatWasTakenFlowsWhenTheRunStops(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e, gate := &eager{live: live{end: 1 << 40}, arrived: make(chan int, 1)}, make(chan struct{})
		src := New(e, Options{Dir: "j", FS: gated(gate), Schema: numbers})
		if err := src.Open(t.Context(), optest.New(t), nil); err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(t.Context())
		e.arrived <- 20
		got := make(chan int, 1)
		go func() {
			for n := 0; ; n++ {
				b, p, err := src.Read(ctx)
				if err != nil {
					if !errors.Is(err, context.Canceled) {
						t.Error(err)
					}
					got <- n
					return
				}
				if p != position(n+1) {
					t.Errorf("batch %d is at %v", n, p)
				}
				b.Release()
			}
		}()
		synctest.Wait()
		stop()
		synctest.Wait()
		close(gate)
		if n := <-got; n != e.given || n < 1 {
			t.Errorf("%d batches flowed, and %d were taken", n, e.given)
		}
		if err := src.Close(); err != nil {
			t.Fatal(err)
		}
	})
}

// A run that reads ahead is killed and stopped over and over: what was handed on and not committed comes again, in order; what was only
// read may be lost by a kill, and only that, and by a stop it is not.
func TestReadingAheadLosesNothingThatWasHandedOn(t *testing.T) {
	real := optest.New(t)
	rapid.Check(t, func(t *rapid.T) {
		fs := vfs.NewCrashableMem()
		e := &eager{live: live{end: 1 << 40}}
		var (
			src   op.Source
			from  []byte
			first []int64 // of the batches that were handed on behind the last commit
			at    int     // in these
			next  int64   // the first row behind them, if none is missing
			gaps  int     // so often rows may be missing that were not handed on: once for each kill
			last  []op.Position
		)
		open := func() {
			src = New(e, Options{Dir: "j", FS: fs, Schema: numbers, MaxBytes: 1 << 20})
			if err := src.Open(context.Background(), real, from); err != nil {
				t.Fatal(err)
			}
			at, last = 0, nil
		}
		open()
		t.Repeat(map[string]func(*rapid.T){
			"read": func(t *rapid.T) {
				b, p, err := src.Read(context.Background())
				if err != nil || p == nil {
					t.Fatalf("position %v: %v", p, err)
				}
				n := numbersOf(t, b)[0]
				switch {
				case at < len(first):
					if n != first[at] {
						t.Fatalf("row %d came again, and not %d", n, first[at])
					}
				case n != next && (gaps == 0 || n < next):
					t.Fatalf("row %d came, and not %d", n, next)
				default:
					if n != next {
						gaps--
					}
					first, next = append(first, n), n+3
				}
				at++
				last = append(last, p)
			},
			"commit": func(t *rapid.T) {
				if at == 0 {
					t.Skip()
				}
				p := last[at-1]
				from, _ = p.AppendBinary(nil)
				if err := src.Committed(context.Background(), p); err != nil {
					t.Fatal(err)
				}
				first, last, at = first[at:], nil, 0
			},
			"kill": func(t *rapid.T) {
				seed := rapid.Uint64().Draw(t, "seed")
				old := src
				fs = fs.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: rapid.SampledFrom([]int{0, 50}).Draw(t, "percent"), RNG: rand.New(rand.NewPCG(seed, 1))})
				_ = old.Close()
				gaps++
				open()
			},
			"stop": func(t *rapid.T) {
				if err := src.Close(); err != nil {
					t.Fatal(err)
				}
				open()
			},
		})
		_ = src.Close()
	})
}

// The end of the source comes behind all that it gave.
func TestTheEndComesLast(t *testing.T) {
	e := &eager{live: live{end: 30}}
	src := New(e, Options{Dir: "j", FS: vfs.NewMem(), Schema: numbers})
	if err := src.Open(t.Context(), optest.New(t), nil); err != nil {
		t.Fatal(err)
	}
	for i := range 10 {
		if got, p := read(t, src); got[0] != int64(3*i) || p != position(i+1) {
			t.Fatalf("%v at %v", got, p)
		}
	}
	for range 2 {
		if _, _, err := src.Read(t.Context()); err != io.EOF {
			t.Fatal(err)
		}
	}
	if err := src.Close(); err != nil {
		t.Fatal(err)
	}
}

// broken panics when it is read.
type broken struct{ eager }

func (*broken) Read(context.Context) (*batch.Batch, op.Position, error) { panic("no such row") }

// A panic of the source comes to who asks for rows, and not to the process.
func TestAPanicComesToWhoReads(t *testing.T) {
	src := New(&broken{}, Options{Dir: "j", FS: vfs.NewMem(), Schema: numbers})
	if err := src.Open(t.Context(), optest.New(t), nil); err != nil {
		t.Fatal(err)
	}
	func() {
		defer func() {
			if p, ok := recover().(string); !ok || !strings.Contains(p, "no such row") || !strings.Contains(p, "broken") {
				t.Errorf("panic: %v", p)
			}
		}()
		_, _, _ = src.Read(t.Context())
		t.Error("no panic")
	}()
	if err := src.Close(); err != nil {
		t.Fatal(err)
	}
}

// What a run that failed neither brought into the journal nor handed on is not told as kept.
func TestWhatIsLostIsNotToldAsKept(t *testing.T) {
	full := &errorfs.Toggle{Injector: errorfs.InjectorFunc(func(o errorfs.Op) error {
		if o.Kind == errorfs.OpFileWrite || o.Kind == errorfs.OpCreate {
			return syscall.ENOSPC
		}
		return nil
	})}
	rt := optest.New(t)
	e := &eager{live: live{end: 1 << 40}, arrived: make(chan int, 2)}
	src := New(e, Options{Dir: "j", FS: errorfs.Wrap(vfs.NewMem(), full), Schema: numbers})
	if err := src.Open(t.Context(), rt, nil); err != nil {
		t.Fatal(err)
	}
	e.arrived <- 1
	read(t, src)
	full.On()
	e.arrived <- 1
	rt.AwaitStatus("the disk of the journal is full")
	_ = src.Close()
	if !slices.Equal(e.kept, []int{1}) {
		t.Errorf("the source was told of %v", e.kept)
	}
}
