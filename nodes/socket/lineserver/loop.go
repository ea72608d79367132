package lineserver

import (
	"errors"
	"fmt"
	"io"
)

// Loop reads r to its end and begins anew, for ever. The end of r counts as the end of a line. An r with nothing in it is
// an error.
func Loop(r io.ReadSeeker) io.Reader { return &loop{r: r, last: '\n'} }

type loop struct {
	r    io.ReadSeeker
	some bool // this round brought something
	last byte // the last byte read
}

func (l *loop) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	for {
		n, err := l.r.Read(p)
		if n > 0 {
			l.some, l.last = true, p[n-1]
			return n, nil
		}
		if !errors.Is(err, io.EOF) {
			return 0, err
		}
		if l.last != '\n' {
			l.last, p[0] = '\n', '\n'
			return 1, nil
		}
		if !l.some {
			return 0, errors.New("there is nothing in it to repeat")
		}
		l.some = false
		if _, err := l.r.Seek(0, io.SeekStart); err != nil {
			return 0, fmt.Errorf("begin anew: %w", err)
		}
	}
}
