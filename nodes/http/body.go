package http

import (
	"compress/gzip"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
)

// budget is the memory that all bodies may take together.
type budget struct{ left atomic.Int64 }

// take takes n bytes, unless there is not so much.
func (b *budget) take(n int64) bool {
	if b.left.Add(-n) < 0 {
		b.left.Add(n)
		return false
	}
	return true
}

func (b *budget) give(n int64) { b.left.Add(n) }

var (
	errFull     = errors.New("no memory left for another body")
	errTooLarge = errors.New("the body is too large")
	errEncoding = errors.New("unknown Content-Encoding")
)

// unpacking is about what it takes to unpack a body.
const unpacking = 48 << 10

// readBody reads a request's body, unpacked, of at most limit bytes, into memory that it takes from b as the bytes come. It
// returns how much it took, also with an error.
func readBody(w http.ResponseWriter, r *http.Request, limit int64, b *budget) (body []byte, took int64, err error) {
	var in io.Reader = http.MaxBytesReader(w, r.Body, limit)
	switch encoding := strings.ToLower(r.Header.Get("Content-Encoding")); encoding {
	case "", "identity":
	case "gzip", "x-gzip":
		if !b.take(unpacking) {
			return nil, 0, errFull
		}
		defer b.give(unpacking)
		packed, err := gzip.NewReader(in)
		if err != nil {
			return nil, 0, tooLarge(err)
		}
		in = packed
	default:
		return nil, 0, errEncoding
	}
	for {
		if len(body) == cap(body) {
			more := max(int64(cap(body)), 4<<10)
			if r.ContentLength > 0 && r.ContentLength < more {
				more = r.ContentLength + 1 // one for the end to be seen
			}
			if more = min(more, limit+1-int64(cap(body))); more <= 0 {
				return nil, took, errTooLarge
			}
			if !b.take(more) {
				return nil, took, errFull
			}
			took += more
			grown := make([]byte, len(body), int64(cap(body))+more)
			copy(grown, body)
			body = grown
		}
		n, err := in.Read(body[len(body):cap(body)])
		body = body[:len(body)+n]
		switch {
		case int64(len(body)) > limit:
			return nil, took, errTooLarge
		case err == io.EOF:
			return body, took, nil
		case err != nil:
			return nil, took, tooLarge(err)
		}
	}
}

func tooLarge(err error) error {
	if large := (*http.MaxBytesError)(nil); errors.As(err, &large) {
		return errTooLarge
	}
	return err
}
