package file

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"flowrun/dag/codec"
	"flowrun/dag/op"
	"flowrun/dag/op/optest"
	"flowrun/dag/plan"
	"flowrun/dag/spec"
)

// tail is a source that follows, read by a goroutine of its own in a bubble of virtual time.
type tail struct {
	t     *testing.T
	rt    *optest.Runtime
	mu    sync.Mutex // of got and last
	got   []string
	last  op.Position
	stop  context.CancelFunc
	ended chan error
}

func follow(t *testing.T, path string, from []byte) *tail {
	t.Helper()
	f := &tail{t: t, rt: lent(t), ended: make(chan error, 1)}
	f.rt.Bytes = 4096 / lanes / lanes
	s := newSource(Config{Path: path, Compression: "auto", Follow: true, Poll: spec.Duration(250 * time.Millisecond), MaxLineBytes: 1 << 20},
		&plan.Scan{Format: plan.Format{Name: "text"}, Schema: codec.TextSchema})
	if err := s.Open(t.Context(), f.rt, from); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	f.stop = stop
	go func() {
		for {
			b, p, err := s.Read(ctx)
			var one optest.Taken
			one.Add(b)
			if b != nil {
				f.mu.Lock()
				f.got, f.last = append(f.got, one.Column(0)...), p
				f.mu.Unlock()
			}
			if err != nil {
				f.ended <- errors.Join(err, s.Close())
				return
			}
		}
	}()
	return f
}

// brings lets the source look once more, and holds the lines that it brings to want.
func (f *tail) brings(want ...string) {
	f.t.Helper()
	time.Sleep(300 * time.Millisecond)
	synctest.Wait()
	f.mu.Lock()
	defer f.mu.Unlock()
	if !slices.Equal(f.got, want) {
		f.t.Errorf("brought %.300q, want %.300q; log: %q", f.got, want, f.rt.Logs())
	}
	f.got = nil
}

// end stops the source and gives the position that it left.
func (f *tail) end() []byte {
	f.t.Helper()
	f.stop()
	if err := <-f.ended; !errors.Is(err, context.Canceled) {
		f.t.Errorf("the source ended with %v", err)
	}
	if f.last == nil {
		return nil
	}
	text, err := f.last.AppendBinary(nil)
	if err != nil {
		f.t.Fatal(err)
	}
	return text
}

// add appends text to a file, which is made if it is missing.
func add(t *testing.T, path, text string) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	_, err = f.WriteString(text)
	if err := errors.Join(err, f.Close()); err != nil {
		t.Fatal(err)
	}
}

func rename(t *testing.T, from, to string) {
	t.Helper()
	if err := os.Rename(from, to); err != nil {
		t.Fatal(err)
	}
}

func TestFollowsRotationByRename(t *testing.T) { inLanes(t, followsRotationByRename) }

func followsRotationByRename(t *testing.T) {
	log := filepath.Join(t.TempDir(), "app.log")
	synctest.Test(t, func(t *testing.T) {
		f := follow(t, log, nil)
		f.brings()
		if s := f.rt.Statuses(); len(s) == 0 || !strings.Contains(s[0], "waiting for "+log) {
			t.Errorf("statuses %q", s)
		}
		add(t, log, "one\ntw")
		f.brings("one")
		if s := f.rt.Statuses(); s[len(s)-1] != "" {
			t.Errorf("statuses %q", s)
		}
		add(t, log, "o\n")
		f.brings("two")
		add(t, log, "three\n") // not looked at before the rename
		rename(t, log, log+".1")
		add(t, log, "new\n")
		add(t, log+".1", "late\n")
		f.brings("three", "late", "new")
		add(t, log+".1", "later, without an end")
		add(t, log, "new 2\n")
		f.brings("new 2")
		time.Sleep(rotateGrace)
		f.brings("later, without an end")
		add(t, log+".1", "after all that time\n")
		add(t, log, "new 3\n")
		f.brings("new 3")
		f.end()
	})
}

func TestFollowsCopyTruncate(t *testing.T) { inLanes(t, followsCopyTruncate) }

func followsCopyTruncate(t *testing.T) {
	log := filepath.Join(t.TempDir(), "app.log")
	synctest.Test(t, func(t *testing.T) {
		add(t, log, "one\ntwo\n")
		f := follow(t, log, nil)
		f.brings("one", "two")
		if err := os.Truncate(log, 0); err != nil {
			t.Fatal(err)
		}
		f.brings()
		add(t, log, "a\n")
		f.brings("a")
		// Cut and written past the old end between two looks: only its beginning tells.
		if err := os.WriteFile(log, []byte("other\nand longer\nthan before\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		f.brings("other", "and longer", "than before")
		add(t, log, "half a li")
		f.brings()
		if err := os.WriteFile(log, []byte("b\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		f.brings("b")
		if logs := strings.Join(f.rt.Logs(), "\n"); !strings.Contains(logs, "cut in the middle of a line") || !strings.Contains(logs, "bytes_lost=9") {
			t.Errorf("logs %s", logs)
		}
		f.end()
	})
}

func TestFollowsADirectoryThatAppears(t *testing.T) { inLanes(t, followsADirectoryThatAppears) }

func followsADirectoryThatAppears(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "logs")
	synctest.Test(t, func(t *testing.T) {
		f := follow(t, dir, nil)
		f.brings()
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		f.brings()
		add(t, filepath.Join(dir, "b"), "b1\n")
		add(t, filepath.Join(dir, "a"), "a1\nhalf")
		add(t, filepath.Join(dir, ".hidden"), "x\n")
		add(t, filepath.Join(dir, "old.gz"), "x\n")
		f.brings("a1", "b1")
		// The beginning of a line waits for its end while another file is read.
		add(t, filepath.Join(dir, "b"), "b2\n")
		f.brings("b2")
		add(t, filepath.Join(dir, "a"), " and half\n")
		f.brings("half and half")
		// A name within the directory is only a name.
		rename(t, filepath.Join(dir, "a"), filepath.Join(dir, "c"))
		f.brings()
		add(t, filepath.Join(dir, "c"), "c\n")
		f.brings("c")
		if err := os.RemoveAll(dir); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * rotateGrace)
		f.brings()
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		add(t, filepath.Join(dir, "a"), "again\n")
		f.brings("again")
		f.end()
	})
}

func TestFollowsAThousandFiles(t *testing.T) { inLanes(t, followsAThousandFiles) }

func followsAThousandFiles(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		name := func(i int) string { return filepath.Join(dir, fmt.Sprintf("%04d.log", i)) }
		var first, second []string
		for i := range 1000 {
			add(t, name(i), fmt.Sprintf("first %d\n", i))
			first, second = append(first, fmt.Sprint("first ", i)), append(second, fmt.Sprint("second ", i))
		}
		f := follow(t, filepath.Join(dir, "*.log"), nil)
		f.brings(first...)
		for i := range 1000 {
			add(t, name(i), fmt.Sprintf("second %d\n", i))
		}
		f.brings(second...)
		from := f.end()
		add(t, name(500), "third\n")
		f = follow(t, filepath.Join(dir, "*.log"), from)
		f.brings("third")
		f.end()
	})
}

// A run that goes on reads what a file got after it was renamed, whatever happened in between, and nothing twice.
func TestGoesOnAfterRotation(t *testing.T) { inLanes(t, goesOnAfterRotation) }

func goesOnAfterRotation(t *testing.T) {
	for name, c := range map[string]struct {
		between func(t *testing.T, log string)
		want    []string
	}{
		"nothing":  {func(*testing.T, string) {}, nil},
		"appended": {func(t *testing.T, log string) { add(t, log, "three\n") }, []string{"three"}},
		"renamed": {func(t *testing.T, log string) {
			add(t, log, "three\n")
			rename(t, log, log+".1")
			add(t, log, "four\n")
		}, []string{"three", "four"}},
		"renamed, and no new one": {func(t *testing.T, log string) {
			add(t, log, "three\n")
			rename(t, log, log+".1")
		}, []string{"three"}},
		"cut": {func(t *testing.T, log string) {
			if err := os.WriteFile(log, []byte("x\n"), 0o600); err != nil {
				t.Fatal(err)
			}
		}, []string{"x"}},
		"written anew": {func(t *testing.T, log string) {
			if err := os.WriteFile(log, []byte("an\nother\nfile\n"), 0o600); err != nil {
				t.Fatal(err)
			}
		}, []string{"an", "other", "file"}},
		"copied": {func(t *testing.T, log string) {
			rename(t, log, log+".moved")
			add(t, log, "one\ntwo\nthree\n")
			if err := os.Remove(log + ".moved"); err != nil {
				t.Fatal(err)
			}
		}, []string{"three"}},
		"removed": {func(t *testing.T, log string) {
			if err := os.Remove(log); err != nil {
				t.Fatal(err)
			}
		}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			log := filepath.Join(t.TempDir(), "app.log")
			synctest.Test(t, func(t *testing.T) {
				add(t, log, "one\ntwo\nth")
				f := follow(t, log, nil)
				f.brings("one", "two")
				from := f.end()
				if err := os.Truncate(log, int64(len("one\ntwo\n"))); err != nil {
					t.Fatal(err)
				}
				c.between(t, log)
				f = follow(t, log, from)
				f.brings(c.want...)
				f.end()
			})
		})
	}
}

func TestFollowsALineOfManyChunks(t *testing.T) { inLanes(t, followsALineOfManyChunks) }

func followsALineOfManyChunks(t *testing.T) {
	log := filepath.Join(t.TempDir(), "app.log")
	synctest.Test(t, func(t *testing.T) {
		long := strings.Repeat("x", 1<<20)
		add(t, log, long[:1<<19])
		f := follow(t, filepath.Dir(log), nil)
		f.brings()
		add(t, filepath.Join(filepath.Dir(log), "other"), "a\n")
		f.brings("a")
		add(t, log, long[1<<19:]+"\nb\n")
		f.brings(long, "b")
		f.end()
	})
}

// What has piled up, and what piles up while it is read, comes once and in order, and a line that is cut where a visit ends
// goes on in the next one.
func TestFollowsABacklog(t *testing.T) { inLanes(t, followsABacklog) }

func followsABacklog(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.log")
	var want []string
	write := func(lines int, rest string) {
		var text strings.Builder
		text.WriteString(rest)
		for range lines {
			want = append(want, fmt.Sprint("line ", len(want)))
			fmt.Fprintln(&text, want[len(want)-1])
		}
		add(t, path, text.String())
	}
	write(2000, "")
	add(t, path, "line ")
	synctest.Test(t, func(t *testing.T) {
		f := follow(t, path, nil)
		f.brings(want...)
		add(t, path, "that goes on\n")
		at := len(want)
		want = append(want, "line that goes on")
		write(1500, "")
		f.brings(want[at:]...)
		from := f.end()

		at = len(want)
		write(1000, "")
		f = follow(t, path, from)
		f.brings(want[at:]...)
		f.end()
	})
}
