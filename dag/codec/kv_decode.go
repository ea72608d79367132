package codec

import (
	"bytes"
	"slices"
)

// kvDecoder makes a row of each line of key=value pairs. A line of blanks only is no record.
type kvDecoder struct {
	pending
	kvReader
}

func newKVDecoder(o DecoderOptions) *kvDecoder {
	d := &kvDecoder{pending: newPending(o)}
	d.kvReader = newKVReader(newCells(o.Schema, d.rows), o.Config)
	return d
}

func newKVReader(c cells, config any) kvReader {
	r := kvReader{cells: c, kvSigns: kvOf(config), index: make(map[string]int, len(c.readers))}
	for b := range 256 {
		r.stops[b] = r.ends(byte(b))
		r.breaks[b] = r.stops[b] || byte(b) == r.assign
	}
	for i, c := range c.readers {
		r.index[c.name] = i
		r.plain = append(r.plain, len(c.name) > 0 && c.name[0] != '"' && len(trimBlanks([]byte(c.name))) == len(c.name) &&
			!slices.ContainsFunc([]byte(c.name), func(b byte) bool { return r.breaks[b] }))
	}
	return r
}

func (d *kvDecoder) Decode(record []byte) {
	if len(trimBlanks(record)) == 0 {
		return
	}
	row := d.rows.Rows()
	if !d.record(record, row) {
		d.rows.Truncate(row)
		d.Reject(d.reason, d.detail, record)
	}
}

// DecodeLines implements [Bulk].
func (d *kvDecoder) DecodeLines(chunk []byte, rows, maxLine int) int {
	at := 0
	for d.Pending() < rows {
		end := bytes.IndexByte(chunk[at:], '\n')
		if end < 0 {
			break
		}
		line := withoutCR(chunk[at : at+end])
		if len(line) > maxLine {
			break
		}
		d.Decode(line)
		at += end + 1
	}
	return at
}
