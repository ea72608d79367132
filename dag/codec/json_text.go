package codec

import (
	"math/bits"
	"unicode/utf8"
)

// textEnd returns the place of the first byte from i on that a JSON string does not hold as it is: a quote, a backslash or a
// control character. high reports whether a byte before it is not ASCII.
func textEnd(b []byte, i int) (end int, high bool) {
	var seen uint64
	for {
		w := load(b, i)
		if m := unquotable(w); m != 0 {
			n := bits.TrailingZeros64(m) &^ 7
			return i + n>>3, (seen|w&(1<<n-1))&tops != 0
		}
		seen |= w
		i += 8
	}
}

// text reads a string whose quote is before i. The text is a piece of b where it has no escapes, else it is valid until the
// next call; unescaped says which.
func (d *jsonDecoder) text(b []byte, i int) (text []byte, end int, unescaped bool) {
	if end = plain(b, i); b[end] == '"' {
		return b[i:end], end + 1, false
	}
	return d.hardText(b, i, end)
}

// hardText is text for a string that is plain ASCII only up to a place.
func (d *jsonDecoder) hardText(b []byte, i, upTo int) (text []byte, end int, unescaped bool) {
	end, high := textEnd(b, upTo)
	if b[end] == '"' {
		if high && !utf8.Valid(b[i:end]) {
			return nil, d.badText(b, i, end), false
		}
		return b[i:end], end + 1, false
	}
	out := d.scratch[:0]
	for {
		if high && !utf8.Valid(b[i:end]) {
			return nil, d.badText(b, i, end), true
		}
		out = append(out, b[i:end]...)
		switch {
		case b[end] == '"':
			d.scratch = out
			return out, end + 1, true
		case d.ended(b, end):
			return nil, d.fail(InvalidJSON, end, `the record ends where '"' should be,`), true
		case b[end] != '\\':
			return nil, d.fail(InvalidJSON, end, "a control character in a string"), true
		}
		if c := escapes[b[end+1]]; c != 0 {
			out = append(out, c)
			i = end + 2
		} else {
			var r rune
			if r, i = d.unicode(b, end); i < 0 {
				return nil, -1, true
			}
			out = utf8.AppendRune(out, r)
		}
		end, high = textEnd(b, i)
	}
}

// escapes is what a character stands for behind a backslash; 0: it is no escape, or one of a number.
var escapes = [256]byte{'"': '"', '\\': '\\', '/': '/', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t'}

func (d *jsonDecoder) badText(b []byte, i, end int) int {
	return d.fail(InvalidUTF8, i+firstInvalid(b[i:end]), "a byte that is no text")
}

// unicode reads the \u escape at i, or the pair of them.
func (d *jsonDecoder) unicode(b []byte, i int) (rune, int) {
	switch {
	case d.ended(b, i+1):
		return 0, d.fail(InvalidJSON, i+1, "the record ends in an escape")
	case b[i+1] != 'u':
		return 0, d.fail(InvalidJSON, i, "an escape that JSON does not have")
	}
	r, ok := hex4(b, i+2)
	if !ok {
		return 0, d.fail(InvalidJSON, i, `four hexadecimal digits are missing in the \u escape`)
	}
	next := i + 6
	if r >= 0xd800 && r < 0xe000 {
		low, ok := rune(0), false
		if r < 0xdc00 && b[next] == '\\' && b[next+1] == 'u' {
			low, ok = hex4(b, next+2)
		}
		if !ok || low < 0xdc00 || low >= 0xe000 {
			return 0, d.fail(InvalidJSON, i, "half a surrogate pair")
		}
		r = (r-0xd800)<<10 + (low - 0xdc00) + 0x10000
		next += 6
	}
	return r, next
}

func hex4(b []byte, i int) (r rune, ok bool) {
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
