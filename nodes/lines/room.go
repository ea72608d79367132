package lines

// room is a buffer to read into that is as large as the reads need: small while little comes, so that idle sources cost
// little, and large under load, so that one read takes what has piled up.
type room struct {
	most  int
	chunk []byte
	full  bool // the last read filled the chunk: more was there, perhaps
	small int  // reads since one took more than a part of the chunk
}

const (
	leastRoom  = 16 << 10
	roomGrows  = 4
	roomSpares = 8  // a read of less than such a part of the chunk would have fitted a smaller one
	roomStays  = 64 // so many of those in a row make it smaller
)

// next is the buffer for the next read.
func (r *room) next() []byte {
	size := len(r.chunk)
	switch {
	case size == 0:
		size = leastRoom
	case r.full:
		size *= roomGrows
	case r.small >= roomStays:
		size = max(size/roomGrows, leastRoom)
	}
	if size = min(size, r.most); size != len(r.chunk) {
		r.chunk, r.small = make([]byte, size), 0
	}
	return r.chunk
}

// took is what a read of n bytes brought into the buffer.
func (r *room) took(n int) []byte {
	r.full = n == len(r.chunk)
	if r.small++; n >= len(r.chunk)/roomSpares {
		r.small = 0
	}
	return r.chunk[:n]
}
