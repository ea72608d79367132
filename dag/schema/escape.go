package schema

import (
	"strings"
	"unicode/utf8"
)

const hexDigits = "0123456789abcdef"

// Escape makes control characters visible, so that a name or a value can neither break a table nor steer a terminal.
// Newline, tab and their like become \n, \t as in Spark's trees and tables; every other one becomes \u001b, and a byte
// that is no UTF-8 becomes the replacement character. Text without any is returned as it is.
func Escape(s string) string {
	for i := 0; i < len(s); i++ {
		if c := s[i]; c < ' ' || c == 0x7f || c >= 0x80 {
			return escapeFrom(s, i)
		}
	}
	return s
}

func escapeFrom(s string, from int) string {
	if !needsEscape(s[from:]) {
		return s
	}
	var b strings.Builder
	b.Grow(len(s) + 8)
	b.WriteString(s[:from])
	for _, r := range s[from:] {
		switch r {
		case '\n':
			b.WriteString(`\n`)
		case '\r':
			b.WriteString(`\r`)
		case '\t':
			b.WriteString(`\t`)
		case '\f':
			b.WriteString(`\f`)
		case '\b':
			b.WriteString(`\b`)
		case '\v':
			b.WriteString(`\v`)
		case '\a':
			b.WriteString(`\a`)
		default:
			if !steers(r) {
				b.WriteRune(r)
				continue
			}
			b.WriteString(`\u`)
			for shift := 12; shift >= 0; shift -= 4 {
				b.WriteByte(hexDigits[r>>shift&15])
			}
		}
	}
	return b.String()
}

func needsEscape(s string) bool {
	for i, r := range s {
		if steers(r) {
			return true
		}
		if r == utf8.RuneError {
			if _, size := utf8.DecodeRuneInString(s[i:]); size == 1 {
				return true
			}
		}
	}
	return false
}

// steers reports whether a character moves a cursor, breaks a line or turns the direction of text. All are below 0x10000.
func steers(r rune) bool {
	switch {
	case r < ' ', r >= 0x7f && r < 0xa0: // C0, DEL and C1
		return true
	case r == 0x2028, r == 0x2029: // line and paragraph separator
		return true
	case r >= 0x202a && r <= 0x202e, r >= 0x2066 && r <= 0x2069: // bidirectional overrides and isolates
		return true
	}
	return false
}
