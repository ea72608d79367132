package journal

import (
	"bytes"
	"errors"
	"io"
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"
)

// readBack reads all of a journal: how many records there are, or why that cannot be said. Records that are not the ones of
// filled are a failure of the test.
func readBack(t testing.TB, fs vfs.FS) (int, *Torn, error) {
	t.Helper()
	j, err := Open(fs, "dir", Options{})
	if err != nil {
		return 0, nil, err
	}
	defer j.Close()
	r, err := j.Read(j.Trimmed())
	if err != nil {
		return 0, nil, err
	}
	defer r.Close()
	for n := int(j.Trimmed()) + 1; ; n++ {
		rec, err := r.Next()
		if err == io.EOF {
			return n - 1, j.Torn(), nil
		}
		if err != nil {
			return 0, nil, err
		}
		if int(rec.Seq) != n || !rec.Arrived.Equal(at(n)) || !bytes.Equal(rec.Payload, payload(n)) {
			t.Fatalf("record %d came as %d: %q", n, rec.Seq, rec.Payload)
		}
	}
}

func files(t testing.TB, fs vfs.FS) map[string][]byte {
	t.Helper()
	names, err := fs.List("dir")
	if err != nil {
		t.Fatal(err)
	}
	all := map[string][]byte{}
	for _, name := range names {
		if _, ok := parseName(name); !ok {
			continue
		}
		f, err := fs.Open(fs.PathJoin("dir", name))
		if err != nil {
			t.Fatal(err)
		}
		if all[name], err = io.ReadAll(f); err != nil {
			t.Fatal(err)
		}
		f.Close()
	}
	return all
}

func put(t testing.TB, all map[string][]byte) vfs.FS {
	t.Helper()
	fs := vfs.NewMem()
	if err := fs.MkdirAll("dir", 0o700); err != nil {
		t.Fatal(err)
	}
	for name, b := range all {
		f, err := fs.Create(fs.PathJoin("dir", name), vfs.WriteCategoryUnspecified)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Write(bytes.Clone(b)); err != nil {
			t.Fatal(err)
		}
		f.Close()
	}
	return fs
}

// The last write is records 9 and 10: what is damaged there looks like a write that a crash tore.
func TestEveryFlippedBitIsFound(t *testing.T) {
	fs := vfs.NewMem()
	filled(t, fs, 10, Options{SegmentBytes: 400, Meta: []byte("some columns")})
	whole := files(t, fs)
	if len(whole) != 2 {
		t.Fatalf("%d segments", len(whole))
	}
	for name, b := range whole {
		for i := range b {
			for bit := range 8 {
				b[i] ^= 1 << bit
				n, torn, err := readBack(t, put(t, whole))
				b[i] ^= 1 << bit
				var damage *Error
				switch {
				case err == nil && (torn == nil || n < 8 || n > 9):
					t.Fatalf("%s: bit %d of byte %d: read %d records, torn %v", name, bit, i, n, torn)
				case err != nil && (!errors.As(err, &damage) || !strings.HasSuffix(damage.File, name) || damage.Offset > int64(i)):
					t.Fatalf("%s: bit %d of byte %d: %v", name, bit, i, err)
				}
			}
		}
	}
}

func TestATornTailIsCutAtEveryByte(t *testing.T) {
	fs := vfs.NewMem()
	filled(t, fs, 6, Options{})
	whole := files(t, fs)
	for name, b := range whole {
		last := -1
		for cut := 0; cut <= len(b); cut++ {
			whole[name] = b[:cut]
			n, torn, err := readBack(t, put(t, whole))
			if cut < headerSize+sumSize { // no crash leaves that
				if err == nil {
					t.Fatalf("cut at %d: read", cut)
				}
				continue
			}
			if err != nil || n < last || (torn == nil) != (n > last) {
				t.Fatalf("cut at %d: %d records, torn %v: %v", cut, n, torn, err)
			}
			last = n
		}
		if last != 6 {
			t.Fatalf("the whole file has %d records", last)
		}
	}
}

func TestAMissingSegmentIsFound(t *testing.T) {
	fs := vfs.NewMem()
	filled(t, fs, 20, Options{SegmentBytes: 400})
	whole := files(t, fs)
	delete(whole, segmentName(7))
	if _, _, err := readBack(t, put(t, whole)); err == nil || !strings.Contains(err.Error(), "record 7 is not whole") {
		t.Fatalf("%v, of %d segments", err, len(whole))
	}
}

func TestAnotherVersionIsRefused(t *testing.T) {
	fs := vfs.NewMem()
	filled(t, fs, 2, Options{})
	whole := files(t, fs)
	for name := range whole {
		head := appendHeader(nil, 1, 0, nil)
		head[8] = version + 1
		whole[name] = resum(head)
	}
	if _, _, err := readBack(t, put(t, whole)); err == nil || !strings.Contains(err.Error(), "version 2") {
		t.Fatal(err)
	}
}

// Each call of the file system fails once, in turn; what was said to be durable is there, once, whatever failed.
func TestEveryCallMayFailOnce(t *testing.T) {
	for _, why := range []error{syscall.ENOSPC, syscall.EIO} {
		for index := int32(0); ; index++ {
			mem := vfs.NewCrashableMem()
			calls := int32(0)
			inner := errorfs.InjectorFunc(func(op errorfs.Op) error {
				if calls++; calls-1 == index {
					return &os.PathError{Op: "op", Path: op.Path, Err: why}
				}
				return nil
			})
			fs := errorfs.Wrap(mem, inner)
			retry := func(what string, do func() error) {
				for tries := 0; ; tries++ {
					err := do()
					if err == nil {
						return
					}
					if tries == 3 || !errors.Is(err, why) {
						t.Fatalf("call %d: %s: %v", index, what, err)
					}
				}
			}
			var j *Journal
			retry("open", func() (err error) { j, err = Open(fs, "dir", Options{SegmentBytes: 300}); return err })
			for n := 1; n <= 12; n++ {
				if _, err := j.Append(at(n), payload(n)); err != nil {
					t.Fatal(err)
				}
				retry("sync", j.Sync)
				if got, _, err := readBack(t, mem.CrashClone(vfs.CrashCloneCfg{})); err != nil || got != n {
					t.Fatalf("call %d: %d of %d records are durable: %v", index, got, n, err)
				}
				if n%4 == 0 {
					retry("trim", func() error { return j.Trim(uint64(n - 1)) })
				}
			}
			if err := j.Close(); err != nil && !errors.Is(err, why) {
				t.Fatal(err)
			}
			if got, _, err := readBack(t, mem.CrashClone(vfs.CrashCloneCfg{})); err != nil || got != 12 {
				t.Fatalf("call %d: %d of 12 records are there in the end: %v", index, got, err)
			}
			if calls <= index {
				if index < 50 {
					t.Fatalf("only %d calls", index)
				}
				break
			}
		}
	}
}

func TestOneRunAtATime(t *testing.T) {
	for _, fs := range []vfs.FS{vfs.NewMem(), vfs.Default} {
		dir := t.TempDir()
		j, err := Open(fs, dir, Options{})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := Open(fs, dir, Options{}); err != ErrInUse {
			t.Fatalf("the second one: %v", err)
		}
		if err := j.Close(); err != nil {
			t.Fatal(err)
		}
		if j, err = Open(fs, dir, Options{}); err != nil {
			t.Fatal(err)
		}
		j.Close()
	}
}

func TestAFullJournalTakesNothingUntilItIsTrimmed(t *testing.T) {
	fs := vfs.NewMem()
	j, err := Open(fs, "dir", Options{MaxBytes: 4000})
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	var full *FullError
	n := 0
	for ; err == nil; n++ {
		if _, err = j.Append(at(n+1), make([]byte, 300)); err == nil {
			if err := j.Sync(); err != nil {
				t.Fatal(err)
			}
		}
	}
	if !errors.As(err, &full) || full.Max != 4000 || j.Bytes() > 4000 || int(j.Last()) != n-1 {
		t.Fatalf("%d records, %d bytes: %v", j.Last(), j.Bytes(), err)
	}
	if err := j.Trim(j.Last() - 1); err != nil {
		t.Fatal(err)
	}
	if _, err := j.Append(at(n), make([]byte, 300)); err != nil || j.Bytes() > 1100 {
		t.Fatalf("%d bytes: %v", j.Bytes(), err)
	}
	// What is longer than all there may be is taken alone.
	if err := j.Sync(); err != nil {
		t.Fatal(err)
	}
	if err := j.Trim(j.Last()); err != nil {
		t.Fatal(err)
	}
	if _, err := j.Append(at(n+1), make([]byte, 9000)); err != nil {
		t.Fatal(err)
	}
}

func TestTheCountGoesOn(t *testing.T) {
	fs := vfs.NewMem()
	filled(t, fs, 5, Options{})
	j, err := Open(fs, "dir", Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := j.Trim(5); err != nil {
		t.Fatal(err)
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	if all := files(t, fs); len(all) != 1 || len(all[segmentName(6)]) != headerSize+sumSize {
		t.Fatalf("what is left: %d files", len(all))
	}
	if j, err = Open(fs, "dir", Options{}); err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	if _, err := j.Read(4); err != ErrGone {
		t.Fatalf("reading what was trimmed: %v", err)
	}
	if seq, err := j.Append(at(6), payload(6)); err != nil || seq != 6 {
		t.Fatalf("%d: %v", seq, err)
	}
}

// A killed process may have written what it did not sync: read once, it has to stay.
func TestWhatIsReadIsDurable(t *testing.T) {
	mem := vfs.NewCrashableMem()
	j, err := Open(mem, "dir", Options{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := j.Append(at(1), payload(1)); err != nil {
		t.Fatal(err)
	}
	if err := j.Sync(); err != nil {
		t.Fatal(err)
	}
	if _, err := j.Append(at(2), payload(2)); err != nil {
		t.Fatal(err)
	}
	j.frames, j.out = nil, append(j.out[:0], j.frames...)
	sign(j.out, seed(1))
	if _, err := j.file.Write(j.out); err != nil {
		t.Fatal(err)
	}
	if err := j.lock.Close(); err != nil { // all that is left of the process
		t.Fatal(err)
	}
	again, err := Open(mem, "dir", Options{})
	if err != nil || again.Last() != 2 {
		t.Fatalf("%d records: %v", again.Last(), err)
	}
	if n, _, err := readBack(t, mem.CrashClone(vfs.CrashCloneCfg{})); err != nil || n != 2 {
		t.Fatalf("%d records stayed: %v", n, err)
	}
}
