package http

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"flowrun/dag/codec"
	"flowrun/dag/retry"
	"flowrun/dag/schema"
	"flowrun/nodes/peer"
)

// send delivers one request, trying again as long as that can help. It returns why the server does not want it, or the error
// that ends the run.
func (s *sink) send(ctx context.Context, p *payload) (refusal string, err error) {
	begun, limit := s.rt.Now(), duration(s.cfg.Retry.MaxElapsed)
	pause := retry.Backoff{Shortest: duration(s.cfg.Retry.Shortest), Longest: duration(s.cfg.Retry.Longest)}
	for {
		r := s.attempt(ctx, p)
		switch {
		case ctx.Err() != nil:
			return "", context.Cause(ctx)
		case r.delivered:
			return "", nil
		case !r.again:
			return r.text, nil
		}
		left := limit - s.rt.Now().Sub(begun)
		if left <= 0 {
			return "", fmt.Errorf("%s: %s; gave up after %v (retry.max_elapsed)", s.place, r.text, limit)
		}
		wait := min(max(pause.Next(), r.after), left)
		s.rt.WarnEvery("retry: "+r.cause, "cannot deliver to "+s.place+", trying on", "error", r.text)
		if err := s.sleep(ctx, wait, r.cause); err != nil {
			return "", err
		}
	}
}

// sleep waits and says on the node what for.
func (s *sink) sleep(ctx context.Context, d time.Duration, cause string) error {
	s.rt.Status(fmt.Sprintf("%s: %s, retry in %ds", s.place, cause, int((d+time.Second-1)/time.Second)))
	defer s.rt.Status("")
	select {
	case <-s.rt.After(d):
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// result is how one attempt went.
type result struct {
	delivered bool
	again     bool          // another attempt may help
	after     time.Duration // the server asks to wait so long
	text      string        // what the server said, or what went wrong
	cause     string        // the same in few different words
}

const (
	// maxHead is how much of an answer is shown.
	maxHead = 300
	// maxAnswer is how much of an answer is read, so that its connection can be used again.
	maxAnswer = 64 << 10
)

func (s *sink) attempt(ctx context.Context, p *payload) result {
	ctx, cancel := context.WithTimeout(ctx, duration(s.cfg.Timeout))
	defer cancel()
	req, err := s.request(ctx, p)
	if err != nil {
		return result{text: err.Error()}
	}
	resp, err := s.client.Do(req)
	if err != nil {
		var named *url.Error // it would show the whole url
		if errors.As(err, &named) {
			err = named.Err
		}
		cause := peer.Reason(err)
		return result{again: true, text: cause, cause: cause}
	}
	defer func() { _ = resp.Body.Close() }()
	head, _ := io.ReadAll(io.LimitReader(resp.Body, maxHead+1))
	_, _ = io.CopyN(io.Discard, resp.Body, maxAnswer)
	r := result{text: status(resp, head), cause: strconv.Itoa(resp.StatusCode)}
	switch code := resp.StatusCode; {
	case code >= 200 && code < 300:
		r.delivered = true
	case code == http.StatusTooManyRequests || code >= 500:
		r.again, r.after = true, retryAfter(resp.Header.Get("Retry-After"), s.rt.Now())
	}
	return r
}

func (s *sink) request(ctx context.Context, p *payload) (*http.Request, error) {
	address := s.cfg.URL
	if p.url != "" {
		address = p.url
	}
	req, err := http.NewRequestWithContext(ctx, s.cfg.Method, address, bytes.NewReader(p.body))
	if err != nil {
		return nil, err
	}
	h := req.Header
	h.Set("User-Agent", "flowrun")
	h.Set("Content-Type", s.contentType())
	if s.cfg.Token != "" {
		h.Set("Authorization", "Bearer "+s.cfg.Token)
	}
	for name, value := range s.cfg.Headers {
		h.Set(name, value)
	}
	for i, value := range p.headers {
		h.Set(s.special.headers[i].name, value)
	}
	if host := h.Get("Host"); host != "" {
		req.Host = host
		h.Del("Host")
	}
	if sig := s.cfg.Signature; sig != nil {
		mac := hmac.New(sha256.New, []byte(sig.Secret))
		mac.Write(p.body)
		h.Set(sig.Header, "sha256="+hex.EncodeToString(mac.Sum(nil)))
	}
	return req, nil
}

func (s *sink) contentType() string {
	switch {
	case s.format.Name == "csv":
		if c, ok := s.format.Config.(codec.CSV); ok && c.Delimiter == codec.TSV.Delimiter {
			return "text/tab-separated-values; charset=utf-8"
		}
		return "text/csv; charset=utf-8"
	case s.format.Name != "json":
		return "text/plain; charset=utf-8"
	case s.cfg.Batch == "ndjson":
		return "application/x-ndjson"
	}
	return "application/json"
}

// status is a refusal in one line: the status, and what the server says about it.
func status(resp *http.Response, head []byte) string {
	text := strconv.Itoa(resp.StatusCode)
	if name := http.StatusText(resp.StatusCode); name != "" {
		text += " " + name
	}
	if to := resp.Header.Get("Location"); to != "" && resp.StatusCode/100 == 3 {
		text += " to " + schema.Escape(to[:min(len(to), maxHead)])
	}
	more := ""
	if len(head) > maxHead {
		head, more = head[:maxHead], "..."
	}
	if said := strings.TrimSpace(strings.ToValidUTF8(string(head), "")); said != "" {
		text += ": " + schema.Escape(said) + more
	}
	return text
}

// retryAfter reads a Retry-After: seconds, or a date; 0: none.
func retryAfter(text string, now time.Time) time.Duration {
	if seconds, err := strconv.ParseUint(text, 10, 31); err == nil {
		return time.Duration(seconds) * time.Second
	}
	if at, err := http.ParseTime(text); err == nil {
		return max(at.Sub(now), 0)
	}
	return 0
}
