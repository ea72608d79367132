package lines

import (
	"fmt"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"flowrun/dag/batch"
	"flowrun/dag/codec"
	"flowrun/dag/op"
	"flowrun/dag/schema"
)

// UnfinishedLine is the reason for which a Reader rejects what [Reader.Break] cut off.
const UnfinishedLine = "unfinished line"

// Options configure a [Reader].
type Options struct {
	Format string
	Schema *arrow.Schema // of the rows, TimestampColumn included where Timestamp is set
	// Timestamp makes the last column of Schema: when the line was received.
	Timestamp    bool
	MaxLineBytes int
}

// Reader turns bytes into batches of rows: a chunk is fed, and Next gives its lines, at most rt.BatchRows at a time, until
// there is no whole line left. It holds one chunk of rt.BatchBytes and the beginning of one line. It is used by one
// goroutine.
type Reader struct {
	Part    int32 // of the batches that come next
	o       Options
	framer  codec.Framer
	dec     codec.Decoder
	alloc   memory.Allocator
	plain   *arrow.Schema // of the batches
	rows    int
	room    int // of chunk
	chunk   []byte
	arrived time.Time
}

// NewReader makes a Reader whose first byte stands at offset in its stream.
func NewReader(rt op.Runtime, o Options, offset int64) *Reader {
	decoded := o.Schema
	if o.Timestamp {
		decoded = arrow.NewSchema(decoded.Fields()[:decoded.NumFields()-1], nil)
	}
	r := &Reader{o: o, alloc: rt.Allocator(), plain: schema.Plain(o.Schema), rows: rt.BatchRows(), room: rt.BatchBytes()}
	r.framer.Max = o.MaxLineBytes
	r.framer.Reset(offset)
	r.dec = codec.NewDecoder(codec.DecoderOptions{
		Format: o.Format, Schema: decoded, Allocator: rt.Allocator(), Now: rt.Now,
	})
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
	f.Max = before.Max
	r.framer = f
	return before
}

// Room is where the next bytes are to be read into. It may be used once Next has returned nil.
func (r *Reader) Room() []byte {
	if r.chunk == nil {
		r.chunk = make([]byte, r.room)
	}
	return r.chunk
}

// Fed says that n bytes of Room were filled, at the given time.
func (r *Reader) Fed(n int, arrived time.Time) {
	r.arrived = arrived
	r.framer.Feed(r.chunk[:n])
}

// Next returns the next lines of what was fed, or nil when there is no whole line left. The caller owns the batch.
func (r *Reader) Next() *batch.Batch {
	for r.dec.Pending() < r.rows && r.framer.Next() {
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
	return r.batch()
}

// Break ends the stream where it did not end by itself: what came behind the last end of line is a reject.
func (r *Reader) Break(detail string) *batch.Batch {
	if r.framer.Flush() {
		r.dec.Reject(UnfinishedLine, detail, r.framer.Line())
	}
	return r.batch()
}

// Reset leaves the stream and begins another one, whose first byte stands at offset. What came behind the last end of line is
// forgotten; it may be called once Next has returned nil.
func (r *Reader) Reset(offset int64) { r.framer.Reset(offset) }

// Offset is the place in the stream just behind the last line of the last batch.
func (r *Reader) Offset() int64 { return r.framer.Offset() }

// Close releases what was not taken.
func (r *Reader) Close() { r.dec.Close() }

func (r *Reader) line() {
	if size, over := r.framer.Over(); over {
		r.dec.Reject(codec.LineTooLong, fmt.Sprintf("%d bytes, max_line_bytes is %d", size, r.framer.Max), r.framer.Line())
		return
	}
	r.dec.Decode(r.framer.Line())
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
