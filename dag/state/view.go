package state

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"math/bits"
)

// view is a text in 16 bytes. A text of up to 15 bytes is inside: its bytes from the lowest of a on, its length plus one in the
// top byte of b, so that two equal short texts are two equal views. A longer one has longTag there, its length in the
// lower half of b and its place in a. The zero view is null.
type view struct{ a, b uint64 }

const (
	inlineMax = 15
	tagShift  = 56
	longTag   = 0xFF
)

func (v view) null() bool { return v.b == 0 }
func (v view) long() bool { return v.b>>tagShift == longTag }

// size is the length in bytes.
func (v view) size() int {
	switch tag := v.b >> tagShift; tag {
	case 0:
		return 0
	case longTag:
		return int(uint32(v.b))
	default:
		return int(tag) - 1
	}
}

func longView(place uint64, size int) view {
	return view{place, longTag<<tagShift | uint64(uint32(size))}
}

// viewOf makes the view of data[beg:end]; a long one has beg as its place.
func viewOf(data []byte, beg, end int) view {
	n := end - beg
	if n > inlineMax {
		return longView(uint64(beg), n)
	}
	var v view
	if beg+16 <= len(data) {
		v.a = binary.LittleEndian.Uint64(data[beg:])
		v.b = binary.LittleEndian.Uint64(data[beg+8:])
	} else {
		var tail [16]byte
		copy(tail[:], data[beg:end])
		v.a = binary.LittleEndian.Uint64(tail[:])
		v.b = binary.LittleEndian.Uint64(tail[8:])
	}
	return v.cut(n)
}

// cut makes a view of n bytes, at most inlineMax, of 16 that are at hand. It has no branch: a shift by 64 or more gives 0.
func (v view) cut(n int) view {
	v.a &= 1<<(8*uint(n)) - 1
	v.b = v.b&(1<<(8*uint(max(n-8, 0)))-1) | uint64(n+1)<<tagShift
	return v
}

// viewsOf makes the views of the texts between offsets, one more than there are views.
func viewsOf(views []view, data []byte, offsets []int32) {
	if len(views) == 0 {
		return
	}
	beg := int(offsets[0])
	for i, next := range offsets[1 : len(views)+1] {
		end := int(next)
		if n := end - beg; uint(n) <= inlineMax && beg+16 <= len(data) {
			near := data[beg : beg+16 : beg+16]
			views[i] = view{binary.LittleEndian.Uint64(near), binary.LittleEndian.Uint64(near[8:])}.cut(n)
		} else {
			views[i] = viewOf(data, beg, end)
		}
		beg = end
	}
}

// put writes the bytes of a short view.
func (v view) put(dst *[16]byte) {
	binary.LittleEndian.PutUint64(dst[:], v.a)
	binary.LittleEndian.PutUint64(dst[8:], v.b)
}

// compareShort orders two short views as their bytes are ordered.
func compareShort(x, y view) int {
	if c := cmp.Compare(bits.ReverseBytes64(x.a), bits.ReverseBytes64(y.a)); c != 0 {
		return c
	}
	const body = 1<<tagShift - 1
	if c := cmp.Compare(bits.ReverseBytes64(x.b&body), bits.ReverseBytes64(y.b&body)); c != 0 {
		return c
	}
	return cmp.Compare(x.b>>tagShift, y.b>>tagShift)
}

// arena keeps the bytes of long texts in chunks, which never move, so that growing copies nothing. A place is the number
// of the chunk in its upper half and the offset in the lower.
type arena struct {
	chunks [][]byte
	bytes  int64 // of all chunks
	dead   int64 // of texts that were replaced
}

const (
	firstChunk = 4 << 10
	largeChunk = 1 << 20
)

func (a *arena) add(text []byte) uint64 {
	last := len(a.chunks) - 1
	if last < 0 || cap(a.chunks[last])-len(a.chunks[last]) < len(text) {
		size := max(int(min(max(a.bytes, firstChunk), largeChunk)), len(text))
		a.chunks = append(a.chunks, make([]byte, 0, size))
		a.bytes += int64(size)
		last++
	}
	at := len(a.chunks[last])
	a.chunks[last] = append(a.chunks[last], text...)
	return uint64(last)<<32 | uint64(at)
}

// text gives the bytes of a long view.
func (a *arena) text(v view) []byte {
	at := int(uint32(v.a))
	return a.chunks[v.a>>32][at : at+v.size()]
}

// clear forgets all texts and keeps one chunk for the next ones, unless little of it was used.
func (a *arena) clear() {
	chunks := a.chunks
	*a = arena{}
	if n := len(chunks); n > 0 {
		if last := chunks[n-1]; cap(last) <= max(firstChunk, min(4*len(last), largeChunk)) {
			a.chunks, a.bytes = append(chunks[:0], last[:0]), int64(cap(last))
			clear(chunks[1:])
		}
	}
}

// equal compares a view over data with one over the arena.
func (a *arena) equal(v view, data []byte, w view) bool {
	if v.b != w.b {
		return false
	}
	if !v.long() {
		return v.a == w.a
	}
	return bytes.Equal(data[v.a:v.a+uint64(v.size())], a.text(w))
}
