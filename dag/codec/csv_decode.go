package codec

import (
	"bytes"
	"fmt"
	"slices"
	"unicode/utf8"

	"flowrun/dag/schema"
)

// csvDecoder makes a row of each record, straight into the columns, by the grammar of RFC 4180.
type csvDecoder struct {
	pending
	csvReader
	csvStream
	header bool // streams begin with one
}

// csvStream is what is known of a stream.
type csvStream struct {
	first  bool      // the next record is the first
	wanted bool      // the header is still to come
	broken bool      // it came, and does not have our columns
	fields []*reader // of the fields of a record, in order; nil: a field that is not declared
}

// csvReader reads the fields of a record into columns.
type csvReader struct {
	cells
	delimiter byte
	text      []byte // a quoted field with its quotes undone
	count     string // what has as many fields, for messages: the header, the schema
}

var byteOrderMark = []byte("\ufeff")

func newCSVDecoder(o DecoderOptions) *csvDecoder {
	c := csvOf(o.Config)
	d := &csvDecoder{pending: newPending(o), header: c.Header}
	d.csvReader = csvReader{cells: newCells(o.Schema, d.rows), delimiter: c.byte(), count: "the header"}
	if !c.Header {
		d.count = "the schema"
	}
	d.Restart(0)
	return d
}

// Restart implements [Headed].
func (d *csvDecoder) Restart(offset int64) {
	d.csvStream = csvStream{first: offset == 0 || d.header, wanted: d.header}
	if !d.header {
		d.fields = d.readers
	}
}

// Started implements [Headed].
func (d *csvDecoder) Started() bool { return !d.wanted }

// Swap implements [Headed].
func (d *csvDecoder) Swap(stream any) any {
	before := d.csvStream
	if d.Restart(0); stream != nil {
		d.csvStream = stream.(csvStream)
	}
	if before.first {
		return nil
	}
	return before
}

// Adopt implements [Headed].
func (d *csvDecoder) Adopt(other Decoder) {
	from := other.(*csvDecoder)
	d.csvStream = from.csvStream
	d.fields = make([]*reader, len(from.fields))
	for i, r := range from.fields {
		if r != nil {
			d.fields[i] = d.readers[slices.Index(from.readers, r)]
		}
	}
}

func (d *csvDecoder) Decode(record []byte) {
	raw := record
	if d.first {
		record = bytes.TrimPrefix(record, byteOrderMark)
		d.first = false
	}
	switch {
	case len(record) == 0 && (d.wanted || len(d.fields) != 1):
		return
	case d.wanted:
		d.readHeader(record, raw)
		return
	case d.broken:
		d.Reject(NoHeader, "the first record of the stream did not name the columns of the schema", raw)
		return
	}
	row := d.rows.Rows()
	if !d.record(record, d.fields) {
		d.rows.Truncate(row)
		d.Reject(d.reason, d.detail, raw)
	}
}

// Reject implements [Decoder]. What the source rejects was a record too, so that none behind it is the first.
func (d *csvDecoder) Reject(reason, detail string, raw []byte) {
	d.first = false
	d.pending.Reject(reason, detail, raw)
}

// record appends the values of a record. Where one is wrong, too many or too few fields are the likelier cause and the one
// that is told.
func (r *csvReader) record(b []byte, fields []*reader) bool {
	if !utf8.Valid(b) {
		return r.fail(InvalidUTF8, "at byte %d", firstInvalid(b))
	}
	quotes := bytes.IndexByte(b, '"') >= 0
	ok, n := true, 0
	for i := 0; ; i++ { // i steps over the delimiter
		var text []byte
		quoted := quotes && i < len(b) && b[i] == '"'
		if quoted {
			if text, i = r.quoted(b, i); i < 0 {
				return false
			}
		} else {
			end := bytes.IndexByte(b[i:], r.delimiter)
			if end < 0 {
				end = len(b) - i
			}
			text = b[i : i+end]
			if quotes {
				if at := bytes.IndexByte(text, '"'); at >= 0 {
					return r.fail(BadQuote, `a quote inside of a field without quotes, at byte %d`, i+at)
				}
			}
			i += end
		}
		if ok && n < len(fields) && fields[n] != nil {
			if c := fields[n]; len(text) == 0 && !quoted {
				ok = r.null(c)
			} else {
				ok = r.value(c, text)
			}
		}
		n++
		if i >= len(b) {
			break
		}
	}
	if n != len(fields) {
		return r.fail(FieldCount, "%d fields, and %s has %d", n, r.count, len(fields))
	}
	return ok
}

// quoted reads a quoted field that begins at i, and returns the place behind it, or -1 once it has called fail. The text
// is a piece of b where no quote in it is doubled, else it is valid until the next call.
func (r *csvReader) quoted(b []byte, i int) (text []byte, end int) {
	start := i
	i++
	doubled := false
	r.text = r.text[:0]
	for {
		at := bytes.IndexByte(b[i:], '"')
		if at < 0 {
			r.fail(BadQuote, "the quote at byte %d is not closed", start)
			return nil, -1
		}
		end = i + at + 1
		if end < len(b) && b[end] == '"' {
			doubled = true
			r.text = append(r.text, b[i:end]...)
			i = end + 1
			continue
		}
		text = b[i : end-1]
		if doubled {
			r.text = append(r.text, text...)
			text = r.text
		}
		if end < len(b) && b[end] != r.delimiter {
			r.fail(BadQuote, "text behind a closing quote, at byte %d", end)
			return nil, -1
		}
		return text, end
	}
}

// readHeader finds the columns of the schema among the names of the first record. Without one of them the stream is not
// what it was said to be: then no row of it is read.
func (d *csvDecoder) readHeader(b, raw []byte) {
	d.wanted = false
	names, ok := d.names(b)
	if ok {
		d.fields = make([]*reader, len(names))
		for _, r := range d.readers {
			at := -1
			for i, name := range names {
				switch {
				case name != r.name:
				case at >= 0:
					ok = d.fail(NoHeader, "the header has two columns %s", quoteText([]byte(name)))
				default:
					at = i
				}
			}
			if at < 0 {
				ok = d.fail(NoHeader, "the header has no column %s; it has: %s", quoteText([]byte(r.name)), list(names))
				break
			}
			d.fields[at] = r
		}
	}
	if !ok {
		d.broken = true
		d.Reject(d.reason, d.detail, raw)
	}
}

// names reads the fields of a record as they are.
func (r *csvReader) names(b []byte) ([]string, bool) {
	if !utf8.Valid(b) {
		return nil, r.fail(InvalidUTF8, "at byte %d of the header", firstInvalid(b))
	}
	var names []string
	for i := 0; ; i++ {
		var text []byte
		if i < len(b) && b[i] == '"' {
			if text, i = r.quoted(b, i); i < 0 {
				return nil, false
			}
		} else {
			end := bytes.IndexByte(b[i:], r.delimiter)
			if end < 0 {
				end = len(b) - i
			}
			text = b[i : i+end]
			if bytes.IndexByte(text, '"') >= 0 {
				return nil, r.fail(BadQuote, "a quote inside of a name of the header")
			}
			i += end
		}
		names = append(names, string(text))
		if i >= len(b) {
			return names, true
		}
	}
}

// list names a few columns for a message.
func list(names []string) string {
	const most = 12
	out := ""
	for i, n := range names {
		if i == most {
			return fmt.Sprintf("%s and %d more", out, len(names)-most)
		}
		if i > 0 {
			out += ", "
		}
		out += schema.Escape(n)
	}
	return out
}
