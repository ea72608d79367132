package file

import (
	"bufio"
	"hash/crc32"
	"io"
	"sync/atomic"
)

// written is a file that is being written, with the length and the checksum of what left its buffer.
type written struct {
	file   output
	out    *bufio.Writer
	size   atomic.Int64 // bytes in the file
	sum    uint32       // of them
	synced int64        // size when they were last made durable; -1: never
}

const bufferSize = 64 << 10

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// newWritten goes on behind what is in file, which is of the given size and checksum.
func newWritten(file output, size int64, sum uint32) *written {
	w := &written{file: file, sum: sum, synced: -1}
	w.size.Store(size)
	w.out = bufio.NewWriterSize((*direct)(w), bufferSize)
	return w
}

// direct writes behind the buffer, and counts.
type direct written

func (d *direct) Write(b []byte) (int, error) {
	n, err := d.file.Write(b)
	d.size.Add(int64(n))
	d.sum = crc32.Update(d.sum, castagnoli, b[:n])
	return n, err
}

// sync makes all of it durable.
func (w *written) sync() error {
	if err := w.out.Flush(); err != nil {
		return err
	}
	if w.synced == w.size.Load() {
		return nil
	}
	if err := w.file.Sync(); err != nil {
		return err
	}
	w.synced = w.size.Load()
	return nil
}

// checksum reads the first size bytes of r, fewer where it has fewer, and gives how many those were.
func checksum(r io.Reader, size int64) (read int64, sum uint32, err error) {
	buf := make([]byte, bufferSize)
	r = io.LimitReader(r, size)
	for {
		n, err := r.Read(buf)
		read += int64(n)
		sum = crc32.Update(sum, castagnoli, buf[:n])
		if err == io.EOF {
			return read, sum, nil
		}
		if err != nil {
			return read, sum, err
		}
	}
}
