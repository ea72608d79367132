package main

import (
	"database/sql"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"

	"flowrun/dag/job/programtest"
)

// A run tells over HTTP how it is, for as long as it goes on; what it tells is as Prometheus wants it.
func TestMetrics(t *testing.T) {
	dir := t.TempDir()
	const text = `name: ticking
checkpoint: {dir: %[1]s/ck}
nodes:
  ticks: {generate: {rows_per_second: 500, fields: {i: n, at: at, k: n %% 7}}, event_time: {column: at, delay: 1s}}
  some: {from: ticks, filter: k > 1}
  counts: {from: some, aggregate: {window: {tumbling: 1s}, by: [k], take: {n: count()}}}
  out: {from: counts, file: {path: %[1]s/out}, format: json}
`
	w := watch(t, dir, fmt.Sprintf(text, dir))
	ask := w.ask
	wait := func(path, pattern string) string {
		code, body := 0, ""
		for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
			if code, body = ask(path); code == http.StatusOK && regexp.MustCompile(`(?m)`+pattern).MatchString(body) {
				return body
			}
		}
		t.Fatalf("%s never had %q: %d\n%s", path, pattern, code, body)
		return ""
	}
	wait("/readyz", "^running$")
	wait("/healthz", "^ok$")
	wait("/", "^flowrun: /metrics for Prometheus")
	if code, _ := ask("/nothing"); code != http.StatusNotFound {
		t.Errorf("/nothing gives %d", code)
	}
	wait("/metrics", `^flowrun_node_records_in_total\{node="out",pipeline="ticking"\} [1-9]`)
	all := wait("/metrics", `^flowrun_checkpoint_last_commit_duration_seconds\{pipeline="ticking"\} `)
	for _, want := range []string{
		`^flowrun_records_dropped_total\{node="some",pipeline="ticking",reason="filtered"\} [1-9]`, `^flowrun_watermark_timestamp_seconds\{node="out",pipeline="ticking"\} 1\.`,
		`^flowrun_edge_queue_fill_ratio\{`, `^flowrun_node_busy_ratio\{`, `^flowrun_state_rows\{node="counts"`, `^flowrun_state_bytes\{node="counts"`, `^flowrun_state_on_disk_bytes\{node="counts"`, `^flowrun_epochs_total\{`,
		`^flowrun_checkpoint_age_seconds\{`, `^flowrun_build_info\{`, `^process_open_fds `, `^go_goroutines `,
	} {
		if !regexp.MustCompile(`(?m)` + want).MatchString(all) {
			t.Errorf("no %s", want)
		}
	}
	problems, err := promlint.New(strings.NewReader(all)).Lint()
	if err != nil {
		t.Error(err)
	}
	for _, p := range problems {
		if strings.HasPrefix(p.Metric, "flowrun_") {
			t.Errorf("%s: %s", p.Metric, p.Text)
		}
	}
	if err := w.Cmd.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	w.Exits(t, 0)
	if code, _ := ask("/healthz"); code != 0 {
		t.Error("it answers when the run is over")
	}
}

// watched is a run that answers over HTTP.
type watched struct {
	*programtest.Process
	url string
}

// watch runs a file in a directory.
func watch(t *testing.T, dir, text string) *watched {
	t.Helper()
	file := filepath.Join(dir, "p.yaml")
	if err := os.WriteFile(file, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	w := &watched{Process: start(t, programtest.Path(t), "--http", "127.0.0.1:0", file)}
	address := regexp.MustCompile(`(http://127\.0\.0\.1:\d+)/metrics`)
	w.Err.Has(t, "/metrics, ")
	w.url = address.FindStringSubmatch(w.Err.String())[1]
	return w
}

// ask asks once. Code 0: there was no answer.
func (w *watched) ask(path string) (code int, body string) {
	resp, err := http.Get(w.url + path)
	if err != nil {
		return 0, err.Error()
	}
	defer resp.Body.Close()
	b, _ := io.ReadAll(resp.Body)
	return resp.StatusCode, string(b)
}

// is checks what is answered now, and that the process says it lives.
func (w *watched) is(t *testing.T, code int, state string) {
	t.Helper()
	if got, body := w.ask("/readyz"); got != code || body != state+"\n" {
		t.Errorf("/readyz: %d %q, want %d and %s", got, body, code, state)
	}
	if got, body := w.ask("/healthz"); got != http.StatusOK || body != "ok\n" {
		t.Errorf("/healthz while it is %s: %d %q", state, got, body)
	}
}

// becomes waits until the run is in a state.
func (w *watched) becomes(t *testing.T, state string) {
	t.Helper()
	programtest.Until(t, state, w.Err.String, func() bool {
		_, body := w.ask("/readyz")
		return body == state+"\n"
	})
}

// A run is not ready while it starts, here since another process holds the lock of its table, nor while it drains, here since a
// server does not answer; and it is alive all the time.
func TestReadiness(t *testing.T) {
	dir := t.TempDir()
	db, err := sql.Open("sqlite", filepath.Join(dir, "out.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	holder, err := db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer holder.Close()
	do := func(statement string) {
		t.Helper()
		if _, err := holder.ExecContext(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	do("BEGIN EXCLUSIVE")

	asked, answer := make(chan struct{}, 1), make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		select {
		case asked <- struct{}{}:
		default:
		}
		<-answer
	}))
	defer server.Close()
	release := sync.OnceFunc(func() { close(answer) })
	defer release()

	w := watch(t, dir, fmt.Sprintf(`nodes:
  ticks: {generate: {rows_per_second: 200, fields: {i: n}}}
  table: {from: ticks, sqlite: {path: %q, table: t}}
  sent: {from: ticks, http: {url: %q, batch: ndjson}}
`, filepath.Join(dir, "out.db"), server.URL))
	w.is(t, http.StatusServiceUnavailable, "starting")
	w.Err.Has(t, "level=WARN", "node=table") // it has found the lock
	w.is(t, http.StatusServiceUnavailable, "starting")
	do("ROLLBACK")
	w.becomes(t, "running")
	w.is(t, http.StatusOK, "running")

	<-asked
	if err := w.Cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	w.becomes(t, "draining")
	w.is(t, http.StatusServiceUnavailable, "draining")
	release()
	w.Exits(t, 0)
}

func TestHTTPAddress(t *testing.T) {
	for given, want := range map[string]string{":9100": "127.0.0.1:9100", "9100": "127.0.0.1:9100", "0.0.0.0:9100": "0.0.0.0:9100", "[::1]:9100": "[::1]:9100", "host:": "", "a:b:c": ""} {
		if got, err := httpAddress(given); got != want || (err != nil) != (want == "") {
			t.Errorf("%s: %s, %v", given, got, err)
		}
	}
}
