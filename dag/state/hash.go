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
	hashLane  = 0xD6E8FEB86659FD93
)

func mix(x, y uint64) uint64 {
	hi, lo := bits.Mul64(x^hashLeft, y^hashRight)
	return hi ^ lo
}

// HashKeys gives the hash of each row of loaded keys, as many as h has room for. Equal keys of equal types have equal hashes;
// null is a value like any other.
func HashKeys(keys []*Vector, h []uint64) { hashRows(keys, 0, h) }

// LaneOf gives the lane, of so many, that keys with a hash belong to. It depends on other bits than the places in a table do, so
// that the keys of one lane spread over its tables as all keys would.
func LaneOf(h uint64, lanes int) int {
	lane, _ := bits.Mul64(mix(h, hashLane), uint64(lanes))
	return int(lane)
}

// hashRows gives the hash of rows of loaded keys, from the given one on, as many as h has room for.
func hashRows(keys []*Vector, from int, h []uint64) {
	if len(keys) == 1 {
		keys[0].hashAlone(from, h)
		return
	}
	for i := range h {
		h[i] = hashSeed
	}
	for _, v := range keys {
		v.hashInto(from, h)
	}
	for i := range h {
		h[i] = mix(h[i], hashEnd)
	}
}

// hashInto adds a loaded key column to the hashes of its rows.
func (v *Vector) hashInto(from int, h []uint64) {
	if v.Kind != Word {
		for i, w := range v.views[from : from+len(h)] {
			h[i] = mix(h[i], v.viewWord(w))
		}
		return
	}
	for i, w := range v.Words[from : from+len(h)] {
		if v.Nulls != nil && v.Nulls[from+i] {
			w = hashNull
		}
		h[i] = mix(h[i], w)
	}
}

// hashAlone is hashRows of one key column, in one pass.
func (v *Vector) hashAlone(from int, h []uint64) {
	switch {
	case v.Kind != Word:
		for i, w := range v.views[from : from+len(h)] {
			if w.long() {
				h[i] = mix(mix(hashSeed, v.viewWord(w)), hashEnd)
			} else {
				h[i] = mix(mix(hashSeed, mix(w.a, w.b)), hashEnd)
			}
		}
	case v.Nulls == nil:
		for i, w := range v.Words[from : from+len(h)] {
			h[i] = mix(mix(hashSeed, w), hashEnd)
		}
	default:
		nulls := v.Nulls[from : from+len(h)]
		for i, w := range v.Words[from : from+len(h)] {
			if nulls[i] {
				w = hashNull
			}
			h[i] = mix(mix(hashSeed, w), hashEnd)
		}
	}
}

// viewWord is what stands for a text in the hash of its row.
func (v *Vector) viewWord(w view) uint64 {
	if w.long() {
		return xxh3.Hash(v.data[w.a : w.a+uint64(w.size())])
	}
	return mix(w.a, w.b)
}

// resize gives a slice of n entries with any content, s itself where it is large enough.
func resize[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n, n+n/4)
	}
	return s[:n]
}
