package state

import (
	"math"
	"unsafe"
)

// OrderOf maps a word to an int64 that is ordered as the values are. Those of floats are ordered by value, with NaN behind
// all others and -0.0 just before 0.0.
func OrderOf(w uint64, float bool) int64 {
	if !float {
		return int64(w)
	}
	if f := math.Float64frombits(w); f != f {
		w = nan
	}
	return flip(int64(w))
}

// WordOf undoes OrderOf.
func WordOf(o int64, float bool) uint64 {
	if !float {
		return uint64(o)
	}
	return uint64(flip(o))
}

// flip turns the order of negative floats round, whose bits grow with their magnitude. It is its own inverse.
func flip(o int64) int64 { return o ^ int64(uint64(o>>63)>>1) }

func b2i(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

func sizeOf[T any](s []T) int64 {
	var one T
	return int64(cap(s)) * int64(unsafe.Sizeof(one))
}
