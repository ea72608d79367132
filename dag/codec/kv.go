package codec

import (
	"bytes"
	"fmt"
	"unicode/utf8"
)

// KV is the options of format kv.
type KV struct {
	Delimiter string `yaml:"delimiter" doc:"what stands between two pairs: one ASCII character, or tab; a space stands for any run of blanks" default:" "`
	Assign    string `yaml:"assign" doc:"what stands between a key and its value: one ASCII character" default:"="`
}

// DefaultKV is what format kv means where nothing is said.
var DefaultKV = KV{Delimiter: " ", Assign: "="}

func kvOf(config any) kvSigns {
	c, ok := config.(KV)
	if !ok {
		c = DefaultKV
	}
	between, ok1 := delimiter(c.Delimiter)
	assign, ok2 := delimiter(c.Assign)
	if !ok1 || !ok2 {
		panic(fmt.Sprintf("codec: %+v are no options of kv", c))
	}
	return kvSigns{between, assign}
}

// kvSigns are the options as the inner loops want them.
type kvSigns struct{ between, assign byte }

func (c KV) problem() *Problem {
	for _, o := range []struct{ key, value, hint string }{
		{"delimiter", c.Delimiter, `delimiter: ";", or tab`}, {"assign", c.Assign, `assign: ":"`},
	} {
		if b, ok := delimiter(o.value); !ok || !separates(b) {
			return &Problem{Message: fmt.Sprintf("%s is %q, and has to be one ASCII character that values do not hold", o.key, o.value),
				Hint: o.hint, Format: true}
		}
	}
	if c.Delimiter == c.Assign {
		return &Problem{Message: "delimiter and assign are the same", Hint: `kv: {delimiter: ";", assign: "="}`, Format: true}
	}
	return nil
}

// blank reports whether a character is white space within a line.
func blank(b byte) bool { return b == ' ' || b == '\t' || b == '\r' }

// ends reports whether a pair ends before a character.
func (k kvSigns) ends(b byte) bool {
	return b == k.between || k.between == ' ' && blank(b)
}

// kvReader reads the pairs of a record into columns.
type kvReader struct {
	cells
	kvSigns
	index  map[string]int // of the readers, by name
	plain  []bool         // of the readers: the name stands in a record as it is
	stops  [256]bool      // where a value without quotes ends
	breaks [256]bool      // where a key without quotes ends
	text   []byte         // a quoted text with its escapes undone
	key    []byte
}

// record appends the values of a record as the given row.
func (r *kvReader) record(b []byte, row int) bool {
	if !utf8.Valid(b) {
		return r.fail(InvalidUTF8, "at byte %d", firstInvalid(b))
	}
	next, found := 0, 0 // next is the guess of the column: pairs tend to come in one order
	for i := 0; ; {
		for i < len(b) && (blank(b[i]) || r.ends(b[i])) {
			i++
		}
		if i == len(b) {
			break
		}
		start := i
		at := -1
		if end := r.guess(b, i, next); end > 0 {
			i, at = end, next
		} else {
			key, end := r.keyAt(b, i)
			if end < 0 {
				return false
			}
			i = end
			if k, ok := r.index[string(key)]; ok {
				at = k
			}
		}
		quoted := i < len(b) && b[i] == '"'
		var text []byte
		if text, i = r.textAt(b, i, false); i < 0 {
			return false
		}
		if at < 0 {
			continue
		}
		c := r.readers[at]
		next = at + 1
		if c.column.Len() != row {
			return r.fail(DuplicateKey, "a second %s at byte %d", c.name, start)
		}
		found++
		if len(text) == 0 && !quoted {
			if !r.null(c) {
				return false
			}
		} else if !r.value(c, text) {
			return false
		}
	}
	if found == len(r.readers) {
		return true
	}
	for _, c := range r.readers {
		if c.column.Len() != row {
			continue
		}
		if !c.nullable {
			return r.fail(MissingField, "no %s", c.name)
		}
		c.column.AppendNull()
	}
	return true
}

// guess returns the place of the value if the key at i is that of a reader, else 0.
func (r *kvReader) guess(b []byte, i, reader int) int {
	if reader >= len(r.readers) || !r.plain[reader] {
		return 0
	}
	name := r.readers[reader].name
	end := i + len(name)
	if end >= len(b) || b[end] != r.assign || string(b[i:end]) != name {
		return 0
	}
	return r.behind(b, end+1)
}

// behind passes over the blanks between the sign and a value, where they do not end it.
func (r *kvReader) behind(b []byte, i int) int {
	for r.between != ' ' && i < len(b) && blank(b[i]) && b[i] != r.between {
		i++
	}
	return i
}

// keyAt reads a key and the sign behind it, and returns the place of its value.
func (r *kvReader) keyAt(b []byte, i int) (key []byte, end int) {
	if b[i] == '"' {
		text, end := r.textAt(b, i, true)
		if end < 0 {
			return nil, -1
		}
		if end >= len(b) || b[end] != r.assign {
			r.fail(NoPair, `%s at byte %d has no "%c" behind it`, quoteText(text), i, r.assign)
			return nil, -1
		}
		r.key = append(r.key[:0], text...)
		return r.key, end + 1
	}
	for end = i; end < len(b) && !r.breaks[b[end]]; end++ {
	}
	if key = trimBlanks(b[i:end]); end >= len(b) || b[end] != r.assign || len(key) == 0 {
		r.fail(NoPair, `%s at byte %d has no "%c" behind it`, quoteText(b[i:end]), i, r.assign)
		if len(key) == 0 {
			r.fail(NoPair, `no key before the "%c" at byte %d`, r.assign, i)
		}
		return nil, -1
	}
	return key, r.behind(b, end+1)
}

// textAt reads a value, or a quoted key, and returns the place behind it.
func (r *kvReader) textAt(b []byte, i int, isKey bool) (text []byte, end int) {
	if i >= len(b) || b[i] != '"' {
		for end = i; end < len(b) && !r.stops[b[end]]; end++ {
		}
		return trimBlanks(b[i:end]), end
	}
	start := i
	if end = i + 1 + bytes.IndexByte(b[i+1:], '"'); end > i && bytes.IndexByte(b[i+1:end], '\\') < 0 {
		text, i = b[i+1:end], end+1
		if !isKey && i < len(b) && !r.ends(b[i]) && !blank(b[i]) {
			return r.behindQuote(i)
		}
		return text, i
	}
	r.text = r.text[:0]
	for i++; ; i++ {
		switch {
		case i >= len(b):
			r.fail(BadQuote, "the quote at byte %d is not closed", start)
			return nil, -1
		case b[i] == '"':
			i++
			if !isKey && i < len(b) && !r.ends(b[i]) && !blank(b[i]) {
				return r.behindQuote(i)
			}
			return r.text, i
		case b[i] == '\\' && i+1 < len(b):
			i++
			r.text = append(r.text, unescape(b[i])...)
		default:
			r.text = append(r.text, b[i])
		}
	}
}

func (r *kvReader) behindQuote(i int) (text []byte, end int) {
	r.fail(BadQuote, "text behind a closing quote, at byte %d", i)
	return nil, -1
}

// unescape gives what a backslash and a character stand for; what has no meaning stays as it is written.
func unescape(c byte) string {
	switch c {
	case 'n':
		return "\n"
	case 'r':
		return "\r"
	case 't':
		return "\t"
	case '"':
		return `"`
	case '\\':
		return `\`
	}
	return string([]byte{'\\', c})
}

func trimBlanks(b []byte) []byte {
	for len(b) > 0 && blank(b[0]) {
		b = b[1:]
	}
	for len(b) > 0 && blank(b[len(b)-1]) {
		b = b[:len(b)-1]
	}
	return b
}
