package http

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"flowrun/nodes/peer"
)

// request is one that waits for the pipeline.
type request struct {
	body   []byte
	form   form
	fate   atomic.Int32 // waiting, then taken by Read or withdrawn by the handler
	answer chan answer  // one; from whoever took it
}

const (
	waiting int32 = iota
	taken
	withdrawn
)

// answer is what a client is told.
type answer struct {
	status   int
	Accepted int      `json:"accepted"`
	Rejected int      `json:"rejected"`
	Reasons  []reason `json:"reasons,omitempty"`
	Error    string   `json:"error,omitempty"`
}

// reason is why records of a request were rejected.
type reason struct {
	Reason  string `json:"reason"`
	Records int    `json:"records"`
	Example string `json:"example,omitempty"`
}

// maxReasons bounds the reasons of an answer.
const maxReasons = 16

// ServeHTTP takes one request: its answer comes when the pipeline has taken the rows.
func (s *source) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.URL.Path != s.cfg.Path:
		refuse(w, http.StatusNotFound, "requests go to "+s.cfg.Path)
		return
	case r.Method != http.MethodPost && r.Method != http.MethodPut:
		w.Header().Set("Allow", "POST, PUT")
		refuse(w, http.StatusMethodNotAllowed, "send rows with POST or PUT")
		return
	case !s.authorized(r):
		w.Header().Set("WWW-Authenticate", "Bearer")
		refuse(w, http.StatusUnauthorized, "the bearer token is missing or wrong")
		return
	case s.isDraining():
		s.refuseDraining(w)
		return
	}
	f, ok := formOf(s.format.Name, r.Header.Get("Content-Type"))
	if !ok {
		refuse(w, http.StatusUnsupportedMediaType, "cannot read "+r.Header.Get("Content-Type")+"; send "+accepted(s.format.Name))
		return
	}
	body, took, err := readBody(w, r, int64(s.cfg.MaxBody), &s.memory)
	defer func() { s.memory.give(took) }()
	switch {
	case errors.Is(err, errFull):
		s.refuseFull(w, "there is no memory for another body (max_pending)")
		return
	case errors.Is(err, errTooLarge):
		w.Header().Set("Connection", "close")
		refuse(w, http.StatusRequestEntityTooLarge, fmt.Sprintf("the body is larger than max_body, %d bytes", s.cfg.MaxBody))
		return
	case errors.Is(err, errEncoding):
		refuse(w, http.StatusUnsupportedMediaType, "the Content-Encoding can be gzip, or none")
		return
	case err != nil:
		w.Header().Set("Connection", "close")
		refuse(w, http.StatusBadRequest, "the body cannot be read: "+peer.Reason(err))
		return
	}
	s.bytes.Add(uint64(len(body)))
	s.wait(w, r, &request{body: body, form: f, answer: make(chan answer, 1)})
}

// wait puts q into the queue and answers when its fate is known.
func (s *source) wait(w http.ResponseWriter, r *http.Request, q *request) {
	select {
	case s.queue <- q:
	default:
		s.refuseFull(w, "as many requests wait as may (max_waiting)")
		return
	}
	patience := time.NewTimer(time.Duration(s.cfg.Timeout))
	defer patience.Stop()
	// What was withdrawn stays in the queue, without its body, until Read meets it.
	withdraw := func() bool {
		ok := q.fate.CompareAndSwap(waiting, withdrawn)
		if ok {
			q.body = nil
		}
		return ok
	}
	select {
	case a := <-q.answer:
		reply(w, a)
		return
	case <-patience.C:
		if withdraw() {
			s.refuseFull(w, "the pipeline did not take the rows in time")
			return
		}
	case <-s.draining:
		if withdraw() {
			s.refuseDraining(w)
			return
		}
	case <-r.Context().Done():
		if withdraw() {
			return // nobody is there to be told
		}
	}
	reply(w, <-q.answer)
}

// authorized compares digests, so that the time it takes tells nothing of the token.
func (s *source) authorized(r *http.Request) bool {
	if s.cfg.Token == "" {
		return true
	}
	scheme, given, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	a, b := sha256.Sum256([]byte(strings.TrimSpace(given))), sha256.Sum256([]byte(s.cfg.Token))
	return strings.EqualFold(scheme, "Bearer") && subtle.ConstantTimeCompare(a[:], b[:]) == 1
}

func (s *source) refuseFull(w http.ResponseWriter, why string) {
	s.rt.WarnEvery("full", "refused a request with 429: "+why)
	w.Header().Set("Retry-After", "1")
	refuse(w, http.StatusTooManyRequests, why)
}

func (s *source) refuseDraining(w http.ResponseWriter) {
	w.Header().Set("Retry-After", "1")
	w.Header().Set("Connection", "close")
	refuse(w, http.StatusServiceUnavailable, "the run ends; nothing of this request was taken")
}

func refuse(w http.ResponseWriter, status int, why string) {
	reply(w, answer{status: status, Error: why})
}

func reply(w http.ResponseWriter, a answer) {
	text, err := json.Marshal(a)
	if err != nil {
		panic("http: an answer has no form: " + err.Error()) // it is text and numbers
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(a.status)
	_, _ = w.Write(append(text, '\n'))
}
