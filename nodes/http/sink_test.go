package http

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"flowrun/dag/batch"
	"flowrun/dag/codec"
	"flowrun/dag/op/optest"
	"flowrun/dag/plan"
	"flowrun/dag/spec"
)

func sinkDefaults(url string) SinkConfig {
	return SinkConfig{URL: url, Method: "POST", Batch: "row", MaxRows: 1000, MaxBody: 1 << 20, MaxInFlight: 1, Timeout: spec.Duration(30 * time.Second),
		Retry: Retry{MaxElapsed: spec.Duration(5 * time.Minute), Shortest: spec.Duration(200 * time.Millisecond), Longest: spec.Duration(30 * time.Second)}}
}

func openSink(t *testing.T, rt *optest.Runtime, cfg SinkConfig, format string, transport http.RoundTripper) *sink {
	t.Helper()
	w := &plan.Write{Format: formatOf(format), Schema: events}
	if format == "text" {
		w.Schema = codec.TextSchema
	}
	made, err := newSink(cfg, w)
	if err != nil {
		t.Fatal(err)
	}
	s := made.(*sink)
	if transport != nil {
		s.client = &http.Client{Transport: transport}
	}
	if err := s.Open(t.Context(), rt, nil); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// eventRows makes rows {a: i, b: "x"}.
func eventRows(rt *optest.Runtime, n int) *batch.Batch {
	b := batch.NewBuilder(events, rt.Allocator())
	defer b.Release()
	for i := range n {
		b.Column(0).AppendInt(int64(i))
		b.Column(1).AppendString("x")
	}
	return b.Batch()
}

// received is what a server was sent.
type received struct {
	mu      sync.Mutex
	bodies  []string
	headers []http.Header
}

func (r *received) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	body, _ := io.ReadAll(req.Body)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.bodies = append(r.bodies, string(body))
	r.headers = append(r.headers, req.Header)
}

func TestSentBodies(t *testing.T) {
	for name, c := range map[string]struct {
		batch, format string
		rows          int
		want          []string
		contentType   string
	}{
		"row":     {"row", "json", 3, []string{`{"a":0,"b":"x"}`, `{"a":1,"b":"x"}`, `{"a":2,"b":"x"}`}, "application/json"},
		"array":   {"array", "json", 3, []string{`[{"a":0,"b":"x"},{"a":1,"b":"x"}]`, `[{"a":2,"b":"x"}]`}, "application/json"},
		"ndjson":  {"ndjson", "json", 3, []string{"{\"a\":0,\"b\":\"x\"}\n{\"a\":1,\"b\":\"x\"}\n", "{\"a\":2,\"b\":\"x\"}\n"}, "application/x-ndjson"},
		"csv":     {"row", "csv", 2, []string{"a,b\n0,x", "a,b\n1,x"}, "text/csv; charset=utf-8"},
		"csv all": {"ndjson", "csv", 3, []string{"a,b\n0,x\n1,x\n", "a,b\n2,x\n"}, "text/csv; charset=utf-8"},
		"tsv":     {"ndjson", "tsv", 3, []string{"0\tx\n1\tx\n", "2\tx\n"}, "text/tab-separated-values; charset=utf-8"},
		"kv":      {"ndjson", "kv", 3, []string{"a=0 b=x\na=1 b=x\n", "a=2 b=x\n"}, "text/plain; charset=utf-8"},
		"text":    {"row", "text", 2, []string{"one\ntwo", "", "three"}, "text/plain; charset=utf-8"},
	} {
		t.Run(name, func(t *testing.T) {
			var got received
			srv := httptest.NewServer(&got)
			defer srv.Close()
			rt := optest.New(t)
			cfg := sinkDefaults(srv.URL)
			cfg.Batch, cfg.MaxRows = c.batch, 2
			cfg.Headers = map[string]string{"x-source": "here"}
			cfg.Token, cfg.Signature = "hush", &Signature{Secret: "key", Header: "X-Signature-256"}
			s := openSink(t, rt, cfg, c.format, nil)
			b := eventRows(rt, c.rows)
			if c.format == "text" {
				b.Release()
				build := batch.NewBuilder(codec.TextSchema, rt.Allocator())
				build.Column(0).AppendString("one\ntwo")
				build.Column(0).AppendNull()
				build.Column(0).AppendString("three")
				b = build.Batch()
				build.Release()
			}
			defer b.Release()
			var out optest.Emitter
			if err := s.Write(t.Context(), b, &out); err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(got.bodies, c.want) || len(out.Failures) > 0 {
				t.Errorf("sent %q, want %q; failures %v", got.bodies, c.want, out.Failures)
			}
			for i, h := range got.headers {
				mac := hmac.New(sha256.New, []byte("key"))
				mac.Write([]byte(c.want[i]))
				if sig := "sha256=" + hex.EncodeToString(mac.Sum(nil)); h.Get("X-Signature-256") != sig {
					t.Errorf("signature %q, want %q", h.Get("X-Signature-256"), sig)
				}
				if h.Get("Content-Type") != c.contentType || h.Get("X-Source") != "here" || h.Get("Authorization") != "Bearer hush" {
					t.Errorf("headers %v", h)
				}
			}
		})
	}
}

func TestBodiesAreCutByBytes(t *testing.T) {
	var got received
	srv := httptest.NewServer(&got)
	defer srv.Close()
	rt := optest.New(t)
	cfg := sinkDefaults(srv.URL)
	cfg.Batch, cfg.MaxBody = "ndjson", 40
	s := openSink(t, rt, cfg, "json", nil)
	b := eventRows(rt, 5)
	defer b.Release()
	some := b.WithSelection([]int32{0, 1, 4})
	defer some.Release()
	if err := s.Write(t.Context(), some, &optest.Emitter{}); err != nil {
		t.Fatal(err)
	}
	if want := []string{"{\"a\":0,\"b\":\"x\"}\n{\"a\":1,\"b\":\"x\"}\n", "{\"a\":4,\"b\":\"x\"}\n"}; !slices.Equal(got.bodies, want) {
		t.Errorf("sent %q, want %q", got.bodies, want)
	}
}

func TestRefusedRowsAreRejects(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		switch {
		case strings.Contains(string(body), `"a":1,`):
			http.Error(w, "no such\x1b device", http.StatusUnprocessableEntity)
		case strings.Contains(string(body), `"a":2,`):
			http.Redirect(w, r, "/elsewhere", http.StatusTemporaryRedirect)
		case r.URL.Path != "/":
			t.Errorf("a redirect was followed to %s", r.URL.Path)
		}
	}))
	defer srv.Close()
	for _, inFlight := range []int{1, 3} {
		rt := optest.New(t)
		cfg := sinkDefaults(srv.URL)
		cfg.MaxInFlight = inFlight
		s := openSink(t, rt, cfg, "json", nil)
		b := eventRows(rt, 4)
		var out optest.Emitter
		if err := s.Write(t.Context(), b, &out); err != nil {
			t.Fatal(err)
		}
		b.Release()
		want := []batch.Failure{
			{Row: 1, Reason: Refused, Detail: `422 Unprocessable Entity: no such\u001b device`},
			{Row: 2, Reason: Refused, Detail: "307 Temporary Redirect to /elsewhere"},
		}
		if !slices.Equal(out.Failures, want) {
			t.Errorf("max_in_flight %d: failures %+v, want %+v", inFlight, out.Failures, want)
		}
	}
}

// steps is a server that answers one thing after the other and notes when it was asked.
type steps struct {
	answers []func() (*http.Response, error)
	begun   time.Time
	at      []time.Duration
}

func (s *steps) RoundTrip(r *http.Request) (*http.Response, error) {
	_, _ = io.Copy(io.Discard, r.Body)
	r.Body.Close()
	s.at = append(s.at, time.Since(s.begun))
	a := s.answers[min(len(s.at), len(s.answers))-1]
	return a()
}

func says(status int, headers ...string) func() (*http.Response, error) {
	return func() (*http.Response, error) {
		h := http.Header{}
		for i := 0; i < len(headers); i += 2 {
			h.Set(headers[i], headers[i+1])
		}
		return &http.Response{StatusCode: status, Header: h, Body: io.NopCloser(strings.NewReader("sorry"))}, nil
	}
}

func TestRetries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rt := optest.New(t)
		cause := errors.New("no route")
		srv := &steps{begun: time.Now(), answers: []func() (*http.Response, error){
			says(503), func() (*http.Response, error) { return nil, cause }, says(429, "Retry-After", "60"), says(502, "Retry-After", "soon"), says(204),
		}}
		s := openSink(t, rt, sinkDefaults("http://x/hook?key=hush"), "json", srv)
		b := eventRows(rt, 1)
		defer b.Release()
		var out optest.Emitter
		if err := s.Write(t.Context(), b, &out); err != nil || len(out.Failures) > 0 {
			t.Fatal(err, out.Failures)
		}
		if len(srv.at) != 5 {
			t.Fatalf("%d attempts", len(srv.at))
		}
		for i, most := range []time.Duration{200 * time.Millisecond, 400 * time.Millisecond, time.Minute, 1600 * time.Millisecond} {
			waited := srv.at[i+1] - srv.at[i]
			if waited > most || waited < most/2 || most == time.Minute && waited != most {
				t.Errorf("wait %d was %v, want from half of %v", i, waited, most)
			}
		}
		log, status := strings.Join(rt.Logs(), "\n"), strings.Join(rt.Statuses(), "\n")
		for _, want := range []string{"503 Service Unavailable: sorry", "no route", "http://x/hook"} {
			if !strings.Contains(log, want) {
				t.Errorf("no %q in %s", want, log)
			}
		}
		if strings.Contains(log+status, "hush") {
			t.Errorf("the key shows in %s %s", log, status)
		}
		if !strings.Contains(status, "http://x/hook: 429, retry in 60s") || rt.Statuses()[len(rt.Statuses())-1] != "" {
			t.Errorf("statuses %q", rt.Statuses())
		}
	})
}

func TestGivesUp(t *testing.T) {
	for _, limit := range []time.Duration{0, time.Minute} {
		synctest.Test(t, func(t *testing.T) {
			rt := optest.New(t)
			srv := &steps{begun: time.Now(), answers: []func() (*http.Response, error){says(500, "Retry-After", "50")}}
			cfg := sinkDefaults("http://x/")
			cfg.Retry.MaxElapsed = spec.Duration(limit)
			s := openSink(t, rt, cfg, "json", srv)
			b := eventRows(rt, 1)
			defer b.Release()
			err := s.Write(t.Context(), b, &optest.Emitter{})
			want := fmt.Sprintf("http://x/: 500 Internal Server Error: sorry; gave up after %v (retry.max_elapsed)", limit)
			if err == nil || err.Error() != want {
				t.Errorf("Write: %v, want %s", err, want)
			}
			if took := time.Since(srv.begun); took != limit {
				t.Errorf("it took %v", took)
			}
		})
	}
}

func TestRunEndsWhileRetrying(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rt := optest.New(t)
		s := openSink(t, rt, sinkDefaults("http://x/"), "json", &steps{begun: time.Now(), answers: []func() (*http.Response, error){says(503, "Retry-After", "100")}})
		b := eventRows(rt, 2)
		defer b.Release()
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		if err := s.Write(ctx, b, &optest.Emitter{}); !errors.Is(err, context.Canceled) {
			t.Errorf("Write: %v", err)
		}
	})
}

func TestInFlightIsBounded(t *testing.T) {
	var mu sync.Mutex
	now, most := 0, 0
	together := make(chan struct{})
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		now++
		if most = max(most, now); now == 3 {
			select {
			case <-together:
			default:
				close(together)
			}
		}
		mu.Unlock()
		select {
		case <-together: // the first three are under way at once
		case <-time.After(optest.Patience):
		}
		mu.Lock()
		now--
		mu.Unlock()
	}))
	defer srv.Close()
	rt := optest.New(t)
	cfg := sinkDefaults(srv.URL)
	cfg.MaxInFlight = 3
	s := openSink(t, rt, cfg, "json", nil)
	b := eventRows(rt, 30)
	defer b.Release()
	if err := s.Write(t.Context(), b, &optest.Emitter{}); err != nil {
		t.Fatal(err)
	}
	if most != 3 {
		t.Errorf("%d requests were under way at once", most)
	}
}

// What one http sends another one takes.
func TestThereAndBack(t *testing.T) {
	in := defaults()
	in.Token = "hush"
	r := open(t, in, "json").read()
	for _, way := range []string{"row", "array", "ndjson"} {
		rt := optest.New(t)
		cfg := sinkDefaults(r.url)
		cfg.Batch, cfg.Token, cfg.MaxInFlight = way, "hush", 2
		s := openSink(t, rt, cfg, "json", nil)
		b := eventRows(rt, 100)
		if err := s.Write(t.Context(), b, &optest.Emitter{}); err != nil {
			t.Fatal(err)
		}
		b.Release()
	}
	r.stop()
	rows, rejects := r.taken()
	if len(rows) != 300 || len(rejects) > 0 {
		t.Errorf("%d rows, rejects %v", len(rows), rejects)
	}
	slices.Sort(rows)
	if n := len(slices.Compact(rows)); n != 100 {
		t.Errorf("%d different rows", n)
	}
}

// A server that is not there yet is waited for.
func TestServerAppears(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	l.Close()
	rt := optest.New(t)
	cfg := sinkDefaults("http://" + addr)
	cfg.Retry.Shortest = spec.Duration(10 * time.Millisecond)
	s := openSink(t, rt, cfg, "json", nil)
	b := eventRows(rt, 1)
	defer b.Release()
	done := make(chan error, 1)
	go func() { done <- s.Write(t.Context(), b, &optest.Emitter{}) }()
	rt.AwaitLog("connection refused")
	var got received
	if l, err = net.Listen("tcp", addr); err != nil {
		t.Fatal(err)
	}
	srv := &http.Server{Handler: &got}
	go srv.Serve(l)
	defer srv.Close()
	if err := <-done; err != nil || len(got.bodies) != 1 {
		t.Errorf("Write: %v, %d requests", err, len(got.bodies))
	}
}

func TestRetryAfter(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for text, want := range map[string]time.Duration{
		"": 0, "7": 7 * time.Second, "-1": 0, "x": 0, strconv.Itoa(1 << 40): 0,
		"Sun, 01 Mar 2026 12:00:30 GMT": 30 * time.Second, "Sun, 01 Mar 2026 11:00:00 GMT": 0,
	} {
		if got := retryAfter(text, now); got != want {
			t.Errorf("Retry-After %q: %v, want %v", text, got, want)
		}
	}
}

// In a run with a checkpoint commits come again and again: what they stand for was delivered before, and is not sent again.
func TestCommitsSendNothing(t *testing.T) {
	var got received
	srv := httptest.NewServer(&got)
	defer srv.Close()
	rt := optest.New(t)
	rt.Saved = true
	cfg := sinkDefaults(srv.URL)
	cfg.Batch, cfg.MaxInFlight = "row", 4
	s := openSink(t, rt, cfg, "json", nil)
	for round := 1; round <= 3; round++ {
		b := eventRows(rt, 10)
		if err := s.Write(t.Context(), b, &optest.Emitter{}); err != nil {
			t.Fatal(err)
		}
		b.Release()
		p, err := s.Prepare(t.Context(), &optest.Emitter{})
		if err != nil || p != nil {
			t.Errorf("Prepare = %v, %v", p, err)
		}
		for range 2 {
			if err := s.Commit(t.Context(), p); err != nil {
				t.Fatal(err)
			}
		}
		if len(got.bodies) != 10*round {
			t.Errorf("round %d: %d requests", round, len(got.bodies))
		}
	}
}
