package http

import (
	"context"
	"math"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"sync/atomic"

	"flowrun/dag/batch"
	"flowrun/dag/codec"
	"flowrun/dag/op"
	"flowrun/dag/plan"
)

// sink delivers every batch before Write returns, so that nothing is under way when an epoch ends.
type sink struct {
	cfg     SinkConfig
	format  plan.Format
	encoder codec.Encoder
	special *renderer // what is special to each request; nil: nothing but its rows

	rt     op.Runtime
	place  string // the url as it may be shown
	client *http.Client
	framer codec.Framer // cuts what the encoder made into records
	head   []byte       // what every body begins with, a CSV header; set by payloads
	lines  []byte       // buffers of payloads
	bodies []byte
}

// newSink makes the sink of a bound write.
func newSink(c SinkConfig, w *plan.Write) (op.Sink, error) {
	special, err := newRenderer(c, w)
	if err != nil {
		return nil, err
	}
	s := &sink{cfg: c, format: w.Format, special: special}
	if c.Body == "" {
		s.encoder = codec.NewEncoderFor(codec.EncoderOptions{Format: w.Format.Name, Config: w.Format.Config, Schema: w.Schema})
		s.framer = codec.NewFramer(w.Format.Name, w.Format.Config, math.MaxInt32)
	}
	return s, nil
}

// Refused is the reason for which rows are rejected that the server does not want.
const Refused = "refused by the server"

// maxBuffer is how much of a buffer is kept for the next batch.
const maxBuffer = 4 << 20

func (s *sink) Open(_ context.Context, rt op.Runtime, _ []op.Prepared) error {
	s.rt = rt
	address := s.cfg.URL
	if s.special != nil {
		address = s.special.url.filled("*")
		s.special.open(rt)
	}
	u, err := url.Parse(address)
	if err != nil {
		return err
	}
	s.place = place(u)
	if s.client != nil {
		return nil // of a test
	}
	secured, err := s.cfg.TLS.Client("")
	if err != nil {
		return err
	}
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.TLSClientConfig = secured
	t.MaxConnsPerHost, t.MaxIdleConnsPerHost = s.cfg.MaxInFlight, s.cfg.MaxInFlight
	t.MaxResponseHeaderBytes = 64 << 10
	s.client = &http.Client{
		Transport: t,
		// Another place was not asked for: it would be given the rows, and perhaps the token.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return nil
}

func (s *sink) Write(ctx context.Context, in *batch.Batch, out op.Emitter) error {
	list, failed, err := s.requests(in)
	if err != nil {
		return err
	}
	refused, err := s.deliver(ctx, list)
	for _, b := range []*[]byte{&s.lines, &s.bodies} {
		if cap(*b) > maxBuffer {
			*b = nil
		}
	}
	if err != nil {
		return err
	}
	if failed = append(failed, refused...); len(failed) == 0 {
		return nil
	}
	slices.SortFunc(failed, func(a, b batch.Failure) int { return int(a.Row) - int(b.Row) })
	return out.Reject(in, failed)
}

// deliver sends all, at most max_in_flight at once, and returns the rows that the server refused.
func (s *sink) deliver(ctx context.Context, list []payload) ([]batch.Failure, error) {
	if len(list) == 0 {
		return nil, nil
	}
	s.rt.Waiting(true)
	defer s.rt.Waiting(false)
	defer s.rt.Status("")
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	refusals := make([]string, len(list))
	var next atomic.Int64
	work := func() {
		for ctx.Err() == nil {
			i := int(next.Add(1)) - 1
			if i >= len(list) {
				return
			}
			refusal, err := s.send(ctx, &list[i])
			if err != nil {
				stop(err)
				return
			}
			refusals[i] = refusal
		}
	}
	var group sync.WaitGroup
	for range min(s.cfg.MaxInFlight, len(list)) - 1 {
		group.Go(work)
	}
	work()
	group.Wait()
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	var failed []batch.Failure
	for i, refusal := range refusals {
		if refusal == "" {
			continue
		}
		for _, row := range list[i].rows {
			failed = append(failed, batch.Failure{Row: row, Reason: Refused, Detail: refusal})
		}
	}
	return failed, nil
}

// Epoch and Prepare have nothing left to do: see Write.
func (s *sink) Epoch(context.Context, uint64) error                      { return nil }
func (s *sink) Prepare(context.Context, op.Emitter) (op.Prepared, error) { return nil, nil }
func (s *sink) Commit(context.Context, op.Prepared) error                { return nil }
func (s *sink) Abort(context.Context, op.Prepared) error                 { return nil }

func (s *sink) Close() error {
	if s.special != nil {
		s.special.close()
	}
	s.client.CloseIdleConnections()
	return nil
}
