package codec

import "bytes"

// quotes follows quoted fields through the pieces of a record, so that an LF inside of one is told from an end. A quote
// opens a field only where a field begins; elsewhere it is a mistake that ends with its line.
type quotes struct {
	delimiter byte // 0: the format has no quoted fields
	state     quoteState
}

type quoteState uint8

const (
	atField     quoteState = iota // a field begins
	inPlain                       // within a field that has no quotes
	inQuotes                      // within quotes
	behindQuote                   // behind a quote that closes the field, or is the first of two
)

// scan goes over a piece of a record.
func (q *quotes) scan(piece []byte) {
	for len(piece) > 0 {
		switch q.state {
		case inQuotes:
			at := bytes.IndexByte(piece, '"')
			if at < 0 {
				return
			}
			piece, q.state = piece[at+1:], behindQuote
		case behindQuote:
			if piece[0] == '"' {
				piece, q.state = piece[1:], inQuotes
				continue
			}
			q.state = inPlain
		default:
			at := bytes.IndexByte(piece, '"')
			if at < 0 {
				q.state = inPlain
				if piece[len(piece)-1] == q.delimiter {
					q.state = atField
				}
				return
			}
			opens := at == 0 && q.state == atField || at > 0 && piece[at-1] == q.delimiter
			piece, q.state = piece[at+1:], inPlain
			if opens {
				q.state = inQuotes
			}
		}
	}
}

// end returns the place in the chunk of the LF that ends the record in hand, or -1. A record that is longer than Max ends
// at any LF: what a quote that nobody closes takes with it stays bounded.
func (f *Framer) end() int {
	if f.quotes.delimiter == 0 {
		return bytes.IndexByte(f.chunk, '\n')
	}
	seen := int64(len(f.part))
	if f.skipping {
		seen = f.skipped
	}
	for from := 0; ; from++ {
		at := bytes.IndexByte(f.chunk[from:], '\n')
		if at < 0 {
			f.quotes.scan(f.chunk[from:])
			return -1
		}
		f.quotes.scan(f.chunk[from : from+at])
		from += at
		if f.quotes.state != inQuotes || seen+int64(from) > int64(f.Longest())+1 {
			f.quotes.state = atField
			return from
		}
	}
}
