package state

// valueRoom is where the values of a save lie until the next one. It is taken in pieces that stay where they are, since the operator
// stands still meanwhile, and copying them to ever longer ones would take as long as all the rest.
type valueRoom struct {
	pieces [][]byte
	at     int   // the piece that is being filled
	size   int64 // of what was taken
}

// The sizes of pieces: each is twice as long as the one before it, up to the longest.
const (
	shortestPiece = 4 << 10
	longestPiece  = 1 << 20
)

// take gives an empty slice with room for n bytes, which lies nowhere else.
func (r *valueRoom) take(n int) []byte {
	r.size += int64(n)
	for ; r.at < len(r.pieces); r.at++ {
		if p := r.pieces[r.at]; cap(p)-len(p) >= n {
			r.pieces[r.at] = p[:len(p)+n]
			return p[len(p) : len(p) : len(p)+n]
		}
	}
	size := shortestPiece
	if r.at > 0 {
		size = min(2*cap(r.pieces[r.at-1]), longestPiece)
	}
	p := make([]byte, n, max(n, size))
	r.pieces = append(r.pieces, p)
	return p[:0:n]
}

// clear makes all of it free again, and lets go of what was not needed since it was last cleared.
func (r *valueRoom) clear() {
	keep := min(r.at+1, len(r.pieces))
	clear(r.pieces[keep:])
	r.pieces, r.at, r.size = r.pieces[:keep], 0, 0
	for i, p := range r.pieces {
		r.pieces[i] = p[:0]
	}
}
