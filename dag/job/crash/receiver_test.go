package crash

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"testing"
)

// received is the file of the lines that a receiver took.
const received = "received"

// receiver is a web server at which rows arrive. It keeps what it took, answers some requests with 503 and took nothing of them, and
// hangs up on some of which it took everything. All that goes in has to arrive, perhaps more than once.
type receiver struct {
	ledger
	server *httptest.Server
	mu     sync.Mutex
	file   *os.File
	asked  int
}

func newReceiver(t testing.TB, dir string) *receiver {
	f, err := os.Create(filepath.Join(dir, received))
	if err != nil {
		t.Fatal(err)
	}
	r := &receiver{ledger: newLedger(), file: f}
	r.again = true
	r.server = httptest.NewServer(r)
	return r
}

// generated is how many rows a bounded source sends.
const generated = 2 * rows

// newGenerated is a receiver of all of them.
func newGenerated(t testing.TB, dir string) outside {
	r := newReceiver(t, dir)
	for i := range generated {
		r.note(true, numbered(i))
	}
	return r
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return // the sender is gone
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.asked++
	if r.asked%10 == 3 {
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	if _, err := r.file.Write(append(body, '\n')); err != nil {
		w.WriteHeader(http.StatusInternalServerError)
		return
	}
	if r.asked%10 == 7 {
		panic(http.ErrAbortHandler)
	}
}

func (r *receiver) args() []string {
	return []string{"--set", "nodes.out.http.url=" + r.server.URL}
}

func (r *receiver) feed(context.Context, *os.Process, bool) {}

func (r *receiver) between(testing.TB, string, ended) {}

func (r *receiver) close() {
	r.server.Close()
	r.file.Close()
}

// relayed is a client at the source and a receiver at the sink.
type relayed struct {
	*client
	to *receiver
}

func newRelayed(t testing.TB, dir string) outside {
	c := newClient(t, dir).(*client)
	c.again = true
	return &relayed{client: c, to: newReceiver(t, dir)}
}

func (r *relayed) args() []string { return append(r.client.args(), r.to.args()...) }

func (r *relayed) close() { r.to.close() }

// sentTo is a sink whose url the receiver says.
const sentTo = `http: {url: "http://127.0.0.1:1", batch: ndjson, max_rows: 50, max_in_flight: %d, retry: {shortest: 1ms, longest: 20ms}}`

func sending(inFlight int) string { return fmt.Sprintf(sentTo, inFlight) }
