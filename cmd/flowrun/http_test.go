package main

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
)

// A run tells over HTTP how it is, for as long as it goes on; what it tells is as Prometheus wants it.
func TestMetrics(t *testing.T) {
	dir := t.TempDir()
	const text = `name: ticking
checkpoint: {dir: ck}
nodes:
  ticks: {generate: {rows_per_second: 500, fields: {i: n, at: at, k: n % 7}}, event_time: {column: at, delay: 1s}}
  some: {from: ticks, filter: k > 1}
  counts: {from: some, aggregate: {window: {tumbling: 1s}, by: [k], take: {n: count()}}}
  out: {from: counts, file: {path: out}, format: json}
`
	if err := os.WriteFile(filepath.Join(dir, "p.yaml"), []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 3*patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, needBinary(t), "--http", "127.0.0.1:0", "p.yaml")
	cmd.Dir = dir
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	url := ""
	lines := bufio.NewScanner(stderr)
	for url == "" && lines.Scan() {
		if m := regexp.MustCompile(`(http://127\.0\.0\.1:\d+)/metrics`).FindStringSubmatch(lines.Text()); m != nil {
			url = m[1]
		}
	}
	go func() { _, _ = io.Copy(io.Discard, stderr) }()
	ask := func(path string) (int, string) {
		resp, err := http.Get(url + path)
		if err != nil {
			return 0, err.Error()
		}
		defer resp.Body.Close()
		body, _ := io.ReadAll(resp.Body)
		return resp.StatusCode, string(body)
	}
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
	wait("/metrics", `^flowrun_node_records_in_total\{node="out",pipeline="ticking"\} [1-9]`)
	all := wait("/metrics", `^flowrun_checkpoint_last_commit_duration_seconds\{pipeline="ticking"\} `)
	for _, want := range []string{
		`^flowrun_records_dropped_total\{node="some",pipeline="ticking",reason="filtered"\} [1-9]`, `^flowrun_watermark_timestamp_seconds\{node="out",pipeline="ticking"\} 1\.`,
		`^flowrun_edge_queue_fill_ratio\{`, `^flowrun_node_busy_ratio\{`, `^flowrun_state_rows\{node="counts"`, `^flowrun_state_bytes\{node="counts"`, `^flowrun_epochs_total\{`,
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
	if err := cmd.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
	if code, _ := ask("/healthz"); code != 0 {
		t.Error("it answers when the run is over")
	}
}

func TestHTTPAddress(t *testing.T) {
	for given, want := range map[string]string{":9100": "127.0.0.1:9100", "9100": "127.0.0.1:9100", "0.0.0.0:9100": "0.0.0.0:9100", "[::1]:9100": "[::1]:9100", "host:": "", "a:b:c": ""} {
		if got, err := httpAddress(given); got != want || (err != nil) != (want == "") {
			t.Errorf("%s: %s, %v", given, got, err)
		}
	}
}
