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
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"flowrun/dag/codec"
	"flowrun/dag/op"
	"flowrun/dag/op/optest"
	"flowrun/dag/plan"
	"flowrun/dag/spec"
)

// refusing opens real files, and some of the calls on them are refused.
type refusing struct {
	mu     sync.Mutex
	call   int
	at     int // the first that is refused; 0: none
	times  int // so many are
	errno  syscall.Errno
	hit    bool
	during func() bool // nil: by number
}

func (r *refusing) refused(call string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.call++
	if r.during != nil && r.during() || r.at > 0 && r.call >= r.at && r.call < r.at+r.times {
		r.hit = true
		return &os.PathError{Op: call, Path: "somewhere", Err: r.errno}
	}
	return nil
}

func (r *refusing) open(name string) (readable, error) {
	if err := r.refused("open"); err != nil {
		return nil, err
	}
	f, err := os.Open(name)
	return &refusedFile{f, r}, err
}

type refusedFile struct {
	*os.File
	r *refusing
}

func (f *refusedFile) ReadAt(p []byte, at int64) (int, error) {
	if err := f.r.refused("read"); err != nil {
		n, _ := f.File.ReadAt(p[:len(p)/2], at)
		return n, err
	}
	return f.File.ReadAt(p, at)
}

// What is refused for a while is read in the end, each row once.
func TestReadingIsTriedAgain(t *testing.T) {
	inLanes(t, func(t *testing.T) {
		var want []string
		for i := range 400 {
			want = append(want, fmt.Sprint("row ", i))
		}
		for _, kind := range []string{"a.txt", "a.txt.gz", "a.txt.zst", "parquet"} {
			path := filepath.Join(t.TempDir(), kind)
			var w *writing
			if kind == "parquet" {
				w = newSavedWriting(t, SinkConfig{Path: path}, kind).reopen(nil)
			} else {
				w = newWriting(t, SinkConfig{Path: path}).open()
			}
			w.write(want...)
			if kind == "parquet" {
				w.finish(true)
			} else {
				w.end()
			}
			for _, times := range []int{1, 3} {
				for at := 1; ; at++ {
					r := &refusing{at: at, times: times, errno: []syscall.Errno{syscall.EMFILE, syscall.EIO}[at%2]}
					rows, err := readRefused(t, path, kind == "parquet", r, time.Hour)
					if err != nil || !slices.Equal(rows, want) {
						t.Fatalf("%s: refused %d times from call %d: %d rows, %v", kind, times, at, len(rows), err)
					}
					if !r.hit {
						break
					}
				}
			}
		}
	})
}

func readRefused(t *testing.T, path string, columns bool, r *refusing, lasting time.Duration) (rows []string, err error) {
	t.Helper()
	rt := lent(t)
	rt.Bytes = 256
	c := Config{Path: path, Compression: "auto", MaxLineBytes: 100, Retry: spec.Duration(lasting)}
	var s op.Source
	if columns {
		tables := newTables(c, &plan.Scan{Format: plan.Format{Name: "parquet"}, Schema: words})
		tables.files.open = r.open
		tables.files.loop.Pause.Shortest, tables.files.loop.Pause.Longest = time.Microsecond, time.Microsecond
		s = tables
	} else {
		lines := newSource(c, &plan.Scan{Format: plan.Format{Name: "text"}, Schema: codec.TextSchema})
		lines.files.open = r.open
		lines.files.loop.Pause.Shortest, lines.files.loop.Pause.Longest = time.Microsecond, time.Microsecond
		s = lines
	}
	if err := s.Open(t.Context(), rt, nil); err != nil {
		t.Fatal(err)
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	var all optest.Taken
	for {
		b, _, err := s.Read(t.Context())
		if b != nil {
			all.Add(b)
		}
		switch {
		case err == nil:
		case err.Error() == "EOF":
			return all.Column(0), nil
		default:
			return nil, err
		}
	}
}

func TestReadingGivesUp(t *testing.T) {
	path := onDisk(t, "a\nb\n")
	synctest.Test(t, func(t *testing.T) {
		always := func() bool { return true }
		_, err := readRefused(t, path, false, &refusing{during: always, errno: syscall.EMFILE}, 0)
		if err == nil || !strings.HasSuffix(err.Error(), "in.txt: too many open files") {
			t.Errorf("without time for it: %v", err)
		}
		begun := time.Now()
		s := newText(path)
		s.cfg.Retry, s.files.open = spec.Duration(time.Minute), (&refusing{during: always, errno: syscall.EMFILE}).open
		rt := lent(t)
		if err := s.Open(t.Context(), rt, nil); err != nil {
			t.Fatal(err)
		}
		_, _, err = s.Read(t.Context())
		if err == nil || !strings.HasSuffix(err.Error(), "in.txt: too many open files; gave up after 1m0s") || time.Since(begun) != time.Minute {
			t.Errorf("after %v: %v", time.Since(begun), err)
		}
		if logs := rt.Logs(); len(logs) == 0 || !strings.Contains(logs[0], "in.txt, trying on error=too many open files") {
			t.Errorf("logs %q", logs)
		}
		_ = s.Close()

		s = newText(path)
		s.cfg.Retry, s.files.open = spec.Duration(time.Hour), (&refusing{during: always, errno: syscall.EIO}).open
		rt = lent(t)
		if err := s.Open(t.Context(), rt, nil); err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(t.Context())
		time.AfterFunc(10*time.Second, func() { stop(); rt.Hasten() })
		begun = time.Now()
		if _, _, err := s.Read(ctx); !errors.Is(err, context.Canceled) || time.Since(begun) > 12*time.Second {
			t.Errorf("stopped: %v after %v", err, time.Since(begun))
		}
		_ = s.Close()
	})
}

// A followed file that cannot be read does not keep the others waiting, and is read on once it can be.
func TestAFollowedFileIsReadOn(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"a.log", "b.log"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(name+" 1\n"+name+" 2\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	synctest.Test(t, func(t *testing.T) {
		until := time.Now().Add(time.Minute)
		r := &refusing{errno: syscall.EIO, during: func() bool { return time.Now().Before(until) }}
		s := newSource(Config{Path: dir, Compression: "auto", Follow: true, Poll: spec.Duration(250 * time.Millisecond), MaxLineBytes: 1 << 20},
			&plan.Scan{Format: plan.Format{Name: "text"}, Schema: codec.TextSchema})
		s.files.open = func(name string) (readable, error) {
			f, err := os.Open(name)
			if filepath.Base(name) == "a.log" {
				return &refusedFile{f, r}, err
			}
			return f, err
		}
		rt := lent(t)
		if err := s.Open(t.Context(), rt, nil); err != nil {
			t.Fatal(err)
		}
		got := optest.Take(t.Context(), t, s, optest.Rows(2))
		if rows := got.Column(0); !slices.Equal(rows, []string{"b.log 1", "b.log 2"}) || time.Now().After(until) {
			t.Errorf("first %q", rows)
		}
		got = optest.Take(t.Context(), t, s, optest.Rows(2))
		if rows := got.Column(0); !slices.Equal(rows, []string{"a.log 1", "a.log 2"}) || time.Now().Before(until) {
			t.Errorf("then %q", rows)
		}
		if logs := rt.Logs(); len(logs) == 0 || !strings.Contains(logs[0], "a.log, trying on error=input/output error") {
			t.Errorf("logs %q", logs)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
}
