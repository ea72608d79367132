package codec

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
	for i, c := range c.readers {
		r.index[c.name] = i
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
