package state

import "unsafe"

// OrderOf maps a word to an int64 that is ordered as the values are. Those of floats are ordered by value, with NaN behind
// all others; -0.0 is 0.0.
func OrderOf(w uint64, float bool) int64 {
	if !float {
		return int64(w)
	}
	return flip(int64(unifyFloat(w)))
}

// WordOf undoes OrderOf, but for the sign of -0.0 and the bits of NaN.
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
