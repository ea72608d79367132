package bench

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// PartsEvery is how often is looked for the next part; latencies are too long by up to so much, and a sleep.
const PartsEvery = 100 * time.Microsecond

// Parts reads the parts of text that a file sink puts into a directory, one after the other, each as soon as it shows.
type Parts struct {
	Dir  string
	Done <-chan struct{} // no more parts come
	next int
	file *os.File
}

// Read implements io.Reader. It waits for the next part.
func (p *Parts) Read(b []byte) (int, error) {
	for {
		if p.file == nil {
			if err := p.open(); err != nil {
				return 0, err
			}
		}
		n, err := p.file.Read(b)
		if n > 0 || err != nil && !errors.Is(err, io.EOF) {
			return n, err
		}
		p.Close()
	}
}

func (p *Parts) open() error {
	name := filepath.Join(p.Dir, fmt.Sprintf("part-%08d.txt", p.next))
	for over := false; ; {
		f, err := os.Open(name)
		switch {
		case err == nil:
			p.file = f
			p.next++
			return nil
		case !errors.Is(err, fs.ErrNotExist):
			return err
		case over:
			return io.EOF
		}
		select {
		case <-p.Done:
			over = true // one look more
		default:
			time.Sleep(PartsEvery)
		}
	}
}

// Close lets go of the part that is being read.
func (p *Parts) Close() {
	if p.file != nil {
		_ = p.file.Close() // it was only read
		p.file = nil
	}
}
