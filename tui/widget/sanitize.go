package widget

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"
)

// Clean makes text safe for one line of a terminal: control and format characters and invalid bytes become visible
// escapes (\n, \x1b, \u202e), and what terminals disagree about is taken apart, so that every terminal gives the result
// the same width: emoji sequences fall into their parts and flags into letters.
func Clean(s string) string {
	if tame(s) {
		return s
	}
	var b strings.Builder
	marks := 0
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && n == 1 {
			fmt.Fprintf(&b, `\x%02x`, s[i])
			i++
			continue
		}
		i += n
		if unicode.In(r, unicode.Mn, unicode.Me) {
			if marks++; marks > 3 { // nobody reads more, and a thousand of them cost a thousand bytes a frame
				continue
			}
		} else {
			marks = 0
		}
		switch {
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\r':
			b.WriteString(`\r`)
		case r == '\t':
			b.WriteString(`\t`)
		case r < 0x20 || r >= 0x7f && r < 0xa0:
			fmt.Fprintf(&b, `\x%02x`, r)
		case r == 0x200d || r == 0x200c || r == 0xad || r >= 0xfe00 && r <= 0xfe0f || r >= 0x1f3fb && r <= 0x1f3ff || r >= 0xe0100 && r <= 0xe01ef:
			// Joiners, soft hyphens, variation selectors and skin tones only change the look of their neighbours.
		case r >= 0x1f1e6 && r <= 0x1f1ff:
			b.WriteByte('A' + byte(r-0x1f1e6))
		case r == 0xa0 || r == 0x2028 || r == 0x2029 || unicode.Is(unicode.Zs, r):
			b.WriteByte(' ')
		case unicode.In(r, unicode.Cf, unicode.Co, unicode.Cs) || !unicode.IsGraphic(r):
			if r > 0xffff {
				fmt.Fprintf(&b, `\U%08x`, r)
			} else {
				fmt.Fprintf(&b, `\u%04x`, r)
			}
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

func plain(s string) bool {
	for i := range len(s) {
		if s[i] < 0x20 || s[i] > 0x7e {
			return false
		}
	}
	return true
}

// drawn reports whether a character is one of those that the dashboard draws itself: a cell wide, and joined to nothing.
func drawn(r rune) bool {
	return r >= 0x2500 && r <= 0x25fc || r >= 0x2190 && r <= 0x21ff || r == 0x2026 || r == 0x2205 || r == 0x2713 || r == 0x2717
}

// tame reports whether every character of s takes one cell and joins to nothing. Nearly all text is tame.
func tame(s string) bool {
	for _, r := range s {
		if (r < 0x20 || r > 0x7e) && !drawn(r) {
			return false
		}
	}
	return true
}

// Width is how many cells text takes once it is clean.
func Width(s string) int {
	if plain(s) {
		return len(s)
	}
	if tame(s) {
		return utf8.RuneCountInString(s)
	}
	return ansi.StringWidth(Clean(s))
}

// Fit cuts text to a width; cut stands at the end of what was cut.
func Fit(s string, width int, cut string) string {
	if width <= 0 {
		return ""
	}
	if plain(s) {
		if len(s) <= width {
			return s
		}
		if n := width - ansi.StringWidth(cut); n > 0 {
			return s[:n] + cut
		}
		return s[:width]
	}
	s = Clean(s)
	if ansi.StringWidth(s) <= width {
		return s
	}
	if ansi.StringWidth(cut) >= width {
		cut = ""
	}
	return ansi.Truncate(s, width, cut)
}

// Pad fits text to a width and fills it up with spaces on the right.
func Pad(s string, width int, cut string) string {
	s = Fit(s, width, cut)
	return s + strings.Repeat(" ", max(width-Width(s), 0))
}

// Wrap breaks text into lines of at most width cells: between words, and inside of a word only where that is wider than
// a line.
func Wrap(s string, width int) []string {
	if width <= 0 {
		return nil
	}
	var lines []string
	line, used := "", 0
	for word := range strings.FieldsSeq(Clean(s)) {
		w := Width(word)
		if used > 0 && used+1+w > width {
			lines, line, used = append(lines, line), "", 0
		}
		for w > width {
			head := ansi.Truncate(word, width, "")
			if head == "" { // a character wider than the line
				break
			}
			lines, word = append(lines, head), word[len(head):]
			w = Width(word)
		}
		if used > 0 {
			line, used = line+" ", used+1
		}
		line, used = line+word, used+w
	}
	if used > 0 || len(lines) == 0 {
		lines = append(lines, line)
	}
	return lines
}
