package batch

import "math/bits"

// The sizes in which a [Pool] hands out memory: multiples of 64 bytes up to 256, then four steps between one power of two
// and the next, so that at most a fifth of a buffer is not asked for.
const (
	alignment  = 64
	sizeSteps  = 4
	firstPower = 8 // 256 bytes
	lastPower  = 22
	maxPooled  = 1 << lastPower
	sizeCount  = sizeSteps + (lastPower-firstPower)*sizeSteps
)

// sizeIndex is the least size that holds n bytes, which are at least 1 and at most maxPooled.
func sizeIndex(n int) int {
	if n <= sizeSteps*alignment {
		return (n - 1) / alignment
	}
	power := bits.Len(uint(n-1)) - 1
	return sizeSteps + (power-firstPower)*sizeSteps + (n-1-1<<power)>>(power-2)
}

// sizeAt is the inverse of sizeIndex.
func sizeAt(i int) int {
	if i < sizeSteps {
		return (i + 1) * alignment
	}
	i -= sizeSteps
	power := firstPower + i/sizeSteps
	return 1<<power + (i%sizeSteps+1)<<(power-2)
}
