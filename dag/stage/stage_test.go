package stage

import (
	"errors"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"flowrun/dag/batch"
	"flowrun/dag/schema"
)

var rowsOf = arrow.NewSchema([]arrow.Field{{Name: "n", Type: schema.Int}, {Name: "text", Type: schema.String, Nullable: true}}, nil)

// write writes rows from a number on as one piece, in batches of which every other row counts.
func write(d *Dir, from, n int64) (Piece, error) {
	w, err := d.Begin(rowsOf)
	if err != nil {
		return Piece{}, err
	}
	for at := from; at < from+n; at += 50 {
		made := batch.NewBuilder(rowsOf, d.mem)
		var sel []int32
		for i := at; i < min(at+50, from+n); i++ {
			made.Column(0).AppendInt(-1)
			made.Column(1).AppendNull()
			made.Column(0).AppendInt(i)
			made.Column(1).AppendBytes([]byte(strings.Repeat("x", int(i%300))))
			sel = append(sel, int32(2*(i-at)+1))
		}
		whole := made.Batch()
		made.Release()
		b := whole.WithSelection(sel)
		err = errors.Join(err, w.Append(b))
		b.Release()
		whole.Release()
	}
	p, finished := w.Finish()
	return p, errors.Join(err, finished)
}

// read gives the numbers of a piece's rows, which have to be whole.
func read(d *Dir, p Piece) (all []int64, err error) {
	err = d.Read(p, func(b *batch.Batch) error {
		n, text := b.Record.Column(0).(*array.Int64), b.Record.Column(1).(*array.String)
		for i := range b.Rows() {
			if v := n.Value(b.Row(i)); len(text.Value(b.Row(i))) != int(v%300) {
				return errors.New("a text is another row's")
			}
			all = append(all, n.Value(b.Row(i)))
		}
		return nil
	})
	return all, err
}

// scrambling is a file system whose files change what they are given to write, as a vfs.File may.
type scrambling struct{ vfs.FS }

func (s scrambling) Create(name string, c vfs.DiskWriteCategory) (vfs.File, error) {
	f, err := s.FS.Create(name, c)
	return scrambled{f}, err
}

type scrambled struct{ vfs.File }

func (f scrambled) Write(p []byte) (int, error) {
	defer scramble(p)
	return f.File.Write(p)
}

func scramble(p []byte) {
	for i := range p {
		p[i] ^= 0xa5
	}
}

// What is appended is lent: other branches read it at the same time.
func TestWhatIsAppendedStaysAsItIs(t *testing.T) {
	d := open(t, scrambling{vfs.NewMem()})
	made := batch.NewBuilder(rowsOf, d.mem)
	const rows = 3 * bufferSize / 8
	for i := range rows {
		made.Column(0).AppendInt(int64(i))
		made.Column(1).AppendString(strings.Repeat("y", i%300))
	}
	b := made.Batch()
	made.Release()
	defer b.Release()
	w, err := d.Begin(rowsOf)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Append(b); err != nil {
		t.Fatal(err)
	}
	p, err := w.Finish()
	if err != nil {
		t.Fatal(err)
	}
	for i, v := range b.Record.Column(0).(*array.Int64).Int64Values() {
		if v != int64(i) {
			t.Fatalf("row %d of the batch is %d now", i, v)
		}
	}
	check(t, d, p, 0, rows)
}

func open(t *testing.T, fs vfs.FS) *Dir {
	t.Helper()
	mem := memory.NewCheckedAllocator(memory.NewGoAllocator())
	t.Cleanup(func() { mem.AssertSize(t, 0) })
	d, err := Open(fs, "ck/stage/out", mem)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func check(t *testing.T, d *Dir, p Piece, from, n int64) {
	t.Helper()
	got, err := read(d, p)
	if err != nil || int64(len(got)) != n {
		t.Fatalf("%d rows, %v; want %d", len(got), err, n)
	}
	for i, v := range got {
		if v != from+int64(i) {
			t.Fatalf("row %d is %d, want %d", i, v, from+int64(i))
		}
	}
}

// A piece that is finished is there after any crash, whole; what was not is removed by Keep, and nothing else.
func TestFinishedPiecesSurviveCrashes(t *testing.T) {
	for seed := range uint64(30) {
		r := rand.New(rand.NewPCG(seed, 5))
		fs := vfs.NewCrashableMem()
		d := open(t, fs)
		first, err := write(d, 0, 1+r.Int64N(3000))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := write(d, 9000, 10); err != nil { // nobody knows its name
			t.Fatal(err)
		}
		w, err := d.Begin(rowsOf) // under way when the machine stops
		if err != nil {
			t.Fatal(err)
		}
		crashed := fs.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: r.IntN(101), RNG: r})
		if err := w.Discard(); err != nil {
			t.Fatal(err)
		}
		again := open(t, crashed)
		if err := again.Keep(first); err != nil {
			t.Fatal(err)
		}
		check(t, again, first, 0, first.Rows)
		next, err := write(again, 500, 700)
		if err != nil || next.Name == first.Name {
			t.Fatal(next, err)
		}
		check(t, again, next, 500, 700)
		for _, p := range []Piece{first, next, first} { // the last time it is gone already
			if err := again.Remove(p); err != nil {
				t.Fatal(err)
			}
		}
		if names, err := crashed.List("ck/stage/out"); err != nil || len(names) > 0 {
			t.Fatalf("left: %v, %v", names, err)
		}
	}
}

// Whatever call of the file system fails, and if the disk is full from then on, a piece is finished and can be read, or an error
// says that it is not.
func TestEveryCallFails(t *testing.T) {
	for _, onward := range []bool{false, true} {
		for at := int32(0); ; at++ {
			mem, n, hit := vfs.NewCrashableMem(), int32(0), false
			d := open(t, mem)
			d.fs = errorfs.Wrap(mem, errorfs.InjectorFunc(func(o errorfs.Op) error {
				if o.Kind.ReadOrWrite() != errorfs.OpIsWrite {
					return nil
				}
				if n++; n-1 == at || onward && n > at {
					hit = true
					return errors.New("no space left on device")
				}
				return nil
			}))
			p, err := write(d, 0, 4000)
			if hit != (err != nil) {
				t.Fatalf("call %d failed: %t, and the error is %v", at, hit, err)
			}
			if !hit {
				if at < 4 {
					t.Fatalf("only %d calls", at)
				}
				check(t, open(t, mem.CrashClone(vfs.CrashCloneCfg{})), p, 0, 4000)
				break
			}
		}
	}
}

// A bit that turned over, and a file that is cut or gone, are told before any row is given.
func TestDamageIsTold(t *testing.T) {
	fs := vfs.NewMem()
	d := open(t, fs)
	p, err := write(d, 0, 300)
	if err != nil {
		t.Fatal(err)
	}
	for at := int64(0); at < p.Size; at += 7 {
		flip(t, fs, d.file(p.Name), at)
		if rows, err := read(d, p); !errors.Is(err, ErrDamaged) || len(rows) > 0 {
			t.Fatalf("bit of byte %d: %d rows, %v", at, len(rows), err)
		}
		flip(t, fs, d.file(p.Name), at)
	}
	check(t, d, p, 0, 300)
	longer := p
	longer.Size++
	if _, err := read(d, longer); !errors.Is(err, ErrDamaged) {
		t.Errorf("a file that is cut: %v", err)
	}
	if err := d.Remove(p); err != nil {
		t.Fatal(err)
	}
	if _, err := read(d, p); err == nil || !strings.Contains(err.Error(), "it is gone") {
		t.Errorf("a file that is gone: %v", err)
	}
}

func flip(t *testing.T, fs vfs.FS, name string, at int64) {
	t.Helper()
	f, err := fs.OpenReadWrite(name, vfs.WriteCategoryUnspecified)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	b := make([]byte, 1)
	if _, err := f.ReadAt(b, at); err != nil {
		t.Fatal(err)
	}
	b[0] ^= 4
	if _, err := f.WriteAt(b, at); err != nil {
		t.Fatal(err)
	}
}
