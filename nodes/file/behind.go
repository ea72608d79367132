package file

import (
	"io"
	"sync/atomic"
)

// behind packs what is written to it in a goroutine of its own, so that the rows that follow are made meanwhile. It is at
// most two buffers behind. Close ends the data and the goroutine, and is called once, after an error too.
type behind struct {
	pack  io.WriteCloser
	buf   []byte
	full  chan []byte
	free  chan []byte
	ended chan struct{}
	err   atomic.Pointer[error] // the first
}

const behindBytes = 256 << 10

func newBehind(pack io.WriteCloser) *behind {
	b := &behind{pack: pack, full: make(chan []byte, 1), free: make(chan []byte, 2), ended: make(chan struct{})}
	b.free <- nil
	b.free <- nil
	go b.run()
	return b
}

func (b *behind) run() {
	defer close(b.ended)
	for text := range b.full {
		if b.err.Load() == nil {
			_, err := b.pack.Write(text)
			b.fail(err)
		}
		b.free <- text[:0]
	}
	b.fail(b.pack.Close())
}

func (b *behind) fail(err error) {
	if err != nil {
		b.err.CompareAndSwap(nil, &err)
	}
}

// Write copies text. Its error may be that of an earlier Write.
func (b *behind) Write(text []byte) (int, error) {
	for rest := text; len(rest) > 0; {
		if err := b.err.Load(); err != nil {
			return 0, *err
		}
		if b.buf == nil {
			if b.buf = <-b.free; b.buf == nil {
				b.buf = make([]byte, 0, behindBytes)
			}
		}
		n := min(len(rest), cap(b.buf)-len(b.buf))
		b.buf, rest = append(b.buf, rest[:n]...), rest[n:]
		if len(b.buf) == cap(b.buf) {
			b.full <- b.buf
			b.buf = nil
		}
	}
	return len(text), nil
}

// Close packs the rest, and returns the first error of all.
func (b *behind) Close() error {
	if len(b.buf) > 0 {
		b.full <- b.buf
	}
	close(b.full)
	<-b.ended
	if err := b.err.Load(); err != nil {
		return *err
	}
	return nil
}
