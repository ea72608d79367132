package codec

import (
	"bytes"
	"unicode/utf8"
)

// DecodeLines implements [Bulk].
func (d *textDecoder) DecodeLines(chunk []byte, rows, maxLine int) int {
	size, lines := wholeLines(chunk, rows-d.Pending(), maxLine)
	if lines <= 0 {
		return 0
	}
	chunk = chunk[:size]
	switch {
	case !utf8.Valid(chunk): // an LF is no part of a character, so this is a matter of single lines
		for len(chunk) > 0 {
			end := bytes.IndexByte(chunk, '\n')
			d.Decode(withoutCR(chunk[:end]))
			chunk = chunk[end+1:]
		}
	case d.column.Blank():
		d.column.AppendDone(lines)
	default:
		d.lines(chunk, lines)
	}
	return size
}

// lines appends the lines of a chunk, which are valid.
func (d *textDecoder) lines(chunk []byte, lines int) {
	ends, data, at := d.column.AppendRoom(lines, len(chunk)-lines)
	for i := range ends {
		end := bytes.IndexByte(chunk, '\n')
		at += copy(data[at:], withoutCR(chunk[:end]))
		ends[i] = int32(at)
		chunk = chunk[end+1:]
	}
	d.column.AppendDone(lines)
}

func withoutCR(line []byte) []byte {
	if n := len(line); n > 0 && line[n-1] == '\r' {
		return line[:n-1]
	}
	return line
}

// countedBlock is how much wholeLines counts at once: little enough that it finds the end of the last of so many lines fast.
const countedBlock = 4 << 10

// wholeLines finds the lines that a chunk begins with, at most so many, and none that is longer than maxLine bytes without
// its end: their size with their ends, and their number.
func wholeLines(chunk []byte, most, maxLine int) (size, lines int) {
	if len(chunk) > maxLine {
		chunk = chunk[:beforeLongLine(chunk, maxLine)]
	}
	for size < len(chunk) && lines < most {
		block := chunk[size:min(size+countedBlock, len(chunk))]
		n := bytes.Count(block, newline)
		if lines+n <= most {
			size += len(block)
			lines += n
			continue
		}
		for ; lines < most; lines++ {
			end := bytes.IndexByte(block, '\n') + 1
			size += end
			block = block[end:]
		}
		return size, lines
	}
	return bytes.LastIndexByte(chunk[:size], '\n') + 1, lines
}

var newline = []byte{'\n'}

// beforeLongLine is how much of a chunk comes before the first line that is longer than maxLine bytes without its end, or
// whose end is not there and which may be.
func beforeLongLine(chunk []byte, maxLine int) int {
	at := 0
	for len(chunk)-at > maxLine {
		// Within so many bytes a line ends that is not too long. The last of those that do is enough to go on from.
		window := chunk[at:min(at+maxLine+2, len(chunk))]
		end := bytes.LastIndexByte(window, '\n')
		if end < 0 || end > maxLine && window[end-1] != '\r' && bytes.IndexByte(window, '\n') == end {
			return at
		}
		at += end + 1
	}
	return len(chunk)
}
