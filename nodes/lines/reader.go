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

// UnfinishedLine is the reason for which a Reader rejects what [Reader.Break] or [Reader.Stop] cut off.
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
	o       Options
	framer  codec.Framer
	dec     codec.Decoder
	alloc   memory.Allocator
	plain   *arrow.Schema // of the batches
	rows    int
	chunk   []byte
	arrived time.Time
}

// NewReader makes a Reader whose first byte stands at offset in its stream.
func NewReader(rt op.Runtime, o Options, offset int64) *Reader {
	decoded := o.Schema
	if o.Timestamp {
		decoded = arrow.NewSchema(decoded.Fields()[:decoded.NumFields()-1], nil)
	}
	r := &Reader{o: o, alloc: rt.Allocator(), plain: schema.Plain(o.Schema), rows: rt.BatchRows(), chunk: make([]byte, rt.BatchBytes())}
	r.framer.Max = o.MaxLineBytes
	r.framer.Reset(offset)
	r.dec = codec.NewDecoder(codec.DecoderOptions{
		Format: o.Format, Schema: decoded, Allocator: rt.Allocator(), Now: rt.Now,
	})
	return r
}

// Room is where the next bytes are to be read into. It may be used once Next has returned nil.
func (r *Reader) Room() []byte { return r.chunk }

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

// Break ends the stream where it did not end by itself: what came behind the last end of line is a reject. It may be called
// once Next has returned nil; another stream may follow.
func (r *Reader) Break(detail string) *batch.Batch {
	if r.framer.Flush() {
		r.dec.Reject(UnfinishedLine, detail, r.framer.Line())
	}
	return r.batch()
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

func (r *Reader) line() {
	if size, over := r.framer.Over(); over {
		r.dec.Reject(codec.LineTooLong, fmt.Sprintf("%d bytes, max_line_bytes is %d", size, r.framer.Max), r.framer.Line())
		return
	}
	r.dec.Decode(r.framer.Line())
}

func (r *Reader) batch() *batch.Batch {
	b := r.dec.Batch(r.arrived)
	if b == nil || b.Record == nil || !r.o.Timestamp {
		return b
	}
	return r.stamp(b)
}
