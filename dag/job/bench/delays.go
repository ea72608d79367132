package bench

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"
)

// Delays are how long each line took that came, in seconds.
type Delays []float64

func (d Delays) sorted() []float64 { return slices.Sorted(slices.Values(d)) }

// ReadDelays reads what a pipeline prints, to the end of r, and finds when each line was sent that s sent at a rate. Lines
// that were not sent, and lines out of order, are an error: of them there is no telling.
func ReadDelays(r io.Reader, s *Sender) (Delays, error) {
	var d Delays
	buf := make([]byte, 64<<10)
	held, next := 0, 0
	for {
		n, err := r.Read(buf[held:])
		now := time.Now()
		text := buf[:held+n]
		for {
			end := bytes.IndexByte(text, '\n')
			if end < 0 {
				break
			}
			at, found := s.find(text[:end+1], &next)
			if !found {
				return d, fmt.Errorf("the line %q came out, which was not sent, or not in this order: the time of a line is known "+
					"where the pipeline leaves it as it is", clip(text[:end]))
			}
			d = append(d, now.Sub(at).Seconds())
			text = text[end+1:]
		}
		held = copy(buf, text)
		if err != nil {
			switch {
			case !errors.Is(err, io.EOF):
				return d, err
			case held > 0:
				return d, errors.New("the last line that came out has no end")
			case len(d) == 0:
				return d, errors.New("no line came out")
			}
			return d, nil
		}
		if held == len(buf) {
			return d, errors.New("a line came out that is longer than 64 KiB")
		}
	}
}

// find looks for a line from the next one on and moves next behind it.
func (s *Sender) find(line []byte, next *int) (time.Time, bool) {
	for n := *next; ; n++ {
		sent, ok := s.line(n)
		if !ok {
			return time.Time{}, false
		}
		if bytes.Equal(sent.text, line) {
			*next = n + 1
			return sent.at, true
		}
	}
}

func clip(text []byte) []byte { return text[:min(len(text), 80)] }
