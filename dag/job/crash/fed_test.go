package crash

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"flowrun/dag/journal"
)

// journalSteps are the steps that a run with a journal is killed at, and how often each is passed at least.
var journalSteps = map[string]int{
	"journal.segment": 1, "journal.write": 6, "journal.written": 6, "journal.synced": 6, "journal.removed": 1,
	"commit.prepared": 4, "commit.before": 4, "store.applied": 4, "commit.durable": 4, "commit.shown": 4, "commit.tell": 4, "commit.told": 4,
}

// partSteps are those of a run that rolls its parts.
var partSteps = map[string]int{
	"open.source": 1, "file.create": 4, "file.rename": 3, "file.renamed": 3, "file.syncdir": 3, "file.extend": 1,
	"commit.prepared": 4, "commit.before": 4, "store.applied": 4, "commit.durable": 4, "commit.shown": 4, "commit.tell": 4, "commit.told": 4,
}

// sendSteps are those of a run whose sink shows rows before their commit.
var sendSteps = map[string]int{
	"open.source": 1, "commit.prepared": 4, "commit.before": 4, "store.applied": 4, "commit.durable": 4, "commit.shown": 4, "commit.tell": 4, "commit.told": 4,
}

// fed are the shapes that something beyond the program feeds.
var fed = []shape{
	{
		name: "journal over a socket",
		text: `nodes:
  a: {socket: {port: 1, on_eof: end}, journal: true}
  b: {from: a, derive: {n: 'len(value)'}}
  out: {from: b, file: {path: out, roll: {size: 16KiB, every: 60ms}}}
checkpoint: {dir: ck, every: 30ms}
`,
		sinks:   []output{{path: "out"}},
		outside: newSender,
		steps:   journalSteps,
	},
	{
		name: "journal of many clients",
		text: `nodes:
  a: {socket: {mode: listen, port: 1}, journal: {max_bytes: 1MiB}}
  out: {from: a, file: {path: out, roll: {size: 16KiB, every: 60ms}}}
checkpoint: {dir: ck, every: 30ms}
`,
		sinks:   []output{{path: "out"}},
		outside: newCrowd,
		steps:   journalSteps,
	},
	{
		name: "journal over http",
		text: `nodes:
  a: {http: {listen: "127.0.0.1:1"}, journal: {dir: wal, max_bytes: 1MiB}, format: text}
  out: {from: a, file: {path: out, roll: {size: 16KiB, every: 60ms}}}
checkpoint: {dir: ck, every: 30ms}
`,
		sinks:   []output{{path: "out"}},
		outside: newClient,
		steps:   journalSteps,
	},
	{
		name: "follow over a rotated file",
		text: `nodes:
  a: {file: {path: "in/app.log*", follow: true, poll: 10ms}, format: json, schema: {id: int, k: string}}
  b: {from: a, dedupe: {by: [id]}}
  out: {from: b, file: {path: out, roll: {size: 16KiB, every: 60ms}}}
  raw: {from: a, file: {path: raw, roll: {every: 60ms}}}
checkpoint: {dir: ck, every: 30ms}
`,
		sinks:   []output{{path: "out"}, {path: "raw"}},
		outside: newWriter,
		steps:   partSteps,
	},
	{
		name: "follow over a growing table of sqlite",
		text: `nodes:
  a: {sqlite: {path: in.db, table: t, follow: true, poll: 10ms}}
  raw: {from: a, file: {path: raw, roll: {every: 60ms}}}
  out: {from: a, file: {path: out, roll: {size: 16KiB, every: 60ms}}}
checkpoint: {dir: ck, every: 30ms}
`,
		sinks:   []output{{path: "out"}, {path: "raw"}},
		outside: newClerk,
		steps:   partSteps,
	},
	{
		name: "journal on stdin",
		text: `nodes:
  a: {stdin: {}, journal: true}
  out: {from: a, file: {path: out, roll: {size: 16KiB, every: 60ms}}}
checkpoint: {dir: ck, every: 30ms}
`,
		sinks:   []output{{path: "out"}},
		outside: newPiper,
		steps:   journalSteps,
	},
	{
		name:    "rows sent to http",
		text:    pipeline("  a:" + generate(1, generated) + "\n  b: {from: a, select: [{line: '\"line-\" + string(10000000 + id)[1:] + \";\"'}]}\n  out: {from: b, " + sending(1) + "}\n"),
		sinks:   []output{{path: received}},
		outside: newGenerated,
		steps:   sendSteps,
	},
	{
		name: "journal over http, sent to http",
		text: `nodes:
  a: {http: {listen: "127.0.0.1:1"}, journal: {dir: wal}, format: text}
  out: {from: a, ` + sending(4) + `}
checkpoint: {dir: ck, every: 30ms}
`,
		sinks:   []output{{path: received}},
		outside: newRelayed,
		steps:   journalSteps,
	},
}

// lines are numbered, so that they are found again.
var line = regexp.MustCompile(`line-\d{7};`)

func numbered(n int) string { return fmt.Sprintf("line-%07d;", n) }

// interrupt calls f once ctx ends, unless the function that it returns was called before. Behind that f is not running: on a busy
// machine it would otherwise interrupt what feeds the next run, which then waits for ever.
func interrupt(ctx context.Context, f func()) (over func()) {
	called := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(called)
		f()
	})
	return func() {
		if !stop() {
			<-called
		}
	}
}

// awaitShown waits until so many lines show in parts at out: those show when they are rolled.
func awaitShown(ctx context.Context, t testing.TB, dir string, n int) {
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline) && ctx.Err() == nil; time.Sleep(20 * time.Millisecond) {
		if len(numbers(output{path: "out"}.shown(t, dir))) >= n {
			break
		}
	}
}

func numbers(rows []string) map[string]int {
	all := map[string]int{}
	for _, row := range rows {
		for _, l := range line.FindAllString(row, -1) {
			all[l]++
		}
	}
	return all
}

// taken finds the lines in a journal, of which a run was killed, in a copy of it: those that a commit let go as well, as far as they
// are still there.
func taken(t testing.TB, dir string) map[string]int {
	t.Helper()
	first := uint64(0)
	segments, _ := filepath.Glob(filepath.Join(dir, "*.journal"))
	for _, s := range segments {
		n, err := strconv.ParseUint(strings.TrimSuffix(filepath.Base(s), ".journal"), 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		if first == 0 || n < first {
			first = n
		}
	}
	if first == 0 {
		return nil
	}
	copied := filepath.Join(t.TempDir(), "journal")
	if err := os.CopyFS(copied, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	j, err := journal.Open(vfs.Default, copied, journal.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	r, err := j.Read(first - 1)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	all := map[string]int{}
	for {
		rec, err := r.Next()
		if err == io.EOF {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range line.FindAll(rec.Payload, -1) {
			all[string(l)]++
		}
	}
}

// ledger knows which lines have to come out, and which may.
type ledger struct {
	mu   sync.Mutex
	must map[string]bool
	may  map[string]bool
	// again: lines may come more than once.
	again bool
}

func newLedger() ledger { return ledger{must: map[string]bool{}, may: map[string]bool{}} }

// stdin implements outside: most of the world is not there.
func (l *ledger) stdin() *os.File { return nil }

func (l *ledger) note(must bool, lines ...string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, x := range lines {
		if l.may[x] = true; must {
			l.must[x] = true
		}
	}
}

func (l *ledger) check(_ testing.TB, got [][]string) []verdict {
	l.mu.Lock()
	defer l.mu.Unlock()
	var all []verdict
	for _, rows := range got {
		var v verdict
		var lost, more []string
		shown := numbers(rows)
		for x := range l.must {
			if shown[x] == 0 {
				lost = append(lost, x)
			}
		}
		for x, n := range shown {
			if n > 1 && !l.again || !l.may[x] {
				more = append(more, x)
			}
		}
		if v.lost, v.twice = len(lost), len(more); v.lost+v.twice > 0 {
			v.text = fmt.Sprintf("%d lines, of %d that had to come; lost: %s; too much: %s", len(shown), len(l.must), few(lost), few(more))
		}
		if len(l.must) == 0 {
			v.text = "nothing was taken: the test tests nothing"
		}
		all = append(all, v)
	}
	return all
}

// sender is a server that sends lines to whoever connects, and never again what it has sent once. What has to come out is what the
// journal took, and what went over the last connection, which was read to its end.
type sender struct {
	ledger
	listener net.Listener
	next     int
}

const sent = 6000

func newSender(t testing.TB, _ string) outside {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return &sender{ledger: newLedger(), listener: l}
}

func (s *sender) args() []string {
	return []string{"--set", fmt.Sprintf("nodes.a.socket.port=%d", s.listener.Addr().(*net.TCPAddr).Port)}
}

func (s *sender) feed(ctx context.Context, _ *os.Process, last bool) {
	_ = s.listener.(*net.TCPListener).SetDeadline(time.Time{})
	defer interrupt(ctx, func() { _ = s.listener.(*net.TCPListener).SetDeadline(time.Now()) })()
	conn, err := s.listener.Accept()
	if err != nil {
		return
	}
	defer conn.Close()
	defer interrupt(ctx, func() { conn.Close() })()
	end := min(s.next+sent/4, sent*9/10)
	if last {
		end = sent
	}
	for s.next < end {
		var b strings.Builder
		var lines []string
		for range min(20, end-s.next) {
			l := numbered(s.next)
			s.next++
			lines = append(lines, l)
			b.WriteString(l + " of the sender\n")
		}
		s.note(last, lines...)
		if _, err := conn.Write([]byte(b.String())); err != nil {
			return
		}
		select {
		case <-time.After(3 * time.Millisecond):
		case <-ctx.Done():
			return
		}
	}
	if !last {
		<-ctx.Done() // the connection stays open
	}
}

func (s *sender) between(t testing.TB, dir string, _ ended) {
	for x := range taken(t, filepath.Join(dir, "ck", "journal", "a")) {
		s.note(true, x)
	}
}

func (s *sender) close() { s.listener.Close() }

// client sends requests, and none again. What has to come out is what was answered with 200, and what the journal took.
type client struct {
	ledger
	address string
	next    int
}

func newClient(t testing.TB, _ string) outside {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return &client{ledger: newLedger(), address: l.Addr().String()}
}

func (c *client) args() []string { return []string{"--set", "nodes.a.http.listen=" + c.address} }

func (c *client) feed(ctx context.Context, p *os.Process, last bool) {
	web := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 10 * time.Second}
	for answered := 0; ctx.Err() == nil && (!last || answered < 50); {
		var lines []string
		for range 10 {
			lines = append(lines, numbered(c.next))
			c.next++
		}
		c.note(false, lines...)
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+c.address, strings.NewReader(strings.Join(lines, "\n")))
		if err != nil {
			return
		}
		resp, err := web.Do(req)
		if err == nil {
			_, _ = io.Copy(io.Discard, resp.Body)
			resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				answered++
				c.note(true, lines...)
				continue
			}
		}
		select { // it does not listen yet
		case <-time.After(10 * time.Millisecond):
		case <-ctx.Done():
		}
	}
	if last {
		_ = p.Signal(syscall.SIGTERM)
	}
}

func (c *client) between(t testing.TB, dir string, _ ended) {
	for x := range taken(t, filepath.Join(dir, "wal")) {
		c.note(true, x)
	}
}

func (c *client) close() {}

// writer writes a log that is rotated by renaming, whether or not anybody reads it. All of it has to come out.
type writer struct {
	ledger
	t    testing.TB
	dir  string
	next int
	file *os.File
}

func newWriter(t testing.TB, dir string) outside {
	w := &writer{ledger: newLedger(), t: t, dir: dir}
	if err := os.Mkdir(filepath.Join(dir, "in"), 0o777); err != nil {
		t.Fatal(err)
	}
	w.open()
	return w
}

func (w *writer) path(n int) string {
	path := filepath.Join(w.dir, "in", "app.log")
	if n > 0 {
		path += fmt.Sprintf(".%d", n)
	}
	return path
}

func (w *writer) open() {
	f, err := os.Create(w.path(0))
	if err != nil {
		w.t.Error(err)
		return
	}
	w.file = f
}

// rotate renames every file, the oldest first, and begins a new one.
func (w *writer) rotate() {
	w.file.Close()
	for n := 9; n >= 0; n-- {
		if _, err := os.Stat(w.path(n)); err == nil {
			if err := os.Rename(w.path(n), w.path(n+1)); err != nil {
				w.t.Error(err)
			}
		}
	}
	w.open()
}

func (w *writer) args() []string { return nil }

func (w *writer) feed(ctx context.Context, p *os.Process, last bool) {
	end := w.next + 1500
	for ctx.Err() == nil && w.next < end {
		for range 15 {
			l := numbered(w.next)
			w.note(true, l)
			if _, err := fmt.Fprintf(w.file, `{"id":%d,"k":%q}`+"\n", w.next, l); err != nil {
				w.t.Error(err)
				return
			}
			if w.next++; w.next%700 == 0 {
				w.rotate()
			}
		}
		select {
		case <-time.After(5 * time.Millisecond):
		case <-ctx.Done():
		}
	}
	if !last {
		return
	}
	awaitShown(ctx, w.t, w.dir, w.next)
	_ = p.Signal(syscall.SIGTERM)
}

func (w *writer) between(testing.TB, string, ended) {}

func (w *writer) close() { w.file.Close() }
