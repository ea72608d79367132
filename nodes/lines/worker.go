package lines

import (
	"context"
	"io"
)

// worker reads on a goroutine of its own, one read for one question.
type worker struct {
	questions chan int // how many bytes at the most
	answers   chan answer
	asked     bool   // a question is out; used by the asker only
	rest      []byte // of an answer that did not fit; used by the asker only
	restErr   error
}

type answer struct {
	p   []byte
	err error
}

func newWorker(r io.Reader) *worker {
	w := &worker{questions: make(chan int, 1), answers: make(chan answer, 1)}
	go func() {
		var buf []byte
		for n := range w.questions {
			if cap(buf) < n {
				buf = make([]byte, n)
			}
			n, err := r.Read(buf[:n])
			// The asker copies out of buf before it asks again, so buf is free when the next question comes. The channel
			// has room for the one answer, so nothing blocks here when nobody listens any more.
			w.answers <- answer{buf[:n], err}
		}
	}()
	return w
}

// ask asks for up to n bytes unless an answer is due or there is some left.
func (w *worker) ask(n int) {
	if !w.asked && len(w.rest) == 0 && w.restErr == nil {
		w.asked = true
		w.questions <- n
	}
}

// answered copies out what is there without waiting.
func (w *worker) answered(p []byte) (int, error, bool) {
	if len(w.rest) > 0 || w.restErr != nil {
		n, err := w.take(p)
		return n, err, true
	}
	select {
	case a := <-w.answers:
		n, err := w.keep(a, p)
		return n, err, true
	default:
		return 0, nil, false
	}
}

func (w *worker) await(ctx context.Context, p []byte) (int, error) {
	select {
	case a := <-w.answers:
		return w.keep(a, p)
	case <-ctx.Done():
		return 0, ctx.Err()
	}
}

func (w *worker) keep(a answer, p []byte) (int, error) {
	w.asked, w.rest, w.restErr = false, a.p, a.err
	return w.take(p)
}

func (w *worker) take(p []byte) (int, error) {
	n := copy(p, w.rest)
	w.rest = w.rest[n:]
	if len(w.rest) > 0 {
		return n, nil
	}
	err := w.restErr
	if n > 0 {
		return n, nil // the error stays for the next time
	}
	if err != io.EOF {
		w.restErr = nil
	}
	return n, err
}

func (w *worker) close() { close(w.questions) }
