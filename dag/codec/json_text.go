package codec

import (
	"encoding/binary"
	"math/bits"
	"unicode/utf8"
)

func word(b []byte) uint64 { return binary.LittleEndian.Uint64(b) }

// plainEnd returns the place of the first byte from i on that a JSON string does not hold as it is: a quote, a backslash
// or a control character; len(b) if there is none. high reports whether a byte before it is not ASCII.
func plainEnd(b []byte, i int) (end int, high bool) {
	const (
		low       = 0x0101010101010101
		top       = 0x8080808080808080
		quote     = low * '"'
		backslash = low * '\\'
	)
	var seen uint64
	for len(b)-i >= 8 {
		w := word(b[i:])
		// A byte below the one subtracted from it borrows from its top bit; of a byte above 0x7f that says nothing. The
		// lowest bit that is set is right; those above it may be set by a borrow.
		if m := ((w ^ quote - low) | (w ^ backslash - low) | (w - low*' ')) &^ w & top; m != 0 {
			n := bits.TrailingZeros64(m) &^ 7
			seen |= w & (1<<n - 1)
			return i + n>>3, seen&top != 0
		}
		seen |= w
		i += 8
	}
	for ; i < len(b); i++ {
		c := b[i]
		if c == '"' || c == '\\' || c < ' ' {
			break
		}
		seen |= uint64(c)
	}
	return i, seen&top != 0
}

// text reads a string, of which the quote was read. The text is a piece of b where it has no escapes, else it is valid
// until the next call; escaped says which.
func (d *jsonDecoder) text(b []byte, i int) (text []byte, end int, escaped bool) {
	end, high := plainEnd(b, i)
	if end < len(b) && b[end] == '"' {
		if high && !utf8.Valid(b[i:end]) {
			return nil, d.badText(b, i, end), false
		}
		return b[i:end], end + 1, false
	}
	d.scratch = d.scratch[:0]
	for {
		if high && !utf8.Valid(b[i:end]) {
			return nil, d.badText(b, i, end), true
		}
		d.scratch = append(d.scratch, b[i:end]...)
		switch {
		case end == len(b):
			return nil, d.fail(InvalidJSON, end, `the record ends where '"' should be,`), true
		case b[end] == '"':
			return d.scratch, end + 1, true
		case b[end] != '\\':
			return nil, d.fail(InvalidJSON, end, "a control character in a string"), true
		}
		if i = d.escape(b, end); i < 0 {
			return nil, -1, true
		}
		end, high = plainEnd(b, i)
	}
}

func (d *jsonDecoder) badText(b []byte, i, end int) int {
	return d.fail(InvalidUTF8, i+firstInvalid(b[i:end]), "a byte that is no text")
}

// escape appends the character of the escape at i to scratch.
func (d *jsonDecoder) escape(b []byte, i int) int {
	if i+1 >= len(b) {
		return d.fail(InvalidJSON, len(b), "the record ends in an escape")
	}
	switch c := b[i+1]; c {
	case '"', '\\', '/':
		d.scratch = append(d.scratch, c)
	case 'b':
		d.scratch = append(d.scratch, '\b')
	case 'f':
		d.scratch = append(d.scratch, '\f')
	case 'n':
		d.scratch = append(d.scratch, '\n')
	case 'r':
		d.scratch = append(d.scratch, '\r')
	case 't':
		d.scratch = append(d.scratch, '\t')
	case 'u':
		return d.unicode(b, i)
	default:
		return d.fail(InvalidJSON, i, "an escape that JSON does not have")
	}
	return i + 2
}

// unicode appends the character of the \u escape at i, or of the pair of them, to scratch.
func (d *jsonDecoder) unicode(b []byte, i int) int {
	r, ok := hex4(b, i+2)
	if !ok {
		return d.fail(InvalidJSON, i, `four hexadecimal digits are missing in the \u escape`)
	}
	next := i + 6
	if r >= 0xd800 && r < 0xe000 {
		low, ok := rune(0), false
		if r < 0xdc00 && next+1 < len(b) && b[next] == '\\' && b[next+1] == 'u' {
			low, ok = hex4(b, next+2)
		}
		if !ok || low < 0xdc00 || low >= 0xe000 {
			return d.fail(InvalidJSON, i, "half a surrogate pair")
		}
		r = (r-0xd800)<<10 + (low - 0xdc00) + 0x10000
		next += 6
	}
	d.scratch = utf8.AppendRune(d.scratch, r)
	return next
}

func hex4(b []byte, i int) (r rune, ok bool) {
	if len(b)-i < 4 {
		return 0, false
	}
	for _, c := range b[i : i+4] {
		switch {
		case c >= '0' && c <= '9':
			c -= '0'
		case c >= 'a' && c <= 'f':
			c -= 'a' - 10
		case c >= 'A' && c <= 'F':
			c -= 'A' - 10
		default:
			return 0, false
		}
		r = r<<4 | rune(c)
	}
	return r, true
}
