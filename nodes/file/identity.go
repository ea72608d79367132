package file

import (
	"errors"
	"hash/fnv"
	"io"
)

// identity is the system's own number of a file, which a new name does not change. The zero identity: there is none.
type identity struct{ device, number uint64 }

// maxHead is how many bytes of a file's beginning tell it from another one.
const maxHead = 256

// head is the beginning of a file as it was seen: its length, at most maxHead, and its hash. A file that only grows keeps
// it; one that was replaced, or cut and written again, does not.
type head struct {
	size int
	sum  uint64
}

// headOf reads the head of a file.
func headOf(r io.ReaderAt) (head, error) { return readHead(r, maxHead) }

// begins reports whether r still begins with the head.
func (h head) begins(r io.ReaderAt) (bool, error) {
	now, err := readHead(r, h.size)
	return now == h, err
}

func readHead(r io.ReaderAt, size int) (head, error) {
	var buf [maxHead]byte
	n, err := r.ReadAt(buf[:size], 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return head{}, err
	}
	sum := fnv.New64a()
	sum.Write(buf[:n])
	return head{size: n, sum: sum.Sum64()}, nil
}
