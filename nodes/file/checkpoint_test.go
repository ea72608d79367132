package file

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/apache/arrow-go/v18/arrow/memory"
	parquet "github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"
	"pgregory.net/rapid"

	"flowrun/dag/op"
	"flowrun/dag/op/optest"
	"flowrun/dag/plan"
	"flowrun/dag/retry"
	"flowrun/dag/spec"
)

// saved is a sink under a checkpoint, a source of the rows 0, 1, 2... that can replay, and the store of the checkpoint. Its actions
// give nothing: one that fails kills the run.
type saved struct {
	t    interface{ Fatalf(string, ...any) }
	rt   *optest.Runtime
	disk *crashDisk
	c    SinkConfig
	w    *plan.Write
	pick func(n int) int // what a loss of power leaves behind; nil: the process is killed

	sink     *sink
	at       int         // rows that the source has given
	token    op.Prepared // the last that is durable
	rows     int         // that it stands for
	prepared op.Prepared // not durable yet
	upTo     int         // the rows that it stands for
	taken    map[string][]string
}

const outDir = "out"

var ctx = context.Background()

func newSaved(t interface{ Fatalf(string, ...any) }, rt *optest.Runtime, path, format, compression string) *saved {
	rt.Saved = true
	return &saved{t: t, rt: rt, disk: newCrashDisk(), taken: map[string][]string{},
		c: SinkConfig{Path: path, Compression: compression, Roll: Roll{Size: 30}},
		w: &plan.Write{Format: plan.Format{Name: format}, Schema: words}}
}

// run is one run up to its end or its death: all of what it does, until one thing fails.
func (m *saved) run(actions ...func() error) (alive bool) {
	m.sink = newSink(m.c, m.w)
	m.sink.beside = nil // see settle
	m.sink.disk, m.sink.pause = m.disk, retry.Backoff{Shortest: time.Microsecond, Longest: time.Microsecond}
	m.at, m.prepared = m.rows, nil
	var pending []op.Prepared
	if m.token != nil {
		pending = []op.Prepared{m.token}
	}
	err := m.sink.Open(ctx, m.rt, pending)
	opened := err == nil
	for _, a := range actions {
		if err != nil {
			break
		}
		m.look()
		err = a()
	}
	m.look()
	if err != nil && m.prepared != nil && !m.disk.dead {
		_ = m.sink.Abort(ctx, m.prepared)
	}
	if opened {
		_ = m.sink.Close()
	}
	if errors.As(err, new(lostError)) {
		m.t.Fatalf("%v", err)
	}
	if m.disk.dead {
		m.disk.restart(m.pick)
	}
	m.look()
	return err == nil
}

func (m *saved) write(n int) func() error {
	return func() error {
		var list []string
		for i := range n {
			list = append(list, strconv.Itoa(m.at+i))
		}
		b := rows(m.rt, list...)
		defer b.Release()
		m.at += n
		return m.sink.Write(ctx, b, &optest.Emitter{})
	}
}

// timed is a roll by time.
func (m *saved) timed() error {
	if p := m.sink.part; p != nil && !m.sink.single {
		m.sink.rollNow(p)
	}
	return nil
}

// settle is what else the sink does beside the rest.
func (m *saved) settle() error {
	m.sink.settleShowing()
	return m.sink.failed
}

func (m *saved) prepare() (err error) {
	m.prepared, err = m.sink.Prepare(ctx, &optest.Emitter{})
	m.upTo = m.at
	return err
}

func (m *saved) store() error {
	m.token, m.rows, m.prepared = m.prepared, m.upTo, nil
	return nil
}

func (m *saved) commit() error { return m.sink.Commit(ctx, m.token) }

// round is a commit from its beginning to its end.
func (m *saved) round() error {
	if err := m.prepare(); err != nil {
		return err
	}
	return errors.Join(m.store(), m.commit())
}

func (m *saved) end(whole bool) func() error {
	return func() error { return m.sink.End(ctx, whole) }
}

var errStop = errors.New("the run is stopped")

// abort is what a run does when another sink cannot prepare.
func (m *saved) abort() error {
	if err := m.prepare(); err != nil {
		return err
	}
	return errStop
}

func (m *saved) kill() error {
	m.disk.dead = true
	return errStop
}

// take is a reader that takes away what it has read.
func (m *saved) take() error {
	for name, rows := range m.visible() {
		m.taken[name] = rows
		if err := m.disk.remove(filepath.Join(outDir, name)); err != nil {
			return err
		}
	}
	return nil
}

// visible are the files that show, and their rows.
func (m *saved) visible() map[string][]string {
	files := map[string][]string{}
	for path, n := range m.disk.names {
		name := filepath.Base(path)
		if strings.HasPrefix(name, ".") {
			continue
		}
		rows, err := rowsOf(m.w.Format.Name, m.sink.how, n.data)
		if err != nil {
			m.t.Fatalf("%s shows and cannot be read: %v (%q)", name, err, n.data)
		}
		files[name] = rows
	}
	return files
}

// seen are the rows that readers see or have taken, in the order of files.
func (m *saved) seen() (rows []string) {
	files := maps.Clone(m.taken)
	for name, rows := range m.visible() {
		if before, ok := m.taken[name]; ok && !slices.Equal(before, rows) {
			m.t.Fatalf("%s was taken with %q, and shows %q again", name, before, rows)
		}
		files[name] = rows
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		rows = append(rows, files[name]...)
	}
	return rows
}

// look holds what a reader sees to the rows that are committed: a beginning of them, each once, in order.
func (m *saved) look() {
	if m.disk.dead {
		return
	}
	seen := m.seen()
	if len(seen) > m.rows {
		m.t.Fatalf("%d rows show, and %d are committed", len(seen), m.rows)
	}
	for i, row := range seen {
		if row != strconv.Itoa(i) {
			m.t.Fatalf("row %d shows as %s; all: %q", i, row, seen)
		}
	}
}

// finish runs to the end of the input without a fault, and holds what shows to all rows.
func (m *saved) finish(more int) {
	m.disk.at = 0
	if !m.run(m.write(more), m.end(true), m.round) {
		m.t.Fatalf("the last run failed: %v", m.sink.failed)
	}
	if n := len(m.seen()); n != m.at {
		m.t.Fatalf("%d rows show of %d", n, m.at)
	}
	for path := range m.disk.names {
		if name := filepath.Base(path); strings.HasPrefix(name, ".") && name != noteName {
			m.t.Fatalf("%s is left", name)
		}
	}
}

// rowsOf are the rows of a file.
func rowsOf(format string, how compression, data []byte) (rows []string, err error) {
	r, _, err := how.reader(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	if data, err = io.ReadAll(r); err != nil {
		return nil, err
	}
	switch format {
	case "arrow":
		f, err := ipc.NewFileReader(bytes.NewReader(data))
		if err != nil {
			return nil, err
		}
		defer f.Close()
		for i := range f.NumRecords() {
			rec, err := f.RecordBatch(i)
			if err != nil {
				return nil, err
			}
			for j := range int(rec.NumRows()) {
				rows = append(rows, strings.Clone(rec.Column(0).(*array.String).Value(j)))
			}
		}
		return rows, nil
	case "parquet":
		f, err := parquet.NewParquetReader(bytes.NewReader(data))
		if err != nil {
			return nil, err
		}
		defer f.Close()
		pr, err := pqarrow.NewFileReader(f, pqarrow.ArrowReadProperties{}, memory.DefaultAllocator)
		if err != nil {
			return nil, err
		}
		all, err := pr.ReadTable(ctx)
		if err != nil {
			return nil, err
		}
		defer all.Release()
		for _, c := range all.Column(0).Data().Chunks() {
			for j := range c.Len() {
				rows = append(rows, strings.Clone(c.ValueStr(j)))
			}
		}
		return rows, nil
	}
	text := string(data)
	if format == "csv" && text != "" {
		var header bool
		if text, header = strings.CutPrefix(text, "word\n"); !header {
			return nil, errors.New("no header")
		}
	}
	if text == "" {
		return nil, nil
	}
	text, ended := strings.CutSuffix(text, "\n")
	if !ended {
		return nil, errors.New("half a line")
	}
	return strings.Split(text, "\n"), nil
}

var kinds = []struct{ path, format, compression string }{
	{outDir, "text", "none"}, {outDir, "csv", "none"}, {outDir, "text", "gzip"}, {outDir, "csv", "zstd"}, {outDir, "arrow", "none"}, {outDir, "parquet", "none"},
	{outDir + "/a.csv", "csv", "none"}, {outDir + "/a.txt", "text", "gzip"}, {outDir + "/a.arrow", "arrow", "none"},
}

// Whatever happens, what shows is what was committed, each row once and in order.
func TestCheckpointedFilesHoldWhatWasCommitted(t *testing.T) {
	for _, k := range kinds {
		t.Run(strings.ReplaceAll(fmt.Sprint(k.path, " ", k.format, " ", k.compression), "/", " "), func(t *testing.T) {
			rt := optest.New(t)
			rapid.Check(t, func(r *rapid.T) {
				m := newSaved(r, rt, k.path, k.format, k.compression)
				for range rapid.IntRange(1, 4).Draw(r, "runs") {
					m.pick = nil
					if rapid.Bool().Draw(r, "power") {
						m.pick = func(n int) int { return rapid.IntRange(0, n-1).Draw(r, "left") }
					}
					if rapid.Bool().Draw(r, "fault") {
						m.disk.fault = rapid.SampledFrom([]error{errCrash, syscall.EIO, syscall.ENOSPC}).Draw(r, "which")
						m.disk.at = m.disk.step + rapid.IntRange(1, 40).Draw(r, "at")
						m.disk.times = rapid.IntRange(1, 3).Draw(r, "times")
						m.c.Retry = spec.Duration(rapid.SampledFrom([]time.Duration{0, time.Hour}).Draw(r, "patience"))
					}
					var actions []func() error
					for range rapid.IntRange(0, 12).Draw(r, "actions") {
						switch rapid.IntRange(0, 10).Draw(r, "action") {
						case 0, 1, 2, 3:
							actions = append(actions, m.write(rapid.IntRange(1, 12).Draw(r, "rows")))
						case 4, 5, 6:
							actions = append(actions, m.prepare)
							switch rapid.IntRange(0, 5).Draw(r, "commit") {
							case 0:
								actions = append(actions, m.kill)
							case 1:
								actions = append(actions, m.store, m.kill)
							case 2:
								actions = append(actions, m.store, m.timed, m.write(2), m.timed, m.commit)
							case 3:
								actions = append(actions, m.store, m.commit, m.commit)
							default:
								actions = append(actions, m.store, m.commit)
							}
						case 7:
							actions = append(actions, m.timed)
						case 8:
							actions = append(actions, m.abort)
						case 9:
							if k.path == outDir {
								actions = append(actions, m.take)
							}
						case 10:
							actions = append(actions, m.settle)
						}
					}
					switch rapid.IntRange(0, 2).Draw(r, "end") {
					case 0:
						actions = append(actions, m.end(false), m.prepare, m.store, m.commit)
					case 1:
						if k.path == outDir || k.format != "arrow" {
							actions = append(actions, m.end(true), m.prepare, m.store, m.commit)
						}
					case 2:
						actions = append(actions, m.kill)
					}
					m.run(actions...)
				}
				m.disk.restart(nil)
				m.finish(3)
			})
		})
	}
}

// Each step on the disk fails once, and the run stops at each once, killed or without power.
func TestEveryStepMayFail(t *testing.T) {
	power := func(left int) func(int) int { return func(n int) int { return left * (n - 1) / 2 } }
	faults := []struct {
		err  error
		pick func(int) int
	}{{syscall.EIO, nil}, {syscall.ENOSPC, nil}, {errCrash, nil}, {errCrash, power(0)}, {errCrash, power(1)}, {errCrash, power(2)}}
	for _, k := range kinds {
		rt := optest.New(t)
		for _, f := range faults {
			for step := 1; ; step++ {
				m := newSaved(t, rt, k.path, k.format, k.compression)
				m.pick, m.disk.fault, m.disk.at = f.pick, f.err, step
				script := []func() error{
					m.write(2), m.round, m.write(1), m.write(22), m.prepare, m.store, m.write(1), m.commit, m.timed,
					m.settle, m.write(3), m.round, m.timed, m.write(22), m.write(1), m.round,
				}
				if k.path == outDir {
					script = append(script, m.take) // between two notes of one commit
				}
				script = append(script, m.timed, m.write(22), m.round, m.round, m.write(1))
				alive := m.run(script...) && m.run(m.write(1), m.round, m.write(2), m.end(false), m.round)
				hit := m.disk.step >= step
				m.disk.restart(nil)
				m.finish(3)
				if alive && !hit {
					break
				}
			}
		}
	}
}

// What may pass is waited for: a run in which each step on the disk is refused, once or for a while, goes on as if nothing had been, but
// where the step was a sync.
func TestWhatPassesIsWaitedFor(t *testing.T) {
	for _, k := range kinds {
		rt := optest.New(t)
		calls := map[string]bool{}
		for _, times := range []int{1, 4} {
			for step := 1; ; step++ {
				m := newSaved(t, rt, k.path, k.format, k.compression)
				m.c.Retry = spec.Duration(time.Hour)
				opens := m.run() // what is refused before the first row ends the run
				if !opens {
					t.Fatal("a disk without faults")
				}
				m.disk.fault, m.disk.times = syscall.ENOSPC, times
				begin := func() error { m.disk.at = m.disk.step + step; return nil }
				alive := m.run(begin, m.write(2), m.round, m.write(1), m.write(22), m.prepare, m.store, m.write(1), m.commit, m.timed,
					m.write(3), m.round, m.timed, m.end(true), m.round, func() error { m.disk.at = 0; return nil })
				if len(m.disk.failed) == 0 {
					break
				}
				call := m.disk.failed[0]
				calls[call] = true
				synced := slices.ContainsFunc(m.disk.failed, func(c string) bool { return strings.HasPrefix(c, "sync") })
				if alive == synced {
					t.Fatalf("%v: refused at step %d, %q: the run goes on: %v (%v)", k, step, m.disk.failed, alive, m.sink.failed)
				}
				m.disk.at = 0
				if alive && len(m.seen()) != m.at {
					t.Fatalf("%v: refused at step %d, %q: %d rows show of %d", k, step, m.disk.failed, len(m.seen()), m.at)
				}
				more := 3
				if k.path != outDir && k.format == "arrow" {
					more = 0 // it cannot be gone on with
				}
				m.finish(more)
			}
		}
		for _, call := range []string{"write", "rename", "sync"} {
			if !calls[call] {
				t.Errorf("%v: no %s was refused", k, call)
			}
		}
	}
}
