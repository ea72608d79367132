package codec

import (
	"encoding/binary"
	"math/bits"
	"unsafe"
)

// The scanner looks at eight bytes at a time, as a number whose lowest byte is the first. Everything it reads lies in a
// buffer in which an LF ends the record, and at least margin bytes follow that LF: no string, number, key or literal goes on
// behind an LF, so that nothing has to be compared with the length of the buffer.

// margin is how far behind a record's LF the scanner may look.
const margin = 32

const (
	lows = 0x0101010101010101
	tops = 0x8080808080808080
)

// trueWord is the text true as the lower half of a word.
const trueWord = 't' | 'r'<<8 | 'u'<<16 | 'e'<<24

func word(b []byte) uint64 { return binary.LittleEndian.Uint64(b) }

// load is the word at i.
func load(b []byte, i int) uint64 {
	return binary.LittleEndian.Uint64((*[8]byte)(unsafe.Add(unsafe.Pointer(unsafe.SliceData(b)), i))[:])
}

// special marks, with their highest bit, the bytes of a word that a JSON string of plain ASCII does not hold: a quote, a
// backslash, a control character, one beyond ASCII. The lowest bit that is set is right; those above it may be set by a
// borrow.
func special(w uint64) uint64 {
	return (((w ^ lows*'"') - lows) | ((w ^ lows*'\\') - lows) | (w - lows*' ') | w) & tops
}

// unquotable marks, as special does, what a string of JSON must escape: a quote, a backslash, a control character.
func unquotable(w uint64) uint64 {
	// Of a byte above 0x7f a borrow says nothing.
	return (((w ^ lows*'"') - lows) | ((w ^ lows*'\\') - lows) | (w - lows*' ')) &^ w & tops
}

// plain returns the place of the first byte from i on that is special.
func plain(b []byte, i int) int {
	for {
		if m := special(load(b, i)); m != 0 {
			return i + bits.TrailingZeros64(m)>>3
		}
		i += 8
	}
}

// digitsOf turns the digits of a word into their values, so that a byte that was no digit is above 9.
func digitsOf(w uint64) uint64 { return w ^ lows*'0' }

// noDigits marks the bytes of digitsOf that are no digits, as special does.
func noDigits(t uint64) uint64 { return (t + lows*(0x80-10) | t) & tops }

// leading is the value of the first n digits of digitsOf, n from 0 to 8.
func leading(t uint64, n int) uint64 {
	t <<= 64 - 8*uint(n) // the digits go to the top, zeros come before them
	t = t*10 + t>>8      // pairs of digits, in every other byte
	const pairs = 0x000000ff000000ff
	return ((t&pairs)*(100+1_000_000<<32) + (t>>16&pairs)*(1+10_000<<32)) >> 32
}
