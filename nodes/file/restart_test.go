package file

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"flowrun/dag/op"
	"flowrun/dag/plan"
	"flowrun/dag/spec"
)

// newSavedWriting is a sink of a run with a checkpoint, on the real disk.
func newSavedWriting(t *testing.T, c SinkConfig, format string) *writing {
	t.Helper()
	w := newWriting(t, c)
	if format != "text" {
		c.Compression, c.Roll.Size = "auto", max(c.Roll.Size, 128<<20)
		w.sink = newSink(c, &plan.Write{Format: plan.Format{Name: format}, Schema: words})
	}
	w.rt.Saved = true
	return w
}

func (w *writing) reopen(pending op.Prepared) *writing {
	w.t.Helper()
	if err := w.tryReopen(pending); err != nil {
		w.t.Fatal(err)
	}
	return w
}

func (w *writing) tryReopen(pending op.Prepared) error {
	var list []op.Prepared
	if pending != nil {
		list = append(list, pending)
	}
	return w.Open(w.t.Context(), w.rt, list)
}

// commit is one round, and gives its token.
func (w *writing) commit() op.Prepared {
	w.t.Helper()
	p := w.prepare()
	if err := w.Commit(w.t.Context(), p); err != nil {
		w.t.Fatal(err)
	}
	return p
}

// finish is the end of a run, of all of its input or because it was stopped.
func (w *writing) finish(whole bool) op.Prepared {
	w.t.Helper()
	if err := w.End(w.t.Context(), whole); err != nil {
		w.t.Fatal(err)
	}
	p := w.commit()
	w.close()
	return p
}

func (w *writing) close() {
	w.t.Helper()
	if err := w.Close(); err != nil {
		w.t.Fatal(err)
	}
}

// There is not a file for each commit: one part goes on over them, and over a restart.
func TestAPartGoesOnOverCommits(t *testing.T) {
	for _, format := range []string{"text", "csv", "parquet"} {
		dir := t.TempDir()
		var want, got []string
		var last op.Prepared
		for run := range 3 {
			w := newSavedWriting(t, SinkConfig{Path: dir}, format).reopen(last)
			for i := range 50 {
				row := fmt.Sprint(run, "-", i)
				want = append(want, row)
				w.write(row)
				last = w.commit()
			}
			if files, _ := filepath.Glob(filepath.Join(dir, "part-*")); len(files) != 0 {
				t.Errorf("%s: before the end %q show", format, files)
			}
			if run < 2 {
				w.write("never committed")
				w.close()
			} else {
				w.finish(true)
			}
		}
		files, _ := filepath.Glob(filepath.Join(dir, "part-*"))
		for _, f := range files {
			data, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			rows, err := rowsOf(format, plain, data)
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, rows...)
		}
		if len(files) != 1 || !slices.Equal(got, want) {
			t.Errorf("%s: %d files, rows %q", format, len(files), got)
		}
	}
}

func TestLostFilesAreTold(t *testing.T) {
	for _, c := range []struct {
		name    string
		path    string
		format  string
		rolled  bool
		destroy func(path string) error
		want    string
	}{
		{"open part missing", "parts", "text", false, os.Remove, ".part-00000000.txt.flowrun: no such file"},
		{"open part short", "parts", "text", false, func(p string) error { return os.Truncate(p, 3) }, "has 3 bytes of the 4"},
		{"open part damaged", "parts", "text", false, func(p string) error { return os.WriteFile(p, []byte("a\nc\n"), 0o600) }, "is damaged"},
		{"stage damaged", "parts", "parquet", false, func(p string) error { return os.Truncate(staged(shownOf(p)), 100) }, "has 100 bytes of the"},
		{"rolled part missing", "parts", "text", true, os.Remove, "part-00000000.txt"},
		{"rolled part damaged", "parts", "text", true, func(p string) error { return os.WriteFile(p, []byte("a\nc\n"), 0o600) }, "is damaged"},
		{"rolled part longer", "parts", "text", true, func(p string) error { return os.WriteFile(p, []byte("a\nb\nc\n"), 0o600) }, "is longer than the 4"},
		{"one file missing", "a.txt", "text", false, os.Remove, ".a.txt.flowrun is missing"},
		{"complete file damaged", "a.txt", "text", true, func(p string) error { return os.WriteFile(p, []byte("a\nc\n"), 0o600) }, "is damaged"},
	} {
		path := filepath.Join(t.TempDir(), c.path)
		w := newSavedWriting(t, SinkConfig{Path: path}, c.format).reopen(nil)
		w.write("a", "b")
		at := hidden(path)
		if c.path == "parts" {
			at = hidden(w.part.path)
		}
		if c.rolled {
			_ = w.End(t.Context(), true)
		}
		p := w.prepare()
		w.close()
		if err := c.destroy(at); err != nil {
			t.Fatal(err)
		}
		err := newSavedWriting(t, SinkConfig{Path: path}, c.format).tryReopen(p)
		if !errors.As(err, new(lostError)) || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "--fresh") {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
	}
}

// shownOf is the name under which a hidden file is to show.
func shownOf(hidden string) string {
	return filepath.Join(filepath.Dir(hidden), strings.TrimSuffix(filepath.Base(hidden)[1:], hiddenEnding))
}

// What whoever reads takes away after it showed is not missed.
func TestShownPartsMayBeTaken(t *testing.T) {
	dir := t.TempDir()
	w := newSavedWriting(t, SinkConfig{Path: dir}, "text").reopen(nil)
	w.write("a")
	last := w.finish(false)
	if err := os.Remove(filepath.Join(dir, partName(0)+".txt")); err != nil {
		t.Fatal(err)
	}
	w = newSavedWriting(t, SinkConfig{Path: dir}, "text").reopen(last)
	w.write("b")
	w.finish(true)
	if files, _ := shown(t, dir); fmt.Sprint(files) != "map[part-00000001.txt:b\n]" {
		t.Errorf("%q show", files)
	}
}

// A part whose rows are all committed shows in its time: without rows there is no other commit.
func TestTimeShowsCommittedRows(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		c := SinkConfig{Path: dir, Roll: Roll{Every: spec.Duration(10 * time.Second)}}
		w := newSavedWriting(t, c, "text").reopen(nil)
		expect := func(w *writing, want ...string) {
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
		w.write("a")
		w.commit()
		time.Sleep(9 * time.Second)
		w.write("b")
		w.commit()
		expect(w)
		time.Sleep(time.Second)
		expect(w, "a\nb\n")
		w.write("c")
		w.commit()
		w.write("d")
		time.Sleep(10 * time.Second)
		expect(w, "a\nb\n") // d is not committed
		w.commit()
		expect(w, "a\nb\n", "c\nd\n")
		w.write("e")
		last := w.commit()
		time.Sleep(4 * time.Second)
		w.close()
		again := newSavedWriting(t, c, "text").reopen(last)
		time.Sleep(6*time.Second - time.Millisecond)
		expect(again, "a\nb\n", "c\nd\n")
		time.Sleep(time.Millisecond)
		expect(again, "a\nb\n", "c\nd\n", "e\n") // 10 s after its first row, in whichever run that came
		again.close()
		// The checkpoint still says that it is open.
		w = newSavedWriting(t, c, "text").reopen(last)
		w.write("f")
		w.finish(true)
		expect(w, "a\nb\n", "c\nd\n", "e\n", "f\n")
	})
}

// One file is made whole again with what came since it was completed.
func TestOneFileGoesOnInALaterRun(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.csv")
	holds := func(want string) {
		t.Helper()
		if text, _ := os.ReadFile(path); string(text) != want {
			t.Errorf("it holds %q, want %q", text, want)
		}
	}
	w := newSavedWriting(t, SinkConfig{Path: path}, "csv").reopen(nil)
	w.write("1")
	last := w.finish(true)
	holds("word\n1\n")
	last = newSavedWriting(t, SinkConfig{Path: path}, "csv").reopen(last).finish(true) // nothing came
	holds("word\n1\n")
	w = newSavedWriting(t, SinkConfig{Path: path}, "csv").reopen(last)
	w.write("2")
	last = w.finish(false)
	holds("word\n1\n") // it was stopped
	w = newSavedWriting(t, SinkConfig{Path: path}, "csv").reopen(last)
	w.write("3")
	last = w.finish(true)
	holds("word\n1\n2\n3\n")
	if names, _ := filepath.Glob(filepath.Join(filepath.Dir(path), ".*")); len(names) > 0 {
		t.Errorf("%q are left", names)
	}

	if err := os.WriteFile(path, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	w = newSavedWriting(t, SinkConfig{Path: path}, "csv").reopen(last)
	if err := w.tryWrite("4"); err == nil || !strings.Contains(err.Error(), "was changed since") {
		t.Errorf("behind a file that was changed: %v", err)
	}
	w.close()
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	w = newSavedWriting(t, SinkConfig{Path: path}, "csv").reopen(last)
	w.write("4")
	w.finish(true)
	holds("word\n4\n")
}

func TestAFileOfColumnsCannotGoOn(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.parquet")
	w := newSavedWriting(t, SinkConfig{Path: path}, "parquet").reopen(nil)
	w.write("1")
	w = newSavedWriting(t, SinkConfig{Path: path}, "parquet").reopen(w.finish(true))
	if err := w.tryWrite("2"); err == nil || !strings.Contains(err.Error(), "a file of parquet cannot be gone on with") {
		t.Errorf("the next row: %v", err)
	}
	w.close()
	if data, _ := os.ReadFile(path); len(data) == 0 {
		t.Error("the file is gone")
	} else if rows, err := rowsOf("parquet", plain, data); err != nil || !slices.Equal(rows, []string{"1"}) {
		t.Errorf("rows %q, %v", rows, err)
	}
}

// What a crash left beside one file that shows goes with the next run.
func TestLeftoversOfOneFileGo(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.parquet")
	w := newSavedWriting(t, SinkConfig{Path: path}, "parquet").reopen(nil)
	w.write("1")
	last := w.finish(true)
	if err := os.WriteFile(staged(path), []byte("rows"), 0o600); err != nil {
		t.Fatal(err)
	}
	newSavedWriting(t, SinkConfig{Path: path}, "parquet").reopen(last).close()
	if _, err := os.Stat(staged(path)); !os.IsNotExist(err) {
		t.Errorf("%s is still there: %v", staged(path), err)
	}
}

// Settings that were changed between two runs do not mix rows of two kinds in a file, and lose none.
func TestChangedSettings(t *testing.T) {
	for _, formats := range [][2]string{{"text", "csv"}, {"csv", "parquet"}, {"parquet", "text"}, {"arrow", "parquet"}} {
		dir := t.TempDir()
		w := newSavedWriting(t, SinkConfig{Path: dir}, formats[0]).reopen(nil)
		w.write("1")
		last := w.commit()
		w.close()

		elsewhere := newSavedWriting(t, SinkConfig{Path: filepath.Join(dir, "other")}, formats[0])
		if err := elsewhere.tryReopen(last); err == nil || !strings.Contains(err.Error(), "run it once more with the old path") {
			t.Errorf("another path: %v", err)
		}
		w = newSavedWriting(t, SinkConfig{Path: dir}, formats[1]).reopen(last)
		w.write("2")
		last = w.finish(true)
		for i, want := range []string{"1", "2"} {
			data, err := os.ReadFile(filepath.Join(dir, partName(i)+partExtension(formats[i])))
			if err != nil {
				t.Fatal(err)
			}
			if rows, err := rowsOf(formats[i], plain, data); err != nil || !slices.Equal(rows, []string{want}) {
				t.Errorf("%v: part %d has %q, %v", formats, i, rows, err)
			}
		}
		newSavedWriting(t, SinkConfig{Path: filepath.Join(dir, "new")}, formats[1]).reopen(last).finish(true)
	}
	path := filepath.Join(t.TempDir(), "a.txt")
	w := newSavedWriting(t, SinkConfig{Path: path}, "text").reopen(nil)
	w.write("1")
	last := w.commit()
	w.close()
	if err := newSavedWriting(t, SinkConfig{Path: path}, "csv").tryReopen(last); err == nil || !strings.Contains(err.Error(), "other columns, format or compression") {
		t.Errorf("one file of another format: %v", err)
	}
}

// So many parts wait for a commit and no more.
func TestPartsOfACommitAreBounded(t *testing.T) {
	dir := t.TempDir()
	w := newSavedWriting(t, SinkConfig{Path: dir, Roll: Roll{Size: 1}}, "text")
	w.disk, w.beside = newCrashDisk(), nil
	w.reopen(nil)
	for i := range maxDone + 50 {
		w.write(fmt.Sprint(i))
	}
	tok, err := parseToken(w.prepare())
	if err != nil || len(tok.done) != maxDone || tok.open.size == 0 {
		t.Errorf("%d parts, %d bytes in the open one, %v", len(tok.done), tok.open.size, err)
	}
	w.close()
}

func TestADamagedTokenIsNoToken(t *testing.T) {
	whole := (&token{dir: "out", format: "text", next: 3, done: []extent{{"part-00000000.txt", 5, 7}}, open: extent{"part-00000001.txt", 9, 1}}).encode()
	if _, err := parseToken(whole); err != nil {
		t.Fatal(err)
	}
	for i := range whole {
		w := newSavedWriting(t, SinkConfig{Path: t.TempDir()}, "text")
		if err := w.tryReopen(whole[:i:i]); !errors.Is(err, errToken) {
			t.Errorf("the first %d bytes: %v", i, err)
		}
	}
}

// The engine commits while the sink takes the rows of the next commit.
func TestRowsComeWhileACommitIsCarriedOut(t *testing.T) {
	for _, format := range []string{"text", "arrow"} {
		dir := t.TempDir()
		w := newSavedWriting(t, SinkConfig{Path: dir, Roll: Roll{Size: 100}}, format)
		w.size = 100
		w.reopen(nil)
		var want, got []string
		for i := range 40 {
			p := w.prepare()
			done := make(chan error)
			go func() { done <- w.Commit(t.Context(), p) }()
			for j := range 5 {
				row := fmt.Sprint(i, "-", j)
				want = append(want, row)
				w.write(row)
			}
			if err := <-done; err != nil {
				t.Fatal(err)
			}
		}
		w.finish(true)
		files, _ := filepath.Glob(filepath.Join(dir, "part-*"))
		for _, f := range files {
			data, _ := os.ReadFile(f)
			rows, err := rowsOf(format, plain, data)
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, rows...)
		}
		if len(files) < 2 || !slices.Equal(got, want) {
			t.Errorf("%s: %d files, rows %q", format, len(files), got)
		}
	}
}
