package expr

import (
	"encoding/binary"
	"math/bits"
	"unsafe"

	"github.com/apache/arrow-go/v18/arrow/bitutil"
)

// Truths and nulls take a byte each, which is 0 or 1. Here eight of them are handled as one word: bits are spread to bytes and
// gathered again, and what is joined is joined by words.

// ones is 1 in each byte of a word.
const ones = 0x0101010101010101

// asBytes views truths as the bytes that they are.
func asBytes(b []bool) []byte {
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(b))), len(b))
}

// byWords computes out from the words of a and b, which are as long.
func byWords(out, a, b []bool, do func(x, y uint64) uint64) {
	o, p, q := asBytes(out), asBytes(a)[:len(out)], asBytes(b)[:len(out)]
	i := 0
	for ; i+8 <= len(o); i += 8 {
		binary.LittleEndian.PutUint64(o[i:], do(binary.LittleEndian.Uint64(p[i:]), binary.LittleEndian.Uint64(q[i:])))
	}
	for ; i < len(o); i++ {
		o[i] = byte(do(uint64(p[i]), uint64(q[i])))
	}
}

func orBools(out, a, b []bool)  { byWords(out, a, b, func(x, y uint64) uint64 { return x | y }) }
func andBools(out, a, b []bool) { byWords(out, a, b, func(x, y uint64) uint64 { return x & y }) }

// butBools is a where b is not.
func butBools(out, a, b []bool) { byWords(out, a, b, func(x, y uint64) uint64 { return x &^ y }) }

func notBools(out, a []bool) { byWords(out, a, a, func(x, _ uint64) uint64 { return x ^ ones }) }

// countBools counts the true ones.
func countBools(b []bool) int {
	p, n, i := asBytes(b), 0, 0
	for ; i+8 <= len(p); i += 8 {
		n += bits.OnesCount64(binary.LittleEndian.Uint64(p[i:]))
	}
	for ; i < len(p); i++ {
		n += int(p[i])
	}
	return n
}

// bytesOfBits makes eight bytes of eight bits, the lowest bit first.
func bytesOfBits(b byte) uint64 {
	x := uint64(b) * ones & 0x8040201008040201
	return (x + 0x7f7f7f7f7f7f7f7f) >> 7 & ones
}

// unpack spreads a bitmap from bit offset into one truth per entry, turned round where invert is set.
func unpack(out []bool, from []byte, offset int, invert bool) {
	o, flip := asBytes(out), uint64(0)
	if invert {
		flip = ones
	}
	i := 0
	for ; i < len(o) && (offset+i)&7 != 0; i++ {
		out[i] = bitutil.BitIsSet(from, offset+i) != invert
	}
	for ; i+8 <= len(o); i += 8 {
		binary.LittleEndian.PutUint64(o[i:], bytesOfBits(from[(offset+i)>>3])^flip)
	}
	for ; i < len(o); i++ {
		out[i] = bitutil.BitIsSet(from, offset+i) != invert
	}
}

// pack makes a bitmap of truths, turned round where invert is set. out has room for it.
func pack(out []byte, b []bool, invert bool) {
	p, flip := asBytes(b), byte(0)
	if invert {
		flip = 0xff
	}
	i := 0
	for ; i+8 <= len(p); i += 8 {
		out[i>>3] = byte(binary.LittleEndian.Uint64(p[i:])*0x0102040810204080>>56) ^ flip
	}
	if i < len(p) {
		var last byte
		for j, v := range p[i:] {
			last |= v << j
		}
		out[i>>3] = (last ^ flip) & (1<<(len(p)-i) - 1)
	}
}
