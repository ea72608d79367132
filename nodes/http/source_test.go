package http

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"go.uber.org/goleak"

	"flowrun/dag/codec"
	"flowrun/dag/op/optest"
	"flowrun/dag/plan"
	"flowrun/dag/schema"
	"flowrun/dag/spec"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var events = arrow.NewSchema([]arrow.Field{
	{Name: "a", Type: schema.Int, Nullable: true}, {Name: "b", Type: schema.String, Nullable: true},
}, nil)

// running is an open source that a goroutine reads, as the engine does.
type running struct {
	t      *testing.T
	rt     *optest.Runtime
	s      *source
	url    string
	cancel context.CancelFunc
	done   chan struct{}
	client *http.Client

	mu    sync.Mutex
	got   optest.Taken
	ended error
}

func defaults() SourceConfig {
	return SourceConfig{Listen: "127.0.0.1:0", Path: "/in", MaxBody: 1 << 20, MaxPending: 8 << 20, MaxWaiting: 64, MaxClients: 2048,
		Timeout: spec.Duration(20 * time.Second)}
}

// open opens a source that nobody reads yet.
func open(t *testing.T, cfg SourceConfig, format string) *running {
	t.Helper()
	r := &running{t: t, rt: optest.New(t), done: make(chan struct{}), client: &http.Client{Transport: &http.Transport{}}}
	r.s = &source{cfg: cfg, format: formatOf(format), schema: events}
	if format == "text" {
		r.s.schema = codec.TextSchema
	}
	if err := r.s.Open(t.Context(), r.rt, nil); err != nil {
		t.Fatal(err)
	}
	r.url = "http://" + r.s.listener.Addr().String() + cfg.Path
	t.Cleanup(r.client.CloseIdleConnections)
	return r
}

// formatOf is a format with its defaults; tsv is csv with tabs and no header.
func formatOf(name string) plan.Format {
	switch name {
	case "csv":
		return plan.Format{Name: name, Config: codec.DefaultCSV}
	case "tsv":
		return plan.Format{Name: "csv", Config: codec.CSV{Delimiter: "\t"}}
	}
	return plan.Format{Name: name}
}

// read reads until stop.
func (r *running) read() *running {
	ctx, cancel := context.WithCancel(context.Background())
	r.cancel = cancel
	go func() {
		defer close(r.done)
		for {
			b, _, err := r.s.Read(ctx)
			if err != nil {
				r.ended = err
				return
			}
			r.mu.Lock()
			r.got.Add(b)
			r.mu.Unlock()
		}
	}()
	r.t.Cleanup(r.stop)
	return r
}

func (r *running) stop() {
	r.cancel()
	select {
	case <-r.done:
	case <-time.After(optest.Patience):
		r.t.Fatal("Read does not return")
	}
	if r.s.server != nil {
		if err := r.s.Close(); err != nil {
			r.t.Error(err)
		}
		r.s.server = nil
	}
}

func (r *running) taken() ([]string, []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	var rows, rejects []string
	for _, row := range r.got.Rows {
		rows = append(rows, strings.Join(row, "|"))
	}
	for _, j := range r.got.Rejects {
		rejects = append(rejects, j.Reason)
	}
	return rows, rejects
}

// post sends a body; it may be called from any goroutine.
func (r *running) post(contentType string, body io.Reader, headers ...string) (int, string, http.Header) {
	req, err := http.NewRequest("POST", r.url, body)
	if err != nil {
		r.t.Error(err)
		return 0, "", nil
	}
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	resp, err := r.client.Do(req)
	if err != nil {
		r.t.Error(err)
		return 0, "", nil
	}
	defer resp.Body.Close()
	text, _ := io.ReadAll(resp.Body)
	return resp.StatusCode, strings.TrimSpace(string(text)), resp.Header
}

func TestBodies(t *testing.T) {
	ok := func(accepted int) string { return fmt.Sprintf(`200 {"accepted":%d,"rejected":0}`, accepted) }
	for name, c := range map[string]struct {
		format, contentType, body, answer string
		rows, rejects                     []string
	}{
		"object":          {"json", "application/json", `{"a": 1, "b": "x"}`, ok(1), []string{"1|x"}, nil},
		"pretty object":   {"json", "application/json; charset=utf-8", "{\n \"a\": 1\n}\n", ok(1), []string{"1|(null)"}, nil},
		"list":            {"json", "application/json", ` [{"a":1,"b":"]},{"} , {"a":2,"b":"\"["}] `, ok(2), []string{`1|]},{`, `2|"[`}, nil},
		"empty list":      {"json", "application/json", `[]`, ok(0), nil, nil},
		"nothing":         {"json", "application/json", ``, ok(0), nil, nil},
		"ndjson":          {"json", "application/x-ndjson", "{\"a\":1}\r\n\n{\"a\":2}", ok(2), []string{"1|(null)", "2|(null)"}, nil},
		"guessed object":  {"json", "application/x-www-form-urlencoded", "{\n\"a\":1}", ok(1), []string{"1|(null)"}, nil},
		"guessed lines":   {"json", "", "{\"a\":1}\n{\"a\":2}\n", ok(2), []string{"1|(null)", "2|(null)"}, nil},
		"guessed list":    {"json", "text/plain", "[{\"a\":1},\n{\"a\":2}]", ok(2), []string{"1|(null)", "2|(null)"}, nil},
		"text":            {"text", "text/plain", "one\ntwo\r\n\nlast", ok(4), []string{"one", "two", "", "last"}, nil},
		"csv":             {"csv", "text/csv", "b,a\r\n\"x\ny\",1\r\nz,2", ok(2), []string{"1|x\ny", "2|z"}, nil},
		"csv of no row":   {"csv", "", "a,b\n", ok(0), nil, nil},
		"tsv":             {"tsv", "text/tab-separated-values", "1\tx\n2\t\n", ok(2), []string{"1|x", "2|(null)"}, nil},
		"kv":              {"kv", "text/plain", "a=1 b=\"x y\"\n\nb=z\n", ok(2), []string{"1|x y", "(null)|z"}, nil},
		"csv that is not": {"csv", "application/json", `[]`, `415 {"accepted":0,"rejected":0,"error":"cannot read application/json; send csv"}`, nil, nil},
		"open quote": {"csv", "text/csv", "a,b\n1,x\n2,\"y\n3,z\n",
			`200 {"accepted":1,"rejected":1,"reasons":[{"reason":"wrong quote","records":1,`, []string{"1|x"}, []string{"wrong quote"}},
		"one bad of three": {"json", "application/json", `[{"a":1},{"a":"x"},{"a":3}]`,
			`200 {"accepted":2,"rejected":1,"reasons":[{"reason":"wrong type","records":1,`, []string{"1|(null)", "3|(null)"}, []string{"wrong type"}},
		"all bad": {"json", "application/x-ndjson", "{\"a\":true}\n{\"a\":\"x\"}\n}\n",
			`400 {"accepted":0,"rejected":3,"reasons":[{"reason":"wrong type","records":2,`, nil, []string{"wrong type", "wrong type", "invalid JSON"}},
		"broken list": {"json", "application/json", `[{"a":1},{"a":2}`,
			`400 {"accepted":0,"rejected":1,"reasons":[{"reason":"invalid JSON","records":1,`, nil, []string{"invalid JSON"}},
		"list of numbers": {"json", "application/json", `[1, null]`,
			`400 {"accepted":0,"rejected":2,"reasons":[{"reason":"wrong type","records":2,`, nil, []string{"wrong type", "wrong type"}},
		"a form": {"json", "multipart/form-data; boundary=x", `--x`, `415 {"accepted":0,"rejected":0,"error":"cannot read`, nil, nil},
	} {
		t.Run(name, func(t *testing.T) {
			r := open(t, defaults(), c.format).read()
			status, text, _ := r.post(c.contentType, strings.NewReader(c.body))
			if got := fmt.Sprint(status, " ", text); !strings.HasPrefix(got, c.answer) {
				t.Errorf("answer %s, want %s", got, c.answer)
			}
			r.stop()
			rows, rejects := r.taken()
			if !slices.Equal(rows, c.rows) || !slices.Equal(rejects, c.rejects) {
				t.Errorf("rows %q, rejects %q; want %q, %q", rows, rejects, c.rows, c.rejects)
			}
			if !errors.Is(r.ended, context.Canceled) {
				t.Errorf("Read ended with %v", r.ended)
			}
		})
	}
}

// TestRequestsHaveHeadersOfTheirOwn: what one request said of its columns, or left open, is nothing to the next.
func TestRequestsHaveHeadersOfTheirOwn(t *testing.T) {
	r := open(t, defaults(), "csv").read()
	for body, want := range map[string]int{"a,b\n1,x\n": 200, "b,a\ny,2\n": 200, "c\n1\n": 400, "a,b\n3,\"z": 400, "a\n4\n": 400} {
		if status, text, _ := r.post("text/csv", strings.NewReader(body)); status != want {
			t.Errorf("%q: %d %s, want %d", body, status, text, want)
		}
	}
	r.stop()
	rows, _ := r.taken()
	slices.Sort(rows)
	if !slices.Equal(rows, []string{"1|x", "2|y"}) {
		t.Errorf("rows %q", rows)
	}
}

func TestRefused(t *testing.T) {
	cfg := defaults()
	cfg.Token, cfg.MaxBody = "hush", 1000
	r := open(t, cfg, "text").read()
	send := func(method, path, token string, body io.Reader) int {
		req, err := http.NewRequest(method, strings.TrimSuffix(r.url, "/in")+path, body)
		if err != nil {
			t.Fatal(err)
		}
		if token != "" {
			req.Header.Set("Authorization", token)
		}
		resp, err := r.client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		return resp.StatusCode
	}
	large := strings.Repeat("x", 1001)
	for _, c := range []struct {
		method, path, token string
		body                io.Reader
		want                int
	}{
		{"POST", "/in", "", strings.NewReader("a"), 401},
		{"POST", "/in", "Bearer wrong", strings.NewReader("a"), 401},
		{"POST", "/in", "Basic hush", strings.NewReader("a"), 401},
		{"POST", "/other", "Bearer hush", strings.NewReader("a"), 404},
		{"GET", "/in", "Bearer hush", nil, 405},
		{"POST", "/in", "Bearer hush", strings.NewReader(large), 413},
		{"POST", "/in", "Bearer hush", io.MultiReader(strings.NewReader(large)), 413}, // no Content-Length
		{"POST", "/in", "Bearer hush", strings.NewReader(large[:1000]), 200},
		{"PUT", "/in", "bearer hush", strings.NewReader("b"), 200},
	} {
		if got := send(c.method, c.path, c.token, c.body); got != c.want {
			t.Errorf("%s %s with %q: %d, want %d", c.method, c.path, c.token, got, c.want)
		}
	}
	r.stop()
	if rows, _ := r.taken(); len(rows) != 2 {
		t.Errorf("%d rows were taken, want those of the two good requests", len(rows))
	}
}

func packed(text string) *bytes.Buffer {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = io.WriteString(w, text)
	_ = w.Close()
	return &b
}

func TestGzip(t *testing.T) {
	r := open(t, defaults(), "text").read()
	if status, text, _ := r.post("", packed("a\nb\n"), "Content-Encoding", "gzip"); status != 200 {
		t.Errorf("%d %s", status, text)
	}
	// A few kilobytes that unpack to far more than max_body.
	bomb := packed(strings.Repeat("\x00", 64<<20))
	if bomb.Len() > 1<<17 {
		t.Fatalf("the bomb has %d bytes", bomb.Len())
	}
	if status, text, _ := r.post("", bomb, "Content-Encoding", "gzip"); status != 413 {
		t.Errorf("a bomb: %d %s", status, text)
	}
	if status, text, _ := r.post("", strings.NewReader("no gzip at all"), "Content-Encoding", "gzip"); status != 400 {
		t.Errorf("no gzip: %d %s", status, text)
	}
	if status, text, _ := r.post("", strings.NewReader("x"), "Content-Encoding", "br"); status != 415 {
		t.Errorf("br: %d %s", status, text)
	}
	if left := r.s.memory.left.Load(); left != int64(defaults().MaxPending) {
		t.Errorf("%d bytes of memory are still held", int64(defaults().MaxPending)-left)
	}
}

// A body of many batches is answered once, after the last of them.
func TestLargeBody(t *testing.T) {
	r := open(t, defaults(), "text").read()
	status, text, _ := r.post("", strings.NewReader(strings.Repeat("x\n", 10_000)))
	if status != 200 || text != `{"accepted":10000,"rejected":0}` {
		t.Errorf("%d %s", status, text)
	}
}

// poll waits until ok.
func poll(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(optest.Patience); !ok(); runtime.Gosched() {
		if time.Now().After(end) {
			t.Fatalf("waited %v for %s", optest.Patience, what)
		}
	}
}

func TestFullThen429(t *testing.T) {
	cfg := defaults()
	cfg.MaxWaiting = 1
	r := open(t, cfg, "text") // nobody reads
	first := make(chan int, 1)
	go func() {
		status, _, _ := r.post("", strings.NewReader("first"))
		first <- status
	}()
	poll(t, "a request in the queue", func() bool { return len(r.s.queue) == 1 })
	status, text, h := r.post("", strings.NewReader("second"))
	if status != 429 || h.Get("Retry-After") == "" {
		t.Errorf("%d %s, Retry-After %q", status, text, h.Get("Retry-After"))
	}
	select {
	case s := <-first:
		t.Fatalf("answered %d although nobody has taken the row", s)
	default:
	}
	r.read()
	if s := <-first; s != 200 {
		t.Errorf("the first request got %d", s)
	}
}

func TestFullMemoryThen429(t *testing.T) {
	cfg := defaults()
	cfg.MaxPending = 64 << 10
	cfg.MaxBody = 64 << 10
	r := open(t, cfg, "text") // nobody reads
	first := make(chan int, 1)
	go func() {
		status, _, _ := r.post("", strings.NewReader(strings.Repeat("x", 60<<10)))
		first <- status
	}()
	poll(t, "a request in the queue", func() bool { return len(r.s.queue) == 1 })
	if status, text, _ := r.post("", strings.NewReader(strings.Repeat("x", 20<<10))); status != 429 {
		t.Errorf("%d %s", status, text)
	}
	r.read()
	if s := <-first; s != 200 {
		t.Errorf("the first request got %d", s)
	}
}

// A request that waits too long gets its rows back: they are not taken afterwards.
func TestWaitsTooLong(t *testing.T) {
	cfg := defaults()
	cfg.Timeout = spec.Duration(50 * time.Millisecond)
	r := open(t, cfg, "text")
	if status, text, _ := r.post("", strings.NewReader("x")); status != 429 {
		t.Errorf("%d %s", status, text)
	}
	r.read()
	if status, _, _ := r.post("", strings.NewReader("y")); status != 200 {
		t.Errorf("the next one: %d", status)
	}
	r.stop()
	if rows, _ := r.taken(); !slices.Equal(rows, []string{"y"}) {
		t.Errorf("rows %q", rows)
	}
}

// Clients send while the run is stopped: exactly what was answered with 200 is there.
func TestDrain(t *testing.T) {
	r := open(t, defaults(), "text").read()
	var mu sync.Mutex
	var told []string
	var group sync.WaitGroup
	for c := range 8 {
		group.Go(func() {
			for i := 0; ; i++ {
				row := fmt.Sprintf("%d-%d", c, i)
				req, _ := http.NewRequest("POST", r.url, strings.NewReader(row))
				resp, err := r.client.Do(req)
				if err != nil {
					return // the server is gone
				}
				_, _ = io.Copy(io.Discard, resp.Body)
				resp.Body.Close()
				switch resp.StatusCode {
				case 200:
					mu.Lock()
					told = append(told, row)
					mu.Unlock()
				case 503:
					return
				default:
					t.Errorf("status %d", resp.StatusCode)
					return
				}
			}
		})
	}
	poll(t, "some rows", func() bool { mu.Lock(); defer mu.Unlock(); return len(told) > 50 })
	r.cancel()
	<-r.done
	if status, _, h := r.post("", strings.NewReader("late")); status != 503 || h.Get("Retry-After") == "" {
		t.Errorf("while draining: %d", status)
	}
	group.Wait()
	r.stop()
	rows, _ := r.taken()
	slices.Sort(rows)
	slices.Sort(told)
	if !slices.Equal(rows, told) {
		t.Errorf("%d rows were taken, %d were told so", len(rows), len(told))
	}
}

// A run that fails does not tell clients that their rows were taken.
// Where a journal reads ahead a request is answered once all of its batches are kept, and those behind it are not.
func TestAnswersWaitForTheJournal(t *testing.T) {
	r := open(t, defaults(), "json")
	kept := r.s.Ahead()
	r.rt.Rows = 2
	r.read()
	send := func(body string, batches int) chan int {
		answer := make(chan int, 1)
		go func() {
			status, _, _ := r.post("application/x-ndjson", strings.NewReader(body))
			answer <- status
		}()
		poll(t, "the batches of "+body, func() bool {
			r.s.mu.Lock()
			defer r.s.mu.Unlock()
			return len(r.s.given) > 0 && r.s.given[len(r.s.given)-1].behind == uint64(batches)
		})
		return answer
	}
	first := send("{\"a\": 1}\n{\"a\": 2}\n{\"a\": 3}", 2)
	second := send(`{"a": 4}`, 3)
	waiting := func() int {
		r.s.mu.Lock()
		defer r.s.mu.Unlock()
		return len(r.s.given)
	}
	kept(1)
	if waiting() != 2 {
		t.Fatal("a request was answered half of which is kept")
	}
	kept(1)
	if status := <-first; status != http.StatusOK || waiting() != 1 {
		t.Fatalf("status %d, %d requests wait", status, waiting())
	}
	kept(1)
	if status := <-second; status != http.StatusOK {
		t.Fatalf("status %d", status)
	}
}

func TestCloseWithoutTaking(t *testing.T) {
	r := open(t, defaults(), "text")
	status := make(chan int, 1)
	go func() {
		s, _, _ := r.post("", strings.NewReader("x"))
		status <- s
	}()
	b, _, err := r.s.Read(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	b.Release()
	if err := r.s.Close(); err != nil {
		t.Error(err)
	}
	if s := <-status; s != 503 {
		t.Errorf("status %d", s)
	}
}

func TestCannotBind(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	cfg := defaults()
	cfg.Listen = l.Addr().String()
	s := &source{cfg: cfg, format: formatOf("text"), schema: codec.TextSchema}
	if err := s.Open(t.Context(), optest.New(t), nil); err == nil || err.Error() != "cannot listen on "+cfg.Listen+": address already in use" {
		t.Errorf("Open: %v", err)
	}
}

// Garbage, half requests and silence from a thousand clients cost a bounded amount of memory and disturb nobody.
func TestAThousandBadClients(t *testing.T) {
	cfg := defaults()
	cfg.MaxClients = 1100
	r := open(t, cfg, "json").read()
	addr := r.s.listener.Addr().String()
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	bad := []string{
		"",
		"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
		"GET / HTTP/9.9\r\n\r\n",
		"POST /in HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n{\"a\":",
		"POST /in HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nffffff\r\n" + strings.Repeat("x", 3000),
		"POST /in HTTP/1.1\r\nHost: x\r\nX: " + strings.Repeat("y", 3000),
	}
	var conns []net.Conn
	for i := range 1000 {
		conn, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		conns = append(conns, conn)
		if _, err := io.WriteString(conn, bad[i%len(bad)]); err != nil {
			t.Fatal(err)
		}
	}
	defer func() {
		for _, c := range conns {
			c.Close()
		}
	}()
	for range 10 {
		if status, text, _ := r.post("", strings.NewReader(`{"a":1}`)); status != 200 {
			t.Errorf("a good client got %d %s", status, text)
		}
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	if grown := int64(after.HeapInuse+after.StackInuse) - int64(before.HeapInuse+before.StackInuse); grown > 100<<20 {
		t.Errorf("memory grew by %d MiB", grown>>20)
	} else {
		t.Logf("memory grew by %d KiB", grown>>10)
	}
}

// A thousand clients at once all get their rows in.
func TestAThousandClients(t *testing.T) {
	cfg := defaults()
	cfg.MaxWaiting = 1000
	r := open(t, cfg, "json").read()
	var group sync.WaitGroup
	for i := range 1000 {
		group.Go(func() {
			if status, text, _ := r.post("", strings.NewReader(fmt.Sprintf(`{"a":%d}`, i))); status != 200 {
				t.Errorf("%d %s", status, text)
			}
		})
	}
	group.Wait()
	r.stop()
	if rows, _ := r.taken(); len(rows) != 1000 {
		t.Errorf("%d rows", len(rows))
	}
}

func TestTooManyClients(t *testing.T) {
	cfg := defaults()
	cfg.MaxClients = 1
	r := open(t, cfg, "text").read()
	conn, err := net.Dial("tcp", r.s.listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	poll(t, "the first client", func() bool { return r.s.listener.(*bounded).open.Load() == 1 })
	second, err := net.Dial("tcp", r.s.listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer second.Close()
	second.SetDeadline(time.Now().Add(optest.Patience))
	if n, err := second.Read(make([]byte, 1)); n != 0 || err == nil {
		t.Errorf("the second client was not hung up on: %d, %v", n, err)
	}
	r.rt.AwaitLog("hung up on a client: max_clients is 1")
	conn.Close()
	poll(t, "room", func() bool { return r.s.listener.(*bounded).open.Load() == 0 })
	if status, _, _ := r.post("", strings.NewReader("x")); status != 200 {
		t.Errorf("%d", status)
	}
}

// FuzzBody holds the taking apart of bodies to encoding/json, and to the account: each record has one fate.
func FuzzBody(f *testing.F) {
	for _, seed := range []string{`{"a":1}`, `[{"a":1},{"b":"x"}]`, "{\"a\":1}\n{\"a\":2}", `[1,[2],{"a":{}},"]",null]`, "[", "[]", `["\\",{}]`, "\xff", "[\xff]", `[{"b":"\u00e9,]"}]`} {
		f.Add([]byte(seed), "application/json")
		f.Add([]byte(seed), "")
		f.Add([]byte(seed), "application/x-ndjson")
	}
	f.Fuzz(func(t *testing.T, body []byte, contentType string) {
		form, ok := formOf("json", contentType)
		if !ok {
			return
		}
		rt := optest.New(t)
		dec := codec.NewDecoder(codec.DecoderOptions{Format: "json", Schema: events, Allocator: rt.Allocator(), Now: rt.Now})
		defer dec.Close()
		framer := codec.NewFramer("json", nil, len(body))
		records, calls := newRecords(body, form, &framer), 0
		for records.next(dec) {
			if calls++; calls > len(body)+1 {
				t.Fatal("there is no end of records")
			}
		}
		var list []json.RawMessage
		if form == document && json.Unmarshal(body, &list) == nil && list != nil && dec.Pending() != len(list) {
			t.Errorf("%d rows and rejects of a list of %d", dec.Pending(), len(list))
		}
		if b := dec.Batch(time.Now()); b != nil {
			b.Release()
		}
	})
}
