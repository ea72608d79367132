package state

import (
	"math/bits"

	"github.com/zeebo/xxh3"
)

// Odd constants without structure; changing one changes where stored state belongs.
const (
	hashSeed  = 0x9E3779B97F4A7C15
	hashLeft  = 0xA0761D6478BD642F
	hashRight = 0xE7037ED1A0B428DB
	hashEnd   = 0x8EBC6AF09C88C6E3
	hashNull  = 0x589965CC75374CC3
)

func mix(x, y uint64) uint64 {
	hi, lo := bits.Mul64(x^hashLeft, y^hashRight)
	return hi ^ lo
}

// hashInto adds a loaded key column to the hashes of its rows.
func (v *Vector) hashInto(h []uint64) {
	if v.Kind != Word {
		v.hashViews(h)
		return
	}
	words := v.Words[:len(h)]
	if v.Nulls == nil {
		for i, w := range words {
			h[i] = mix(h[i], w)
		}
		return
	}
	nulls := v.Nulls[:len(h)]
	for i, w := range words {
		if nulls[i] {
			w = hashNull
		}
		h[i] = mix(h[i], w)
	}
}

func (v *Vector) hashViews(h []uint64) {
	views := v.views[:len(h)]
	for i, w := range views {
		if w.long() {
			h[i] = mix(h[i], xxh3.Hash(v.data[w.a:w.a+uint64(w.size())]))
		} else {
			h[i] = mix(h[i], mix(w.a, w.b))
		}
	}
}

// hashKeys gives the hash of each of n rows.
func hashKeys(keys []*Vector, n int, h []uint64) []uint64 {
	h = resize(h, n)
	for i := range h {
		h[i] = hashSeed
	}
	for _, v := range keys {
		v.hashInto(h)
	}
	for i := range h {
		h[i] = mix(h[i], hashEnd)
	}
	return h
}

// resize gives a slice of n entries with any content, s itself where it is large enough.
func resize[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n, n+n/4)
	}
	return s[:n]
}
