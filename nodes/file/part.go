package file

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync/atomic"

	"flowrun/dag/op"
)

// part is a file that is being written, hidden until it is done.
type part struct {
	path, hidden string
	file         output
	out          *bufio.Writer
	pack         io.WriteCloser
	flushed      atomic.Int64  // bytes that left out
	done         chan struct{} // closed when it is finished or removed
}

const bufferSize = 64 << 10

// hidden is the name under which a file is written until it is done.
func hidden(path string) string {
	return filepath.Join(filepath.Dir(path), "."+filepath.Base(path)+hiddenEnding)
}

const hiddenEnding = ".flowrun"

// create begins the file that is to show at path.
func (s *sink) create(path string) (*part, error) {
	p := &part{path: path, hidden: hidden(path), done: make(chan struct{})}
	var err error
	if p.file, err = s.disk.create(p.hidden); err != nil {
		return nil, p.failed(err)
	}
	p.out = bufio.NewWriterSize(&counted{p}, bufferSize)
	if p.pack, err = s.how.writer(p.out); err != nil {
		p.remove()
		return nil, p.failed(err)
	}
	if s.how != plain {
		p.pack = newBehind(p.pack)
	}
	return p, nil
}

// counted writes to the file of a part and counts.
type counted struct{ p *part }

func (c *counted) Write(b []byte) (int, error) {
	n, err := c.p.file.Write(b)
	c.p.flushed.Add(int64(n))
	return n, err
}

func (p *part) write(text []byte) error {
	if _, err := p.pack.Write(text); err != nil {
		return p.failed(err)
	}
	return nil
}

// size is how large the file is so far, but for what a compressor, or what is written behind it, holds back.
func (p *part) size() int64 {
	if _, packed := p.pack.(*behind); packed {
		return p.flushed.Load() // out is the packer's
	}
	return p.flushed.Load() + int64(p.out.Buffered())
}

// finish makes the part durable and closes it.
func (p *part) finish() error {
	close(p.done)
	err := p.pack.Close()
	if err == nil {
		err = p.out.Flush()
	}
	if err == nil {
		err = p.file.Sync()
	}
	if closed := p.file.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return p.failed(err)
	}
	return nil
}

// remove gives up a part, finished or not.
func (p *part) remove() {
	select {
	case <-p.done:
	default:
		close(p.done)
		if p.pack != nil {
			p.pack.Close() // ends what the compressor runs
		}
		p.file.Close()
	}
	os.Remove(p.hidden)
}

func (p *part) failed(err error) error { return fmt.Errorf("write %s: %w", p.path, reason(err)) }

// show gives a durable file its name. Done twice it does nothing.
func (s *sink) show(hidden, path string) error {
	err := s.disk.rename(hidden, path)
	if errors.Is(err, fs.ErrNotExist) {
		if _, there := os.Stat(path); there == nil {
			err = nil
		}
	}
	if err == nil {
		err = s.disk.syncDir(filepath.Dir(path))
	}
	if err != nil {
		return fmt.Errorf("show %s, which was written to %s: %w", path, hidden, cause(err))
	}
	return nil
}

// token names a finished part that does not show yet.
func token(p *part) op.Prepared {
	b := binary.AppendUvarint(nil, uint64(len(p.hidden)))
	b = append(b, p.hidden...)
	return append(b, p.path...)
}

func parseToken(b op.Prepared) (hidden, path string, err error) {
	p := parser{rest: b}
	hidden = string(p.bytes(p.number()))
	path = string(p.rest)
	if p.bad || hidden == "" || path == "" {
		return "", "", errors.New("the saved name of a file that is to show is damaged")
	}
	return hidden, path, nil
}

// cause is the error without the paths, which stand beside it.
func cause(err error) error {
	var le *os.LinkError
	if errors.As(err, &le) {
		return le.Err
	}
	return reason(err)
}

func ignoreMissing(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
