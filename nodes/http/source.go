package http

import (
	"context"
	"fmt"
	"log"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/apache/arrow-go/v18/arrow"

	"flowrun/dag/batch"
	"flowrun/dag/codec"
	"flowrun/dag/op"
	"flowrun/dag/plan"
	"flowrun/nodes/peer"
)

// source is a server. Handlers read bodies and queue them; Read decodes one after the other. A request is answered once the pipeline has
// its rows: when Read is called again behind its last batch, or, where a journal reads ahead, when that says so.
type source struct {
	cfg    SourceConfig
	format plan.Format
	schema *arrow.Schema
	want   []bool // see plan.Scan

	rt       op.Runtime
	listener net.Listener
	server   *http.Server
	queue    chan *request
	draining chan struct{} // closed when nothing more is taken
	served   chan error    // how the server ended
	memory   budget
	clients  sync.WaitGroup // their connections
	bytes    atomic.Uint64

	// Used by Read only:
	dec     codec.Decoder
	framer  codec.Framer // of the records of current, where they are lines
	current *request     // its records are being decoded
	records records
	told    answer // of current
	behind  uint64 // batches that were returned
	ahead   bool   // a journal says what is kept

	mu    sync.Mutex
	given []given // requests all of whose rows have been returned, in order
	kept  uint64  // batches that the pipeline has
}

// given is a request that is answered once the pipeline has so many batches.
type given struct {
	request *request
	answer  answer
	behind  uint64
}

var (
	_ op.Source      = (*source)(nil)
	_ op.Ahead       = (*source)(nil)
	_ op.ByteCounter = (*source)(nil)
)

func (s *source) Open(_ context.Context, rt op.Runtime, _ []byte) error {
	s.rt = rt
	scheme := "http"
	timeout := time.Duration(s.cfg.Timeout)
	s.server = &http.Server{
		Handler:           s,
		ReadHeaderTimeout: min(timeout, 10*time.Second),
		ReadTimeout:       timeout,
		WriteTimeout:      2*timeout + 10*time.Second, // to arrive, to wait, and to be answered
		IdleTimeout:       time.Minute,
		MaxHeaderBytes:    32 << 10,
		ErrorLog:          log.New(complaints{rt}, "", 0),
		Protocols:         new(http.Protocols),
		ConnState: func(_ net.Conn, state http.ConnState) {
			switch state {
			case http.StateNew:
				s.clients.Add(1)
			case http.StateClosed:
				s.clients.Done()
			}
		},
	}
	// HTTP/2 has buffers of its own for every connection; one request at a time is bounded.
	s.server.Protocols.SetHTTP1(true)
	if s.cfg.TLS != nil {
		scheme = "https"
		var err error
		if s.server.TLSConfig, err = s.cfg.TLS.Server(); err != nil {
			return err
		}
	}
	plain, err := net.Listen("tcp", s.cfg.Listen)
	if err != nil {
		return fmt.Errorf("cannot listen on %s: %s", s.cfg.Listen, peer.Reason(err))
	}
	s.listener = &bounded{Listener: plain, max: int64(s.cfg.MaxClients), rt: rt}
	s.queue = make(chan *request, s.cfg.MaxWaiting)
	s.draining, s.served = make(chan struct{}), make(chan error, 1)
	s.memory.left.Store(int64(s.cfg.MaxPending))
	s.dec = codec.NewDecoder(codec.DecoderOptions{
		Format: s.format.Name, Config: s.format.Config, Schema: s.schema, Want: s.want, Allocator: rt.Allocator(), Now: rt.Now,
	})
	// No record is longer than its body.
	s.framer = codec.NewFramer(s.format.Name, s.format.Config, int(s.cfg.MaxBody))
	rt.Log().Info("listening on " + scheme + "://" + plain.Addr().String() + s.cfg.Path)
	go func() {
		if s.cfg.TLS != nil {
			s.served <- s.server.ServeTLS(s.listener, "", "")
		} else {
			s.served <- s.server.Serve(s.listener)
		}
	}()
	return nil
}

func (s *source) Read(ctx context.Context) (*batch.Batch, op.Position, error) {
	for {
		if !s.ahead { // whoever calls Read again has handed on what came before
			s.settle(s.behind)
		}
		if s.current == nil {
			if err := s.await(ctx); err != nil {
				return nil, nil, err
			}
			continue
		}
		if b := s.decode(); b != nil {
			return b, nil, nil
		}
	}
}

// Ahead implements op.Ahead: a request is answered once all of it is kept.
func (s *source) Ahead() func(int) {
	s.ahead = true
	return func(batches int) {
		s.mu.Lock()
		kept := s.kept + uint64(batches)
		s.mu.Unlock()
		s.settle(kept)
	}
}

// settle answers the requests whose rows are among the first batches, which the pipeline has.
func (s *source) settle(kept uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.kept = max(s.kept, kept)
	for len(s.given) > 0 && s.given[0].behind <= kept {
		g := s.given[0]
		s.given = s.given[1:]
		g.answer.status = http.StatusOK
		if g.answer.Accepted == 0 && g.answer.Rejected > 0 {
			g.answer.status = http.StatusBadRequest
		}
		g.request.answer <- g.answer
	}
}

// give has a request answered once all batches up to now are kept.
func (s *source) give(r *request) {
	s.mu.Lock()
	s.given = append(s.given, given{r, s.told, s.behind})
	kept := s.kept
	s.mu.Unlock()
	if s.ahead {
		s.settle(kept) // they may be already
	}
}

// await goes to the next request. Once ctx has ended no request is taken, and what waits is refused.
func (s *source) await(ctx context.Context) error {
	if ctx.Err() != nil {
		s.drain()
		return ctx.Err()
	}
	select {
	case q := <-s.queue:
		s.begin(q)
		return nil
	default:
	}
	s.rt.Waiting(true)
	defer s.rt.Waiting(false)
	select {
	case q := <-s.queue:
		s.begin(q)
	case <-ctx.Done():
	case err := <-s.served:
		s.served <- err
		return fmt.Errorf("the server ended: %w", err)
	}
	return nil
}

func (s *source) begin(q *request) {
	if q.fate.CompareAndSwap(waiting, taken) {
		s.current, s.records, s.told = q, newRecords(q.body, q.form, &s.framer), answer{}
		if h, ok := s.dec.(codec.Headed); ok {
			h.Restart(0)
		}
	}
}

// decode makes a batch of the next records of the current request, which becomes the given one with the last of them.
func (s *source) decode() *batch.Batch {
	more := true
	for more && s.dec.Pending() < s.rt.BatchRows() {
		more = s.records.next(s.dec)
	}
	b := s.dec.Batch(s.rt.Now())
	if b != nil {
		s.told.Accepted += b.Rows()
		s.told.reject(b.Rejects)
		s.behind++
	}
	if !more {
		s.give(s.current)
		s.current, s.records = nil, records{}
		s.framer.Reset(0) // it keeps nothing of the body
	}
	return b
}

// reject counts rejects by reason.
func (a *answer) reject(list []batch.Reject) {
	a.Rejected += len(list)
next:
	for i := range list {
		r := &list[i]
		for j := range a.Reasons {
			if a.Reasons[j].Reason == r.Reason {
				a.Reasons[j].Records++
				continue next
			}
		}
		if len(a.Reasons) < maxReasons {
			a.Reasons = append(a.Reasons, reason{r.Reason, 1, strings.ToValidUTF8(r.Detail, "�")})
		}
	}
}

// drain makes handlers refuse what was not taken, and what comes.
func (s *source) drain() {
	if !s.isDraining() {
		close(s.draining)
	}
}

func (s *source) isDraining() bool {
	select {
	case <-s.draining:
		return true
	default:
		return false
	}
}

// Committed has nothing to acknowledge: clients were answered.
func (s *source) Committed(context.Context, op.Position) error { return nil }

func (s *source) BytesRead() uint64 { return s.bytes.Load() }

// grace is how long a request that is still arriving may take when the run is over.
const grace = time.Second

func (s *source) Close() error {
	s.drain()
	var left []*request // the run failed under them
	if s.current != nil {
		left = append(left, s.current)
	}
	for _, g := range s.given {
		left = append(left, g.request)
	}
	for _, q := range left {
		q.answer <- answer{status: http.StatusServiceUnavailable, Error: "the run failed with the rows of this request on their way"}
	}
	ctx, cancel := context.WithTimeout(context.Background(), grace)
	defer cancel()
	if s.server.Shutdown(ctx) != nil {
		_ = s.server.Close()
	}
	<-s.served
	s.clients.Wait()
	s.dec.Close()
	return nil
}

// complaints is where the server writes what it has to say.
type complaints struct{ rt op.Runtime }

func (c complaints) Write(p []byte) (int, error) {
	c.rt.WarnEvery("server", "a client made trouble", "error", strings.TrimSpace(string(p)))
	return len(p), nil
}
