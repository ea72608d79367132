package expr

// scratch lends slices to the kernels of one evaluation and takes them all back at its end, so that a batch costs no
// allocation once the buffers have grown to its size.
type scratch struct {
	bools  pool[bool]
	ints   pool[int64]
	floats pool[float64]
	places pool[int32]
	bytes  pool[byte]
}

// keepBytes bounds what a byte buffer may keep from one batch to the next, since one row can be as long as it likes.
const keepBytes = 4 << 20

func (s *scratch) reset() {
	s.bools.used, s.ints.used, s.floats.used, s.places.used = 0, 0, 0, 0
	for i := range s.bytes.bufs[:s.bytes.used] {
		if cap(s.bytes.bufs[i]) > keepBytes {
			s.bytes.bufs[i] = nil
		}
	}
	s.bytes.used = 0
}

type pool[T any] struct {
	bufs [][]T
	used int
}

// get lends a slice of n entries with arbitrary content.
func (p *pool[T]) get(n int) []T {
	if p.used == len(p.bufs) {
		p.bufs = append(p.bufs, nil)
	}
	b := p.bufs[p.used]
	if cap(b) < n {
		b = make([]T, n, roundUp(n))
		p.bufs[p.used] = b
	}
	p.used++
	return b[:n]
}

// zeroed lends a slice of n zero entries.
func (p *pool[T]) zeroed(n int) []T {
	b := p.get(n)
	clear(b)
	return b
}

// grow lends an empty slice to append to. The slot that it fills is to be given to keep with the grown slice, so that
// the next batch finds the larger buffer.
func (p *pool[T]) grow(n int) (slot int, b []T) {
	b = p.get(n)
	return p.used - 1, b[:0]
}

func (p *pool[T]) keep(slot int, b []T) { p.bufs[slot] = b }

// roundUp leaves room for batches that are a little larger than the first.
func roundUp(n int) int { return (n + n/8 + 63) &^ 63 }
