package lines

import (
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"flowrun/dag/batch"
	"flowrun/dag/codec"
	"flowrun/dag/op"
	"flowrun/dag/schema"
)

// UnfinishedLine is the reason for which a Reader rejects what [Reader.Break] or [Reader.Stop] cut off.
const UnfinishedLine = "unfinished line"

// Options configure a [Reader].
type Options struct {
	Format string
	Config any           // the format's options; see codec.DecoderOptions
	Schema *arrow.Schema // of the rows, TimestampColumn included where Timestamp is set
	// Timestamp makes the last column of Schema: when the line was received.
	Timestamp    bool
	MaxLineBytes int
	Want         []bool // which columns of Schema somebody reads; nil: all; see codec.DecoderOptions
}

// Reader turns bytes into batches of rows: a chunk is fed, and Next gives its lines (or records, where those may span lines),
// at most rt.BatchRows at a time, until there is no whole line left. It holds one chunk of at most rt.BatchBytes and the
// beginning of one line. It is used by one goroutine.
type Reader struct {
	Part    int32 // of the batches that come next
	o       Options
	framer  codec.Framer
	dec     codec.Decoder
	bulk    codec.Bulk // dec, where it takes many records at once
	alloc   memory.Allocator
	plain   *arrow.Schema // of the batches
	rows    int
	room    room
	arrived time.Time
}

// NewReader makes a Reader whose first byte stands at offset in its stream.
func NewReader(rt op.Runtime, o Options, offset int64) *Reader {
	decoded, want := o.Schema, o.Want
	if o.Timestamp {
		n := decoded.NumFields() - 1
		decoded = arrow.NewSchema(decoded.Fields()[:n], nil)
		if want != nil {
			want = want[:n]
		}
	}
	r := &Reader{o: o, alloc: rt.Allocator(), plain: schema.Plain(o.Schema), rows: rt.BatchRows(), room: room{most: rt.BatchBytes()}}
	r.framer = codec.NewFramer(o.Format, o.Config, o.MaxLineBytes)
	r.framer.Reset(offset)
	r.dec = codec.NewDecoder(codec.DecoderOptions{
		Format: o.Format, Config: o.Config, Schema: decoded, Want: want, Allocator: rt.Allocator(), Now: rt.Now,
	})
	r.bulk, _ = r.dec.(codec.Bulk)
	return r
}

// Feed lends the Reader the next bytes of its stream, which arrived at the given time, instead of Room and Fed. They stay as
// they are until Next has returned nil, which it has to before the next Feed.
func (r *Reader) Feed(p []byte, arrived time.Time) {
	r.arrived = arrived
	r.framer.Feed(p)
}

// Swap makes the Reader go on with another stream and returns the one it was at, so that one Reader serves many. It may be
// called once Next has returned nil.
func (r *Reader) Swap(f codec.Framer) codec.Framer {
	before := r.framer
	f.Like(&before)
	if h, ok := r.dec.(codec.Headed); ok {
		before.Stream = h.Swap(f.Stream)
	}
	r.framer = f
	return before
}

// Room is where the next bytes are to be read into. It may be used once Next has returned nil. It grows with what the reads
// before it brought, up to rt.BatchBytes, and is given back when they bring little.
func (r *Reader) Room() []byte { return r.room.next() }

// Fed says that n bytes of Room were filled, at the given time.
func (r *Reader) Fed(n int, arrived time.Time) {
	r.arrived = arrived
	r.framer.Feed(r.room.took(n))
}

// Next returns the next lines of what was fed, or nil when there is no whole line left. The caller owns the batch.
func (r *Reader) Next() *batch.Batch {
	for r.dec.Pending() < r.rows {
		if r.bulk != nil {
			if rest := r.framer.Rest(); len(rest) > 0 {
				r.framer.Skip(r.bulk.DecodeLines(rest, r.rows, r.framer.Longest()))
				if r.dec.Pending() >= r.rows {
					break
				}
			}
		}
		if !r.framer.Next() {
			break
		}
		r.line()
	}
	return r.batch()
}

// End ends the stream: what came behind the last end of line is a line, and the batch holds it. It may be called once Next
// has returned nil; another stream may follow.
func (r *Reader) End() *batch.Batch {
	if r.framer.Flush() {
		r.line()
	}
	r.restart(0)
	return r.batch()
}

// Break ends the stream where it did not end by itself: what came behind the last end of line is a reject. It may be called
// once Next has returned nil; another stream may follow.
func (r *Reader) Break(detail string) *batch.Batch {
	if r.framer.Flush() {
		r.dec.Reject(UnfinishedLine, detail, r.framer.Line())
	}
	r.restart(0)
	return r.batch()
}

// adopt goes on with the stream that another Reader is at.
func (r *Reader) adopt(from *Reader) {
	r.Part = from.Part
	if h, ok := r.dec.(codec.Headed); ok {
		h.Adopt(from.dec)
	}
}

// restart prepares for another stream, which brings a header of its own where the format has one.
func (r *Reader) restart(offset int64) {
	if h, ok := r.dec.(codec.Headed); ok {
		h.Restart(offset)
	}
}

// NeedsHead reports whether the rows cannot be read before a header was seen.
func (r *Reader) NeedsHead() bool {
	h, ok := r.dec.(codec.Headed)
	return ok && !h.Started()
}

// Head gives a Reader that starts at an offset the beginning of its stream, from which it takes the header where the format
// has one; else nothing is read. What is wrong with the header is a reject of the next batch.
func (r *Reader) Head(stream io.Reader) error {
	h, ok := r.dec.(codec.Headed)
	if !ok || h.Started() {
		return nil
	}
	f := codec.NewFramer(r.o.Format, r.o.Config, r.o.MaxLineBytes)
	piece := make([]byte, 4<<10)
	for {
		n, err := stream.Read(piece)
		f.Feed(piece[:n])
		for f.Next() {
			if r.decode(&f); h.Started() {
				return nil
			}
		}
		switch {
		case err == nil:
			continue
		case !errors.Is(err, io.EOF):
			return fmt.Errorf("read the header: %w", err)
		case f.Flush():
			r.decode(&f)
		}
		return nil
	}
}

// Reset leaves the stream and begins another one, whose first byte stands at offset. What came behind the last end of line is
// forgotten; it may be called once Next has returned nil. Where the offset is not 0, Head gives the stream's header.
func (r *Reader) Reset(offset int64) {
	r.framer.Reset(offset)
	r.restart(offset)
}

// Stop ends the stream where the run was stopped: what came behind the last end of line is a reject that fails no run.
func (r *Reader) Stop() *batch.Batch {
	b := r.Break("the run stopped in the middle of it")
	if b != nil {
		for i := range b.Rejects {
			b.Rejects[i].Cut = true
		}
	}
	return b
}

// Offset is the place in the stream just behind the last line of the last batch.
func (r *Reader) Offset() int64 { return r.framer.Offset() }

// Close releases what was not taken.
func (r *Reader) Close() { r.dec.Close() }

func (r *Reader) line() { r.decode(&r.framer) }

func (r *Reader) decode(f *codec.Framer) {
	if size, over := f.Over(); over {
		r.dec.Reject(codec.LineTooLong, fmt.Sprintf("%d bytes, max_line_bytes is %d", size, f.Max), f.Line())
		return
	}
	r.dec.Decode(f.Line())
}

func (r *Reader) batch() *batch.Batch {
	b := r.dec.Batch(r.arrived)
	if b != nil {
		b.Part = r.Part
	}
	if b == nil || b.Record == nil || !r.o.Timestamp {
		return b
	}
	return r.stamp(b)
}
