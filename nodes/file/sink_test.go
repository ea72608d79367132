package file

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"go.uber.org/goleak"

	"flowrun/dag/batch"
	"flowrun/dag/op"
	"flowrun/dag/op/optest"
	"flowrun/dag/plan"
	"flowrun/dag/schema"
	"flowrun/dag/spec"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var words = arrow.NewSchema([]arrow.Field{{Name: "word", Type: schema.String, Nullable: true}}, nil)

func rows(rt *optest.Runtime, list ...string) *batch.Batch {
	b := batch.NewBuilder(words, rt.Allocator())
	defer b.Release()
	for _, w := range list {
		b.Column(0).AppendString(w)
	}
	return b.Batch()
}

// writing is a sink under test.
type writing struct {
	*sink
	t  *testing.T
	rt *optest.Runtime
}

func newWriting(t *testing.T, c SinkConfig) *writing {
	t.Helper()
	if c.Compression == "" {
		c.Compression = "auto"
	}
	if c.Roll.Size == 0 {
		c.Roll.Size = 128 << 20
	}
	w := &plan.Write{Format: plan.Format{Name: "text"}, Schema: words}
	return &writing{newSink(c, w), t, optest.New(t)}
}

func (w *writing) open() *writing {
	w.t.Helper()
	if err := w.Open(w.t.Context(), w.rt, nil); err != nil {
		w.t.Fatal(err)
	}
	return w
}

func (w *writing) write(list ...string) {
	w.t.Helper()
	if err := w.tryWrite(list...); err != nil {
		w.t.Fatal(err)
	}
}

func (w *writing) tryWrite(list ...string) error {
	b := rows(w.rt, list...)
	defer b.Release()
	return w.Write(w.t.Context(), b, &optest.Emitter{})
}

func (w *writing) prepare() op.Prepared {
	w.t.Helper()
	p, err := w.Prepare(w.t.Context(), &optest.Emitter{})
	if err != nil {
		w.t.Fatal(err)
	}
	return p
}

// end is the end of a run that goes well.
func (w *writing) end() {
	w.t.Helper()
	if err := errors.Join(w.Commit(w.t.Context(), w.prepare()), w.Close()); err != nil {
		w.t.Fatal(err)
	}
}

// shown are the files of a directory that a reader sees, and what they hold; all are its other names.
func shown(t *testing.T, dir string) (files map[string]string, all int) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	files = map[string]string{}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), ".") {
			continue
		}
		text, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		files[e.Name()] = string(text)
	}
	return files, len(entries)
}

func holds(t *testing.T, dir string, want map[string]string) {
	t.Helper()
	files, all := shown(t, dir)
	if fmt.Sprint(files) != fmt.Sprint(want) || all != len(want) {
		t.Errorf("%s holds %q and %d names, want %q and nothing else", dir, files, all, want)
	}
}

func TestOneFileShowsAtTheEnd(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new", "out")
	path := filepath.Join(dir, "words.txt")
	w := newWriting(t, SinkConfig{Path: path}).open()
	if err := os.WriteFile(path, []byte("old\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	w.write("a", "b")
	w.write(strings.Repeat("x", 3*bufferSize))
	files, _ := shown(t, dir)
	if files["words.txt"] != "old\n" {
		t.Errorf("before the end it holds %q", files["words.txt"])
	}
	p := w.prepare()
	if files, _ = shown(t, dir); files["words.txt"] != "old\n" {
		t.Errorf("before the commit it holds %q", files["words.txt"])
	}
	for range 2 { // a commit may come again
		if err := w.Commit(t.Context(), p); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	holds(t, dir, map[string]string{"words.txt": "a\nb\n" + strings.Repeat("x", 3*bufferSize) + "\n"})
}

func TestOneFileOfNoRows(t *testing.T) {
	dir := t.TempDir()
	newWriting(t, SinkConfig{Path: filepath.Join(dir, "a.txt")}).open().end()
	holds(t, dir, map[string]string{"a.txt": ""})
}

func TestAFailedRunShowsNothing(t *testing.T) {
	for _, name := range []string{"a.txt", "parts"} {
		for _, prepared := range []bool{false, true} {
			dir := t.TempDir()
			w := newWriting(t, SinkConfig{Path: filepath.Join(dir, name)}).open()
			w.write("a")
			if prepared {
				if err := w.Abort(t.Context(), w.prepare()); err != nil {
					t.Error(err)
				}
			}
			if err := w.Close(); err != nil {
				t.Error(err)
			}
			if name == "parts" {
				dir = filepath.Join(dir, name)
			}
			holds(t, dir, map[string]string{})
		}
	}
}

func TestPartsRollBySize(t *testing.T) {
	dir := t.TempDir()
	for run := range 2 {
		w := newWriting(t, SinkConfig{Path: dir, Roll: Roll{Size: 4}}).open()
		w.write("a")
		if files, all := shown(t, dir); len(files) != 2*run || all != 2*run+1 {
			t.Errorf("run %d: a part that is not full shows: %q", run, files)
		}
		w.write("b") // now 4 bytes
		if files, _ := shown(t, dir); len(files) != 2*run+1 {
			t.Errorf("run %d: a full part does not show: %q", run, files)
		}
		w.write("c")
		w.end()
	}
	// The second run went on with the numbers.
	holds(t, dir, map[string]string{
		"part-00000000.txt": "a\nb\n", "part-00000001.txt": "c\n", "part-00000002.txt": "a\nb\n", "part-00000003.txt": "c\n",
	})
}

func TestPartsRollByTime(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		w := newWriting(t, SinkConfig{Path: dir, Roll: Roll{Every: spec.Duration(10 * time.Second)}}).open()
		expect := func(want ...string) {
			t.Helper()
			synctest.Wait()
			files, _ := shown(t, dir)
			var got []string
			for i := range len(files) {
				got = append(got, files[partName(i)+".txt"])
			}
			if !slices.Equal(got, want) {
				t.Errorf("parts %q, want %q", got, want)
			}
		}
		time.Sleep(time.Hour) // nothing came: no part is made
		w.write("a")
		time.Sleep(9 * time.Second)
		w.write("b")
		expect()
		time.Sleep(time.Second)
		expect("a\nb\n")
		time.Sleep(time.Hour)
		w.write("c")
		time.Sleep(9999 * time.Millisecond)
		expect("a\nb\n")
		time.Sleep(time.Millisecond)
		expect("a\nb\n", "c\n")
		w.write("d")
		w.end()
		expect("a\nb\n", "c\n", "d\n")
	})
}

func TestBelowALiveSourcePartsRollBySelf(t *testing.T) {
	for live, want := range map[bool]time.Duration{true: 10 * time.Second, false: 0} {
		s := newSink(SinkConfig{Path: "out", Compression: "auto"}, &plan.Write{Live: live, Schema: words, Format: plan.Format{Name: "json"}})
		if s.every != want || s.ending != ".jsonl" {
			t.Errorf("live %v: every %v, ending %s", live, s.every, s.ending)
		}
	}
}

func TestLeftoversOfACrash(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		".part-00000007.txt.flowrun": "half", ".part-00000007.jsonl.gz.flowrun": "", ".other": "mine", "part-00000003.txt": "x\n",
		"part-x.txt": "y",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	w := newWriting(t, SinkConfig{Path: dir}).open()
	w.write("a")
	w.end()
	entries, _ := os.ReadDir(dir)
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	if want := []string{".other", "part-00000003.txt", "part-00000004.txt", "part-x.txt"}; !slices.Equal(names, want) {
		t.Errorf("names %q, want %q", names, want)
	}

	one := filepath.Join(t.TempDir(), "a.txt")
	if err := os.WriteFile(hidden(one), []byte("a long half of a file"), 0o600); err != nil {
		t.Fatal(err)
	}
	w = newWriting(t, SinkConfig{Path: one}).open()
	w.write("b")
	w.end()
	holds(t, filepath.Dir(one), map[string]string{"a.txt": "b\n"})
}

// What an earlier run made durable and did not come to show is shown by the next one.
func TestPendingIsFinished(t *testing.T) {
	for _, name := range []string{"a.txt", "parts"} {
		path := filepath.Join(t.TempDir(), name)
		w := newWriting(t, SinkConfig{Path: path}).open()
		w.write("a")
		p := w.prepare()
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		again := newWriting(t, SinkConfig{Path: path})
		if err := again.Open(t.Context(), again.rt, []op.Prepared{p}); err != nil {
			t.Fatal(err)
		}
		if err := again.Close(); err != nil {
			t.Fatal(err)
		}
		if name == "a.txt" {
			holds(t, filepath.Dir(path), map[string]string{"a.txt": "a\n"})
		} else {
			holds(t, path, map[string]string{"part-00000000.txt": "a\n"})
		}
	}
}

func TestOneWriterAtATime(t *testing.T) {
	for _, name := range []string{"a.txt", "parts"} {
		path := filepath.Join(t.TempDir(), name)
		first := newWriting(t, SinkConfig{Path: path}).open()
		first.write("a")
		second := newWriting(t, SinkConfig{Path: path})
		if err := second.Open(t.Context(), second.rt, nil); !errors.Is(err, errInUse) || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: a second writer: %v", name, err)
		}
		first.end()
		newWriting(t, SinkConfig{Path: path}).open().end()
	}
}

// faulty is a disk that fails in one place.
type faulty struct {
	osDisk
	at string
}

func (f faulty) create(path string) (output, error) {
	if f.at == "create" {
		return nil, &os.PathError{Op: "open", Path: path, Err: syscall.EACCES}
	}
	file, err := f.osDisk.create(path)
	return &faultyFile{file, path, f.at}, err
}

func (f faulty) rename(from, to string) error {
	if f.at == "rename" {
		return &os.LinkError{Op: "rename", Old: from, New: to, Err: syscall.EACCES}
	}
	return f.osDisk.rename(from, to)
}

func (f faulty) syncDir(path string) error {
	if f.at == "sync directory" {
		return &os.PathError{Op: "sync", Path: path, Err: syscall.EIO}
	}
	return f.osDisk.syncDir(path)
}

type faultyFile struct {
	output
	path, at string
}

func (f *faultyFile) Write(p []byte) (int, error) {
	if f.at == "write" {
		return 0, &os.PathError{Op: "write", Path: f.path, Err: syscall.ENOSPC}
	}
	return f.output.Write(p)
}

func (f *faultyFile) Sync() error {
	if f.at == "sync" {
		return &os.PathError{Op: "sync", Path: f.path, Err: syscall.EIO}
	}
	return f.output.Sync()
}

func TestFaultsEndTheRun(t *testing.T) {
	for at, want := range map[string]string{
		"create": "permission denied", "write": "no space left on device", "sync": "input/output error",
		"rename": "permission denied", "sync directory": "input/output error",
	} {
		for _, how := range []string{"none", "gzip", "zstd"} {
			dir := t.TempDir()
			w := newWriting(t, SinkConfig{Path: dir, Compression: how})
			w.disk = faulty{at: at}
			w.open()
			err := w.tryWrite("a")
			if err == nil {
				var p op.Prepared
				if p, err = w.Prepare(t.Context(), &optest.Emitter{}); err == nil {
					err = w.Commit(t.Context(), p)
				}
			}
			if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), partName(0)) {
				t.Errorf("%s, %s: %v, want %q", at, how, err, want)
			}
			if err := w.Close(); err != nil {
				t.Error(err)
			}
			if files, _ := shown(t, dir); at != "sync directory" && len(files) > 0 {
				t.Errorf("%s, %s: %q show", at, how, files)
			}
		}
	}
}

// A roll by time has no caller: the next call ends the run, and the log says it at once.
func TestAFaultOfATimedRoll(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		w := newWriting(t, SinkConfig{Path: dir, Roll: Roll{Every: spec.Duration(time.Second)}})
		w.disk = faulty{at: "sync"}
		w.open()
		w.write("a")
		time.Sleep(time.Second)
		synctest.Wait()
		if logs := w.rt.Logs(); len(logs) != 1 || !strings.Contains(logs[0], "ERROR") || !strings.Contains(logs[0], "input/output error") {
			t.Errorf("logs %q", logs)
		}
		if err := w.tryWrite("b"); !errors.Is(err, syscall.EIO) {
			t.Errorf("the next row: %v", err)
		}
		if _, err := w.Prepare(t.Context(), nil); !errors.Is(err, syscall.EIO) {
			t.Errorf("the end: %v", err)
		}
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	})
	holds(t, dir, map[string]string{})
}

// Whoever reads while parts are written sees whole parts only.
func TestReadersSeeWholeFiles(t *testing.T) {
	dir := t.TempDir()
	w := newWriting(t, SinkConfig{Path: dir, Compression: "gzip", Roll: Roll{Size: 200}}).open()
	stop, seen := make(chan struct{}), make(chan int)
	go func() {
		n := 0
		defer func() { seen <- n }()
		for last := false; ; {
			entries, _ := os.ReadDir(dir)
			for _, e := range entries {
				if strings.HasPrefix(e.Name(), ".") {
					continue
				}
				f, err := os.Open(filepath.Join(dir, e.Name()))
				if err != nil {
					t.Error(err)
					return
				}
				r, _, err := gz.reader(f)
				var text []byte
				if err == nil {
					text, err = io.ReadAll(r)
				}
				f.Close()
				if err != nil || len(text) == 0 || text[len(text)-1] != '\n' {
					t.Errorf("%s shows %d bytes, %v", e.Name(), len(text), err)
					return
				}
				n++
			}
			if last {
				return
			}
			select {
			case <-stop:
				last = true // and one more look, at all that there is
			default:
			}
		}
	}()
	for i := range 300 {
		w.write(fmt.Sprint("line ", i*7919), strings.Repeat(fmt.Sprint(i), 50))
	}
	w.end()
	close(stop)
	if n := <-seen; n == 0 {
		t.Error("nothing was seen")
	}
}

func TestNoPermission(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Skip("the superuser may do everything")
	}
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o500); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"a.txt", "parts"} {
		w := newWriting(t, SinkConfig{Path: filepath.Join(dir, name)})
		if err := w.Open(t.Context(), w.rt, nil); err == nil || !strings.Contains(err.Error(), "permission denied") {
			t.Errorf("%s: Open = %v", name, err)
		}
	}
}
