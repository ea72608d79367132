package file

import (
	"bytes"
	"errors"
	"testing"
)

// packer keeps what it is given, and fails once it has had enough.
type packer struct {
	bytes.Buffer
	room   int
	closed int
}

var errFull = errors.New("full")

func (p *packer) Write(b []byte) (int, error) {
	if p.Len()+len(b) > p.room {
		return 0, errFull
	}
	return p.Buffer.Write(b)
}

func (p *packer) Close() error { p.closed++; return nil }

func TestBehindKeepsOrderAndTellsOfErrors(t *testing.T) {
	var text []byte
	for i := range 3 * behindBytes {
		text = append(text, byte(i*i>>7))
	}
	for _, piece := range []int{1000, behindBytes, len(text)} {
		all := &packer{room: len(text)}
		b := newBehind(all)
		for rest := text; len(rest) > 0; rest = rest[min(piece, len(rest)):] {
			if n, err := b.Write(rest[:min(piece, len(rest))]); err != nil || n != min(piece, len(rest)) {
				t.Fatal(n, err)
			}
		}
		if err := b.Close(); err != nil || !bytes.Equal(all.Bytes(), text) || all.closed != 1 {
			t.Errorf("by %d: %v, %d bytes of %d, closed %d times", piece, err, all.Len(), len(text), all.closed)
		}

		some := &packer{room: behindBytes}
		b = newBehind(some)
		var failed error
		for range 8 {
			if _, err := b.Write(text); err != nil {
				failed = err
			}
		}
		if err := b.Close(); !errors.Is(failed, errFull) || !errors.Is(err, errFull) || some.closed != 1 || some.Len() > behindBytes {
			t.Errorf("by %d: Write %v, Close %v, %d bytes, closed %d times", piece, failed, err, some.Len(), some.closed)
		}
	}
}
