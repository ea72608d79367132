package codec

import (
	"bytes"
	"math/bits"
	"unicode/utf8"
)

// DecodeLines implements [Bulk]. Fields become values as their ends are found, eight bytes at a time. A record that is wrong, or
// not as most are, gets a second look by Decode, which knows where it ends.
func (d *csvDecoder) DecodeLines(chunk []byte, rows, maxLine int) int {
	if d.first || d.wanted || d.broken {
		return 0
	}
	at := 0
	for d.Pending() < rows && at < len(chunk) {
		row := d.rows.Rows()
		if end := d.line(chunk, at); end >= 0 && end-1-at <= maxLine {
			at = end
			continue
		}
		d.rows.Truncate(row)
		walk := Framer{Max: maxLine, quotes: quotes{delimiter: d.delimiter}, chunk: chunk[at:]}
		end := walk.end()
		if end < 0 {
			return at
		}
		line := withoutCR(chunk[at : at+end])
		if len(line) > maxLine {
			return at
		}
		d.Decode(line)
		at += end + 1
	}
	return at
}

// line appends the record that begins at i and returns the place behind its LF, or -1 where it needs another look, or comes
// too near to the end of b. Values may have been appended then.
func (d *csvDecoder) line(b []byte, i int) int {
	limit := len(b) - margin // words can be read up to there
	delimiters := lows * uint64(d.delimiter)
	start, n := i, 0
	var seen uint64 // bits of all bytes, and of some behind them
	for {
		if i >= limit {
			return -1
		}
		from, quoted := i, b[i] == '"'
		end := i
		if quoted {
			from++
			end = bytes.IndexByte(b[from:limit], '"')
			if end < 0 {
				return -1
			}
			end += from
			i = end + 1
			if b[i] == '\r' && b[i+1] == '\n' {
				i++
			}
			if b[i] != d.delimiter && b[i] != '\n' {
				return -1
			}
			seen = tops
		} else {
			for {
				w := load(b, i)
				seen |= w
				if m := fieldEnds(w, delimiters); m != 0 {
					i += bits.TrailingZeros64(m) >> 3
					break
				}
				if i += 8; i > limit {
					return -1
				}
			}
			if b[i] == '"' {
				return -1
			}
			end = i
			if b[i] == '\n' && end > from && b[end-1] == '\r' {
				end--
			}
		}
		if n >= len(d.fields) {
			return -1
		}
		if r := d.fields[n]; r != nil {
			if end > from || quoted {
				if !d.valueAt(r, b, from, end) {
					return -1
				}
			} else if !r.nullable {
				return -1
			} else {
				r.column.AppendNull()
			}
		}
		n++
		if b[i] == '\n' {
			break
		}
		i++
	}
	if n != len(d.fields) || seen&tops != 0 && !utf8.Valid(b[start:i]) {
		return -1
	}
	return i + 1
}

// fieldEnds marks the bytes of a word where a field without quotes ends, or is none: a delimiter, an LF, a quote. The lowest
// bit that is set is right.
func fieldEnds(w, delimiters uint64) uint64 {
	delimiter, end, quote := w^delimiters, w^lows*'\n', w^lows*'"'
	return ((delimiter-lows)&^delimiter | (end-lows)&^end | (quote-lows)&^quote) & tops
}

// valueAt appends the value of the text that is b[from:end], behind which words can be read. False: it is another's to say what
// is wrong.
func (c *cells) valueAt(r *reader, b []byte, from, end int) bool {
	text := b[from:end]
	switch r.kind {
	case stringKind:
		r.column.AppendBytes(text)
		return true
	case intKind:
		digits := digitsOf(load(b, from))
		if n := end - from; n > 0 && n <= 8 && bits.TrailingZeros64(noDigits(digits))>>3 >= n {
			r.column.AppendInt(int64(leading(digits, n)))
			return true
		}
		v, err := parseInt(text)
		if err == nil {
			r.column.AppendInt(v)
		}
		return err == nil
	case floatKind, epochKind:
		if first := b[from]; first-'0' > 9 && first != '-' {
			break
		}
		n, behind := c.json.number(b, from)
		if behind != end {
			break
		}
		if r.kind == floatKind {
			v, ok := n.float(text)
			if ok {
				r.column.AppendFloat(v)
			}
			return ok
		}
		v, ok := n.micros(r.unit, text)
		if ok {
			r.column.AppendInt(v)
		}
		return ok
	}
	return c.value(r, text)
}
