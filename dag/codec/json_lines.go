package codec

import "bytes"

// DecodeLines implements [Bulk]. Nothing looks for the ends of lines beforehand: the scanner stops at them.
func (d *jsonDecoder) DecodeLines(chunk []byte, rows, maxLine int) int {
	// A line may be read where it lies if its LF has a margin behind it.
	inPlace := bytes.LastIndexByte(chunk[:max(len(chunk)-margin, 0)], '\n')
	at := 0
	for d.Pending() < rows && at < len(chunk) {
		row := d.rows.Rows()
		if at <= inPlace {
			d.stop = 0
			if end := d.row(chunk, at); end >= 0 && end-at <= maxLine {
				at = end + 1
				continue
			}
			d.rows.Truncate(row)
		}
		// What is wrong with a line is told by Decode, which knows where the line ends.
		end := bytes.IndexByte(chunk[at:], '\n')
		if end < 0 {
			return at
		}
		line := chunk[at : at+end]
		if end > 0 && line[end-1] == '\r' {
			line = line[:end-1]
		}
		if len(line) > maxLine {
			return at
		}
		d.Decode(line)
		at += end + 1
	}
	return at
}
