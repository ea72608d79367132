package codec

import "bytes"

// DefaultMaxLine is the longest line that a [Framer] takes when its Max is 0.
const DefaultMaxLine = 1 << 20

// maxHead is how much is kept of a line that is too long.
const maxHead = MaxRejectBytes

// Framer cuts a stream of bytes into lines at LF, with an optional CR before it; where [NewFramer] was told of a format with
// quoted fields, an LF inside of quotes is a part of the line. It buffers at most Max bytes: the piece
// of a line that the last chunk ended in. The zero Framer is ready. It is used by one goroutine:
//
//	f.Feed(chunk)
//	for f.Next() {
//		use(f.Line())
//	}
//	... and at the end of the stream:
//	if f.Flush() {
//		use(f.Line())
//	}
//
// The loop may stop at any line, to hand on a batch, and go on later. A line that lies in one chunk is a slice of that
// chunk and is not copied, so the chunk must stay as it is until Next has returned false or Feed is called again.
type Framer struct {
	Max int // the longest line in bytes, without its end; 0: DefaultMaxLine
	// Stream is what the decoder of a stream's lines knows of it, kept here while it is at another one; see Headed.
	Stream any

	quotes quotes
	chunk  []byte // what Next has not looked at yet
	part   []byte // the beginning of a line that goes on in the next chunk, or the head of one that is too long
	line   []byte
	size   int64 // of the line in hand, without its end
	over   bool  // the line in hand is too long
	within bool  // an end of line is still to come for what was seen: part or skipped holds something

	skipping bool  // part is the head of a line that is too long, of which skipped bytes were seen
	skipped  int64 // its bytes so far, head included
	lastCR   bool  // its last byte so far was CR
	offset   int64
	read     int64 // bytes of the stream before chunk
}

// NewFramer makes the framer of a format's records: lines, which in csv go on inside of quotes. max is the longest record in
// bytes, without its end; 0: DefaultMaxLine.
func NewFramer(format string, config any, max int) Framer {
	f := Framer{Max: max}
	if format == csvFormat {
		f.quotes.delimiter = csvOf(config).byte()
	}
	return f
}

// Like makes f, which may be new, cut as another one does.
func (f *Framer) Like(other *Framer) { f.Max, f.quotes.delimiter = other.Max, other.quotes.delimiter }

// Feed lends the framer the next bytes of the stream. All lines of the last chunk must have been taken.
func (f *Framer) Feed(chunk []byte) { f.chunk = chunk }

// Next goes to the next line that ends in what was fed, and reports whether there is one.
func (f *Framer) Next() bool {
	at := f.end()
	if at < 0 {
		f.keep(f.chunk)
		f.read += int64(len(f.chunk))
		f.chunk = nil
		return false
	}
	piece := f.chunk[:at]
	f.chunk = f.chunk[at+1:]
	f.read += int64(at + 1)
	if !f.within {
		f.take(piece)
	} else {
		f.keep(piece)
		f.finish(true)
	}
	f.offset = f.read
	return true
}

// Rest is what Next has not looked at yet, for who takes many records at once, and says so by Skip. It is empty where it
// would begin in the middle of a record.
func (f *Framer) Rest() []byte {
	if f.within {
		return nil
	}
	return f.chunk
}

// Skip says that the first n bytes of Rest, whole records, were taken.
func (f *Framer) Skip(n int) {
	if n > 0 {
		f.chunk = f.chunk[n:]
		f.read += int64(n)
		f.offset = f.read
	}
}

// Cut is how much of a chunk that begins with a record are whole records: the place behind the last end of one, 0 where there
// is none. What f itself was fed does not matter.
func (f *Framer) Cut(chunk []byte) int {
	if f.quotes.delimiter == 0 || bytes.IndexByte(chunk, '"') < 0 {
		return bytes.LastIndexByte(chunk, '\n') + 1
	}
	walk := Framer{Max: f.Max, quotes: quotes{delimiter: f.quotes.delimiter}}
	for cut := 0; ; {
		walk.chunk = chunk[cut:]
		at := walk.end()
		if at < 0 {
			return cut
		}
		cut += at + 1
	}
}

// Take gives the beginning of the record whose end was not seen, and forgets it: the framer stands where it begins, at Offset.
// It may be called once Next has returned false, and what it gives is valid until the framer is used again. False: it is
// longer than most bytes, or was not kept since the record is too long; then nothing changes.
func (f *Framer) Take(most int) (beginning []byte, ok bool) {
	if f.skipping || len(f.part) > most {
		return nil, false
	}
	beginning = f.part
	f.Reset(f.offset)
	return beginning, true
}

// Flush ends the stream: it reports whether there is a last line, one without LF. Its CR, if it ends in one, belongs to it.
func (f *Framer) Flush() bool {
	if !f.within {
		return false
	}
	f.finish(false)
	f.quotes.state = atField
	f.offset = f.read
	return true
}

// Line is the line in hand without its end, valid until Next, Flush or Feed is called. Of a line that is too long it is the
// head: the first bytes, at most Max and 64 KiB.
func (f *Framer) Line() []byte { return f.line }

// Over reports whether the line in hand is longer than Max, and how many bytes it has without its end.
func (f *Framer) Over() (size int64, over bool) { return f.size, f.over }

// Held is how much memory the beginning of a line takes whose end has not been seen; 0: the framer stands between two lines,
// and may forget all but its offset.
func (f *Framer) Held() int {
	if !f.within {
		return 0
	}
	return max(cap(f.part), 1)
}

// Offset is the place in the stream just behind the line in hand and its end: where to start reading again so that the
// next line is the first. Before the first line it is 0, or what Reset was given.
func (f *Framer) Offset() int64 { return f.offset }

// Reset forgets what was fed and not yet taken, and starts a new stream whose first byte is at offset.
func (f *Framer) Reset(offset int64) {
	*f = Framer{Max: f.Max, quotes: quotes{delimiter: f.quotes.delimiter}, part: f.part[:0], offset: offset, read: offset}
}

// Longest is the longest record that is none too long, in bytes without its end.
func (f *Framer) Longest() int {
	if f.Max <= 0 {
		return DefaultMaxLine
	}
	return f.Max
}

// take makes a line of a piece that is a whole line but for its LF.
func (f *Framer) take(piece []byte) {
	if n := len(piece); n > 0 && piece[n-1] == '\r' {
		piece = piece[:n-1]
	}
	f.line, f.size, f.over = piece, int64(len(piece)), false
	if len(piece) > f.Longest() {
		f.over = true
		f.line = piece[:min(f.Longest(), maxHead)]
	}
}

// keep stores a piece of a line whose end has not been seen. Only so much is kept as a line of Max bytes and its CR need.
func (f *Framer) keep(piece []byte) {
	if len(piece) == 0 {
		return
	}
	f.within = true
	if !f.skipping {
		n, limit := len(f.part)+len(piece), f.Longest()
		if n <= limit || (n == limit+1 && piece[len(piece)-1] == '\r') {
			f.part = append(f.part, piece...)
			return
		}
		f.skipping, f.skipped = true, int64(len(f.part))
		head := min(limit, maxHead)
		if len(f.part) >= head {
			f.part = f.part[:head]
		} else {
			f.part = append(f.part, piece[:min(len(piece), head-len(f.part))]...)
		}
	}
	f.skipped += int64(len(piece))
	f.lastCR = piece[len(piece)-1] == '\r'
}

// finish makes a line of what was kept; ended says that an LF followed.
func (f *Framer) finish(ended bool) {
	switch {
	case f.skipping:
		f.line, f.size, f.over = f.part, f.skipped, true
		if ended && f.lastCR {
			f.size--
		}
	case ended:
		f.take(f.part)
	default:
		f.line, f.size, f.over = f.part, int64(len(f.part)), len(f.part) > f.Longest()
		if f.over {
			f.line = f.part[:min(f.Longest(), maxHead)]
		}
	}
	f.part = f.part[:0]
	f.within, f.skipping, f.skipped, f.lastCR = false, false, 0, false
}
