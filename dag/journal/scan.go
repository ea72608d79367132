package journal

import (
	"encoding/binary"
	"io"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// window is how many bytes of a segment are read at a time, at least.
const window = 256 << 10

// scanner reads the records of one segment in order.
type scanner struct {
	file vfs.File
	size int64 // of the file
	at   int64 // of the next record
	seed uint32

	buf  []byte // what stands at from
	from int64
}

// next returns the next record, whose payload is good until the next call. Where there is no whole one it returns false, and at
// stays where it was.
func (s *scanner) next() (f frame, ok bool, err error) {
	if s.size-s.at < frameSize {
		return f, false, nil
	}
	b, err := s.peek(frameSize)
	if err != nil {
		return f, false, err
	}
	length := int64(binary.LittleEndian.Uint32(b[4:]))
	if length > s.size-s.at-frameSize {
		return f, false, nil
	}
	if b, err = s.peek(frameSize + int(length)); err != nil {
		return f, false, err
	}
	if f, ok = parseFrame(b, s.seed); ok {
		s.at += frameSize + length
	}
	return f, ok, nil
}

// peek returns size bytes that stand at s.at; they are known to be there.
func (s *scanner) peek(size int) ([]byte, error) {
	off := s.at - s.from
	if off < 0 || off+int64(size) > int64(len(s.buf)) {
		take := int(min(int64(max(size, window)), s.size-s.at))
		if cap(s.buf) < take {
			s.buf = make([]byte, take)
		}
		s.buf, s.from = s.buf[:take], s.at
		n, err := s.file.ReadAt(s.buf, s.at)
		if err != nil && err != io.EOF {
			s.buf = s.buf[:0]
			return nil, err
		}
		clear(s.buf[n:]) // of a file that is shorter than it said; zeros are no record
		off = 0
	}
	return s.buf[off : off+int64(size)], nil
}

// readAll returns the bytes of a file from an offset on.
func readAll(f vfs.File, from, size int64) ([]byte, error) {
	b := make([]byte, max(size-from, 0))
	n, err := f.ReadAt(b, from)
	if err == io.EOF {
		err = nil
	}
	return b[:n], err
}
