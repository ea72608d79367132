package journal

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"
	"pgregory.net/rapid"
)

// machine runs a journal beside a list of what was appended to it.
type machine struct {
	t  *rapid.T
	fs *vfs.MemFS
	j  *Journal
	o  Options

	all     [][]byte // record n is all[n-1]
	durable int
	trimmed int              // what Trim was told
	tried   map[int][][]byte // what a sync that failed was to write as record n
	broken  *errorfs.Toggle
	kinds   map[errorfs.OpKind]bool
}

func (m *machine) open() {
	m.broken = &errorfs.Toggle{Injector: errorfs.InjectorFunc(func(op errorfs.Op) error {
		if m.kinds[op.Kind] {
			return errors.New("injected")
		}
		return nil
	})}
	j, err := Open(errorfs.Wrap(m.fs, m.broken), "dir", m.o)
	if err != nil {
		m.t.Fatal(err)
	}
	m.j = j
	last := int(j.Last())
	for n := m.durable + 1; n <= last; n++ {
		if n > len(m.all) {
			m.all = append(m.all, nil)
		}
		r, err := j.Read(uint64(n - 1))
		if err != nil {
			m.t.Fatal(err)
		}
		rec, err := r.Next()
		if err != nil {
			m.t.Fatal(err)
		}
		if !slices.ContainsFunc(append(m.tried[n], m.all[n-1]), func(p []byte) bool { return bytes.Equal(p, rec.Payload) }) {
			m.t.Fatalf("record %d is there, and it was never appended", n)
		}
		m.all[n-1] = bytes.Clone(rec.Payload)
		r.Close()
	}
	if last < m.durable {
		m.t.Fatalf("the journal ends at %d, with %d records durable of %d", last, m.durable, len(m.all))
	}
	if got := int(j.Trimmed()); got > m.trimmed {
		m.t.Fatalf("trimmed up to %d, and only up to %d was asked for", got, m.trimmed)
	}
	// What is read once stays.
	m.all, m.durable, m.tried = m.all[:last], last, map[int][][]byte{}
}

func (m *machine) Append(t *rapid.T) {
	p := rapid.SliceOfN(rapid.Byte(), 0, 6000).Draw(t, "payload")
	seq, err := m.j.Append(at(len(m.all)+1), p)
	if full := (*FullError)(nil); errors.As(err, &full) {
		if m.trimmed == len(m.all) {
			t.Fatal("full, with nothing untrimmed")
		}
		return
	}
	if err != nil || int(seq) != len(m.all)+1 {
		t.Fatalf("record %d was numbered %d: %v", len(m.all)+1, seq, err)
	}
	m.all = append(m.all, p)
}

func (m *machine) Sync(t *rapid.T) {
	if err := m.j.Sync(); err != nil {
		t.Fatal(err)
	}
	m.durable = len(m.all)
}

func (m *machine) SyncFails(t *rapid.T) {
	m.kinds = map[errorfs.OpKind]bool{rapid.SampledFrom([]errorfs.OpKind{
		errorfs.OpFileWrite, errorfs.OpFileSyncData, errorfs.OpCreate, errorfs.OpFileSync, errorfs.OpOpenDir,
	}).Draw(t, "what"): true}
	m.broken.On()
	err := m.j.Sync()
	m.broken.Off()
	if err == nil {
		m.durable = len(m.all)
		return
	}
	for n := m.durable + 1; n <= len(m.all); n++ {
		m.tried[n] = append(m.tried[n], m.all[n-1])
	}
}

func (m *machine) Forget(t *rapid.T) {
	m.j.Forget()
	m.all = m.all[:m.durable]
}

func (m *machine) Trim(t *rapid.T) {
	to := rapid.IntRange(m.trimmed, m.durable).Draw(t, "to")
	if err := m.j.Trim(uint64(to)); err != nil {
		t.Fatal(err)
	}
	m.trimmed = to
}

func (m *machine) Clear(t *rapid.T) {
	m.Forget(t)
	if err := m.j.Clear(); err != nil {
		t.Fatal(err)
	}
	m.trimmed = m.durable
	if got := int(m.j.Trimmed()); got != m.trimmed {
		t.Fatalf("cleared up to %d, of %d", got, m.durable)
	}
}

func (m *machine) Close(t *rapid.T) {
	if err := m.j.Close(); err != nil {
		t.Fatal(err)
	}
	m.all, m.tried = m.all[:m.durable], nil // also what a sync that failed has left
	m.open()
}

func (m *machine) Crash(t *rapid.T) {
	percent := rapid.SampledFrom([]int{0, 30, 70, 100}).Draw(t, "percent")
	seed := rapid.Uint64().Draw(t, "seed")
	old := m.j
	m.fs = m.fs.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: percent, RNG: rand.New(rand.NewPCG(seed, 1))})
	_ = old.Close() // of the machine that is gone
	m.open()
}

func (m *machine) Check(t *rapid.T) {
	after := m.j.Trimmed()
	r, err := m.j.Read(after)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if int(r.Left()) != m.durable-int(after) {
		t.Fatalf("%d are left from %d to %d", r.Left(), after, m.durable)
	}
	for n := int(after) + 1; ; n++ {
		rec, err := r.Next()
		if err == io.EOF {
			if n-1 != m.durable {
				t.Fatalf("read up to %d of %d", n-1, m.durable)
			}
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if int(rec.Seq) != n || !rec.Arrived.Equal(at(n)) || !bytes.Equal(rec.Payload, m.all[n-1]) {
			t.Fatalf("record %d came as %d of %v with %d bytes", n, rec.Seq, rec.Arrived, len(rec.Payload))
		}
	}
	var size int64
	names, _ := m.fs.List("dir")
	for _, name := range names {
		if info, err := m.fs.Stat(m.fs.PathJoin("dir", name)); err == nil {
			size += info.Size()
		}
	}
	if got := m.j.Bytes(); got > size {
		t.Fatalf("Bytes is %d, and the files have %d", got, size)
	}
}

func at(n int) time.Time { return time.Unix(1000, int64(n)).UTC() }

func TestAJournalIsTheListOfWhatWasAppended(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := &machine{t: t, fs: vfs.NewCrashableMem(), o: Options{SegmentBytes: 10_000, MaxBytes: 200_000, Meta: []byte("columns")}}
		m.open()
		t.Repeat(map[string]func(*rapid.T){
			"append": m.Append, "append again": m.Append, "sync": m.Sync, "sync fails": m.SyncFails, "forget": m.Forget,
			"trim": m.Trim, "clear": m.Clear, "close": m.Close, "crash": m.Crash, "": m.Check,
		})
		_ = m.j.Close()
	})
}

// filled is a journal of several segments, the records of which are 1 to n.
func filled(t testing.TB, fs vfs.FS, n int, o Options) {
	t.Helper()
	j, err := Open(fs, "dir", o)
	if err != nil {
		t.Fatal(err)
	}
	for i := 1; i <= n; i++ {
		if _, err := j.Append(at(i), payload(i)); err != nil {
			t.Fatal(err)
		}
		if i%2 == 0 || i == n {
			if err := j.Sync(); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
}

func payload(n int) []byte { return fmt.Appendf(nil, "record %d of them", n) }
