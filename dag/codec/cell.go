package codec

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"unicode/utf8"

	"github.com/apache/arrow-go/v18/arrow"

	"flowrun/dag/batch"
	"flowrun/dag/schema"
)

// cells reads values of declared types from their texts, for the formats whose fields are texts. Nothing is guessed: a text
// is the form of the type, or it is rejected. Lists, maps and structs are JSON.
type cells struct {
	readers []*reader // of the columns in the order of the schema
	json    jsonDecoder
	decoded []byte // bytes out of base64

	// Of the value that failed:
	reason, detail string
}

func newCells(s *arrow.Schema, rows *batch.Builder) cells {
	c := cells{readers: make([]*reader, s.NumFields())}
	for i, f := range s.Fields() {
		c.readers[i] = newReader(f.Name, f, rows.Column(i))
	}
	return c
}

// fail notes why a record is rejected.
func (c *cells) fail(reason, format string, args ...any) bool {
	c.reason, c.detail = reason, fmt.Sprintf(format, args...)
	return false
}

func (c *cells) wrong(r *reader, text []byte) bool {
	return c.fail(WrongType, "%s is %s, not %s", r.name, quoteText(text), r.wanted())
}

func (c *cells) tooLarge(r *reader, text []byte) bool {
	return c.fail(OutOfRange, "%s is %s, more than %s holds", r.name, quoteText(text), r.wanted())
}

// null appends a null, where the column may have one.
func (c *cells) null(r *reader) bool {
	if !r.nullable {
		return c.fail(UnwantedNull, "%s is empty", r.name)
	}
	r.column.AppendNull()
	return true
}

// value appends the value of a text, which is valid UTF-8.
func (c *cells) value(r *reader, text []byte) bool {
	var v int64
	ok := false
	switch r.kind {
	case stringKind:
		r.column.AppendBytes(text)
		return true
	case intKind:
		return c.int(r, text)
	case floatKind:
		return c.float(r, text)
	case boolKind:
		var b bool
		if b, ok = parseBool(text); ok {
			r.column.AppendBool(b)
			return true
		}
	case epochKind:
		return c.epoch(r, text)
	case timestampKind:
		v, ok = parseTimestamp(text)
	case dateKind:
		v, ok = parseDate(text)
	case durationKind:
		v, ok = parseDuration(text)
	case bytesKind:
		return c.bytes(r, text)
	default:
		return c.nested(r, text)
	}
	if !ok {
		return c.wrong(r, text)
	}
	r.column.AppendInt(v)
	return true
}

func (c *cells) int(r *reader, text []byte) bool {
	v, err := parseInt(text)
	switch {
	case errors.Is(err, strconv.ErrRange):
		return c.tooLarge(r, text)
	case err != nil:
		return c.wrong(r, text)
	}
	r.column.AppendInt(v)
	return true
}

// parseInt reads a decimal number; leading zeros make it no octal one.
func parseInt(text []byte) (int64, error) {
	digits := text
	if len(digits) > 0 && (digits[0] == '-' || digits[0] == '+') {
		digits = digits[1:]
	}
	if len(digits) == 0 || len(digits) > 18 {
		return strconv.ParseInt(asString(text), 10, 64)
	}
	v := int64(0)
	for _, b := range digits {
		d := b - '0'
		if d > 9 {
			return 0, strconv.ErrSyntax
		}
		v = v*10 + int64(d)
	}
	if text[0] == '-' {
		v = -v
	}
	return v, nil
}

func (c *cells) float(r *reader, text []byte) bool {
	v, err := c.parseFloat(text)
	switch {
	case errors.Is(err, strconv.ErrRange):
		return c.tooLarge(r, text)
	case err != nil:
		return c.wrong(r, text)
	}
	r.column.AppendFloat(v)
	return true
}

// parseFloat reads a decimal number, also one that begins or ends with its point, and NaN and Infinity.
func (c *cells) parseFloat(text []byte) (float64, error) {
	if len(text) > 0 && (text[0]-'0' <= 9 || text[0] == '-') {
		if n, end := c.json.number(c.json.alone(text), 0); end == len(text) {
			if v, ok := n.float(text); ok {
				return v, nil
			}
			return 0, strconv.ErrRange
		}
	}
	for _, b := range text {
		if b|0x20 == 'x' || b == '_' { // hexadecimal floats are nobody's data
			return 0, strconv.ErrSyntax
		}
	}
	return strconv.ParseFloat(asString(text), 64)
}

func (c *cells) epoch(r *reader, text []byte) bool {
	if len(text) == 0 || text[0]-'0' > 9 && text[0] != '-' {
		return c.wrong(r, text)
	}
	n, end := c.json.number(c.json.alone(text), 0)
	if end != len(text) {
		return c.wrong(r, text)
	}
	v, ok := n.micros(r.unit, text)
	if !ok {
		return c.tooLarge(r, text)
	}
	r.column.AppendInt(v)
	return true
}

// parseBool reads true and false, also as Python and spreadsheets write them.
func parseBool(text []byte) (v, ok bool) {
	switch string(text) {
	case "true", "True", "TRUE":
		return true, true
	case "false", "False", "FALSE":
		return false, true
	}
	return false, false
}

func (c *cells) bytes(r *reader, text []byte) bool {
	for _, b := range text {
		if b == '\n' || b == '\r' { // the library would pass over them
			return c.wrong(r, text)
		}
	}
	var err error
	if c.decoded, err = base64.StdEncoding.AppendDecode(c.decoded[:0], text); err != nil {
		return c.wrong(r, text)
	}
	r.column.AppendBytes(c.decoded)
	return true
}

func (c *cells) nested(r *reader, text []byte) bool {
	b := c.json.alone(text)
	i := c.json.space(b, 0)
	if i == len(text) {
		return c.wrong(r, text)
	}
	end := c.json.value(r, b, i, 0)
	if end >= 0 {
		if end = c.json.space(b, end); !c.json.ended(b, end) {
			end = c.json.fail(InvalidJSON, end, "found "+c.json.excerpt(b, end)+" behind the value of "+r.name)
		}
	}
	if end < 0 {
		return c.fail(c.json.reason, "%s at byte %d of %s", c.json.detail, c.json.at, r.name)
	}
	return true
}

// quoteText shows a text in quotes, cut to a few characters.
func quoteText(text []byte) string {
	const most = 40
	if len(text) <= most {
		return `"` + schema.Escape(string(text)) + `"`
	}
	end := most
	for end > 0 && !utf8.RuneStart(text[end]) {
		end--
	}
	return `"` + schema.Escape(string(text[:end])) + `…"`
}
