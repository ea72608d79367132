package journaled

import (
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"
	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"flowrun/dag/batch"
	"flowrun/dag/op"
	"flowrun/dag/op/optest"
	"flowrun/dag/schema"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var numbers = arrow.NewSchema([]arrow.Field{{Name: "n", Type: schema.Int}}, nil)

// live gives batches of the numbers from next on, and cannot give one again.
type live struct {
	next, end int64
	rt        op.Runtime
	failed    error // of Open
	closed    bool
}

func (l *live) Open(_ context.Context, rt op.Runtime, _ []byte) error {
	l.rt = rt
	return l.failed
}

func (l *live) Read(ctx context.Context) (*batch.Batch, op.Position, error) {
	if err := ctx.Err(); err != nil {
		return nil, nil, err
	}
	if l.next >= l.end {
		return nil, nil, io.EOF
	}
	b := batch.NewBuilder(numbers, l.rt.Allocator())
	defer b.Release()
	for range 3 {
		b.Column(0).AppendInt(l.next)
		l.next++
	}
	made := b.Batch()
	made.Arrived = time.Unix(0, l.next).UTC()
	made.Seq = uint64(l.next)
	made.Rejects = []batch.Reject{{At: time.Unix(1, 2).UTC(), Reason: "odd", Raw: []byte("raw")}}
	return made, nil, nil
}

func (l *live) Committed(context.Context, op.Position) error { return nil }
func (l *live) BytesRead() uint64                            { return uint64(l.next) }
func (l *live) Close() error                                 { l.closed = true; return nil }

// numbersOf are the rows of a batch, which it releases.
func numbersOf(t interface{ Fatalf(string, ...any) }, b *batch.Batch) []int64 {
	defer b.Release()
	got := slices.Clone(b.Record.Column(0).(*array.Int64).Int64Values())
	if last := got[len(got)-1] + 1; b.Arrived.UnixNano() != last || b.Seq != uint64(last) || len(b.Rejects) != 1 || string(b.Rejects[0].Raw) != "raw" {
		t.Fatalf("the batch of %v: arrived %v, number %d, rejects %v", got, b.Arrived, b.Seq, b.Rejects)
	}
	return got
}

// A run is killed over and over, with and without the position of its last commit; each row that was not committed comes again, in
// order, and then those that follow.
func TestNothingThatWasReadIsLost(t *testing.T) {
	real := optest.New(t)
	rapid.Check(t, func(t *rapid.T) {
		fs := vfs.NewCrashableMem()
		l := &live{end: 1 << 40}
		var (
			src             op.Source
			committed, last op.Position
			from            []byte
			next, durable   int64 // the next row to come; the first one that is not committed
			given           = map[op.Position]int64{}
		)
		open := func() {
			src = New(l, Options{Dir: "j", FS: fs, Schema: numbers, MaxBytes: 1 << 20})
			if err := src.Open(context.Background(), real, from); err != nil {
				t.Fatal(err)
			}
			next = durable
		}
		open()
		t.Repeat(map[string]func(*rapid.T){
			"read": func(t *rapid.T) {
				b, p, err := src.Read(context.Background())
				if err != nil || p == nil {
					t.Fatalf("position %v: %v", p, err)
				}
				for _, n := range numbersOf(t, b) {
					if n != next {
						t.Fatalf("row %d came, and not %d", n, next)
					}
					next++
				}
				last, given[p] = p, next
			},
			"commit": func(t *rapid.T) {
				if last == nil {
					t.Skip()
				}
				committed, durable = last, given[last]
				from, _ = committed.AppendBinary(nil)
				if err := src.Committed(context.Background(), committed); err != nil {
					t.Fatal(err)
				}
			},
			"crash": func(t *rapid.T) {
				seed := rapid.Uint64().Draw(t, "seed")
				old := src
				fs = fs.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: rapid.SampledFrom([]int{0, 50}).Draw(t, "percent"), RNG: rand.New(rand.NewPCG(seed, 1))})
				_ = old.Close()
				last = committed
				open()
			},
			"stop": func(t *rapid.T) {
				if err := src.Close(); err != nil {
					t.Fatal(err)
				}
				last = committed
				open()
			},
		})
		_ = src.Close()
	})
}

// Without a checkpoint there is no position: what the end of a run committed does not come again, and the rest does.
func TestTheEndOfARunIsACommit(t *testing.T) {
	fs := vfs.NewMem()
	l := &live{end: 9}
	for _, all := range []bool{false, true} {
		rt := optest.New(t)
		src := New(l, Options{Dir: "j", FS: fs, Schema: numbers})
		if err := src.Open(context.Background(), rt, nil); err != nil {
			t.Fatal(err)
		}
		var got []int64
		var last op.Position
		for {
			b, p, err := src.Read(context.Background())
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			got, last = append(got, numbersOf(t, b)...), p
		}
		if !slices.Equal(got, []int64{0, 1, 2, 3, 4, 5, 6, 7, 8}) {
			t.Fatalf("rows %v", got)
		}
		if all {
			if err := src.Committed(context.Background(), last); err != nil {
				t.Fatal(err)
			}
		}
		if src.(op.ByteCounter).BytesRead() != 9 {
			t.Error("bytes are not counted")
		}
		if err := src.Close(); err != nil {
			t.Fatal(err)
		}
	}
	rt := optest.New(t)
	src := New(l, Options{Dir: "j", FS: fs, Schema: numbers})
	if err := src.Open(context.Background(), rt, nil); err != nil {
		t.Fatal(err)
	}
	if _, _, err := src.Read(context.Background()); err != io.EOF {
		t.Fatalf("after all was committed: %v", err)
	}
	if err := src.Close(); err != nil {
		t.Fatal(err)
	}
}

// opened is a source over l whose disk can be full.
func opened(t *testing.T, l *live, o Options) (op.Source, *optest.Runtime, *errorfs.Toggle) {
	t.Helper()
	full := &errorfs.Toggle{Injector: errorfs.InjectorFunc(func(op errorfs.Op) error {
		if op.Kind == errorfs.OpFileWrite || op.Kind == errorfs.OpCreate {
			return &os.PathError{Op: "write", Path: op.Path, Err: syscall.ENOSPC}
		}
		return nil
	})}
	rt := optest.New(t)
	o.Dir, o.Schema, o.FS = "j", numbers, errorfs.Wrap(vfs.NewMem(), full)
	src := New(l, o)
	if err := src.Open(context.Background(), rt, nil); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := src.Close(); err != nil {
			t.Error(err)
		}
	})
	return src, rt, full
}

func read(t *testing.T, src op.Source) ([]int64, op.Position) {
	t.Helper()
	b, p, err := src.Read(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return numbersOf(t, b), p
}

func TestAFullDiskStopsReadingAndLosesNothing(t *testing.T) {
	l := &live{end: 100}
	src, rt, full := opened(t, l, Options{})
	read(t, src)
	l.rt.Status("its own")
	full.On()
	go func() {
		rt.AwaitStatus("the disk of the journal is full")
		rt.AwaitLog("nothing more is read")
		if l.next != 6 {
			t.Errorf("reading went on, to %d", l.next)
		}
		full.Off()
	}()
	if got, p := read(t, src); !slices.Equal(got, []int64{3, 4, 5}) || p != position(2) {
		t.Fatalf("%v at %v", got, p)
	}
	if all := rt.Statuses(); all[len(all)-1] != "its own" {
		t.Errorf("statuses %q", all)
	}
	read(t, src)
}

func TestWhatWasTakenIsHandedOnWhenARunEndsOnAFullDisk(t *testing.T) {
	l := &live{end: 100}
	src, rt, full := opened(t, l, Options{})
	read(t, src)
	full.On()
	ctx, stop := context.WithCancel(context.Background())
	go func() {
		rt.AwaitStatus("the disk of the journal is full")
		stop()
	}()
	b, p, err := src.Read(ctx)
	if err != nil || p != nil || !slices.Equal(numbersOf(t, b), []int64{3, 4, 5}) {
		t.Fatalf("at %v: %v", p, err)
	}
	if _, _, err := src.Read(ctx); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	full.Off()
}

func TestAFullJournalWaitsForACommit(t *testing.T) {
	l := &live{end: 1 << 40}
	src, rt, _ := opened(t, l, Options{MaxBytes: 20_000})
	passed := make(chan op.Position)
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		for {
			b, p, err := src.Read(context.Background())
			if err != nil {
				t.Error(err)
				return
			}
			b.Release()
			passed <- p
			if p.(position) == 200 {
				return
			}
		}
	}()
	var last op.Position
	waits := make(chan struct{})
	go func() { rt.AwaitStatus("waits for a commit"); close(waits) }()
	defer rt.AwaitCommitSoon(1)
	for waiting := false; !waiting; {
		select {
		case last = <-passed:
		case <-waits:
			waiting = true
		}
	}
	if p := last.(position); p < 10 || p > 150 {
		t.Errorf("full behind batch %d", p)
	}
	if err := src.Committed(context.Background(), last); err != nil {
		t.Fatal(err)
	}
	for last != position(200) {
		last = <-passed
		if err := src.Committed(context.Background(), last); err != nil {
			t.Fatal(err)
		}
	}
	<-stopped
}

func TestOtherColumnsAreRefusedUntilTheJournalIsEmpty(t *testing.T) {
	fs := vfs.NewMem()
	open := func(s *arrow.Schema, fresh bool) (op.Source, error) {
		src := New(&live{end: 3}, Options{Dir: "j", FS: fs, Schema: s, Fresh: fresh})
		return src, src.Open(context.Background(), optest.New(t), nil)
	}
	src, err := open(numbers, false)
	if err != nil {
		t.Fatal(err)
	}
	read(t, src)
	if err := src.Close(); err != nil {
		t.Fatal(err)
	}
	other := arrow.NewSchema([]arrow.Field{{Name: "n", Type: schema.Int}, {Name: "m", Type: schema.String, Nullable: true}}, nil)
	_, err = open(other, false)
	for _, want := range []string{"journal in j: ", "it holds 1 batches that no run has committed", "they were n: int!; now they are n: int!, m: string", "--fresh"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v does not say %q", err, want)
		}
	}
	if src, err = open(other, true); err != nil {
		t.Fatal(err)
	}
	if err := src.Close(); err != nil {
		t.Fatal(err)
	}
	if src, err = open(other, false); err != nil {
		t.Fatal(err)
	}
	if err := src.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestWhatCannotBeOpenedGivesTheJournalBack(t *testing.T) {
	fs := vfs.NewMem()
	why := errors.New("no such port")
	if err := New(&live{failed: why}, Options{Dir: "j", FS: fs, Schema: numbers}).Open(context.Background(), optest.New(t), nil); !errors.Is(err, why) {
		t.Fatal(err)
	}
	src := New(&live{}, Options{Dir: "j", FS: fs, Schema: numbers})
	if err := src.Open(context.Background(), optest.New(t), nil); err != nil {
		t.Fatal(err)
	}
	if err := New(&live{}, Options{Dir: "j", FS: fs, Schema: numbers}).Open(context.Background(), optest.New(t), nil); err == nil || !strings.Contains(err.Error(), "in use") {
		t.Fatal(err)
	}
	if err := src.Close(); err != nil {
		t.Fatal(err)
	}
	at, _ := position(7).AppendBinary(nil)
	src = New(&live{end: 3}, Options{Dir: "j", FS: fs, Schema: numbers})
	if err := src.Open(context.Background(), optest.New(t), at); err != nil { // an empty one: the count goes on
		t.Fatal(err)
	}
	if _, p := read(t, src); p != position(8) {
		t.Fatalf("at %v", p)
	}
	if err := src.Close(); err != nil {
		t.Fatal(err)
	}
	for _, wrong := range [][]byte{at[:3], append(at[:7:7], 20)} {
		if err := New(&live{}, Options{Dir: "j", FS: fs, Schema: numbers}).Open(context.Background(), optest.New(t), wrong); err == nil || !strings.Contains(err.Error(), "--fresh") {
			t.Fatalf("from %v: %v", wrong, err)
		}
	}
}

func TestDamageSaysWhereAndWhatToDo(t *testing.T) {
	fs := vfs.NewMem()
	src := New(&live{end: 9}, Options{Dir: "j", FS: fs, Schema: numbers})
	if err := src.Open(context.Background(), optest.New(t), nil); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		read(t, src)
	}
	if err := src.Close(); err != nil {
		t.Fatal(err)
	}
	const name = "j/00000000000000000001.journal"
	f, err := fs.OpenReadWrite(name, vfs.WriteCategoryUnspecified)
	if err != nil {
		t.Fatal(err)
	}
	info, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteAt([]byte("?"), info.Size()/2); err != nil {
		t.Fatal(err)
	}
	f.Close()
	err = New(&live{end: 9}, Options{Dir: "j", FS: fs, Schema: numbers}).Open(context.Background(), optest.New(t), nil)
	for _, want := range []string{"journal in j: ", name + " is damaged at byte ", "move the directory away"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v does not say %q", err, want)
		}
	}
}
