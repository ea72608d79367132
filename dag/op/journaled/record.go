package journaled

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"flowrun/dag/batch"
	"flowrun/dag/schema"
)

// A batch in the journal, all numbers as varints:
//
//	format of this, 1
//	partition, sequence number, skipped rows
//	number of rejects, and of each: when, in nanoseconds; node, reason, detail, each with its length before it; the
//	length of the raw input and 1, or 0 where there is none, and the input; whether it was cut off
//	whether there are columns, and then they are an Arrow IPC message
//
// When it arrived stands in the journal's own record. The columns' schema is the meta data of the segment, as an IPC message.
const recordFormat = 1

// shape is the schema as it stands in the journal.
func shape(s *arrow.Schema) ([]byte, error) {
	var b bytes.Buffer
	p := ipc.GetSchemaPayload(schema.Plain(s), memory.DefaultAllocator) // what decoders need to know is no matter of rows
	defer p.Release()
	_, err := p.WritePayload(&b)
	return b.Bytes(), err
}

// columns names the columns of a shape with their types.
func columns(shape []byte) string {
	r, err := ipc.NewReader(bytes.NewReader(shape))
	if err != nil {
		return "unknown"
	}
	defer r.Release()
	var all []string
	for _, f := range r.Schema().Fields() {
		text := f.Name + ": " + schema.Name(f.Type)
		if !f.Nullable {
			text += "!"
		}
		all = append(all, text)
	}
	return strings.Join(all, ", ")
}

// encode appends what has to be kept of a batch.
func encode(dst []byte, b *batch.Batch, mem memory.Allocator) ([]byte, error) {
	dst = append(dst, recordFormat)
	dst = binary.AppendVarint(dst, int64(b.Part))
	dst = binary.AppendUvarint(dst, b.Seq)
	dst = binary.AppendUvarint(dst, uint64(b.Skipped))
	dst = binary.AppendUvarint(dst, uint64(len(b.Rejects)))
	for i := range b.Rejects {
		r := &b.Rejects[i]
		dst = binary.AppendVarint(dst, r.At.UnixNano())
		for _, text := range [...]string{r.Node, r.Reason, r.Detail} {
			dst = binary.AppendUvarint(dst, uint64(len(text)))
			dst = append(dst, text...)
		}
		if r.Raw == nil {
			dst = binary.AppendUvarint(dst, 0)
		} else {
			dst = binary.AppendUvarint(dst, uint64(len(r.Raw))+1)
			dst = append(dst, r.Raw...)
		}
		dst = append(dst, flag(r.Cut))
	}
	if b.Record == nil {
		return append(dst, 0), nil
	}
	dst = append(dst, 1)
	rec := b.Record
	if b.Sel != nil {
		rec = batch.Take(rec, b.Sel, mem)
		defer rec.Release()
	}
	p, err := ipc.GetRecordBatchPayload(rec, ipc.WithAllocator(mem))
	if err != nil {
		return nil, err
	}
	defer p.Release()
	w := appender{dst}
	_, err = p.WritePayload(&w)
	return w.b, err
}

type appender struct{ b []byte }

func (a *appender) Write(p []byte) (int, error) {
	a.b = append(a.b, p...)
	return len(p), nil
}

func flag(b bool) byte {
	if b {
		return 1
	}
	return 0
}

// errShort: a record ends before it should. Its checksum was right, so it was written so.
var errShort = errors.New("the record is too short")

// cursor reads what encode wrote. After an error it gives zeros.
type cursor struct {
	b   []byte
	err error
}

func (c *cursor) varint() int64 {
	v, n := binary.Varint(c.b)
	c.skip(n)
	return v
}

func (c *cursor) uvarint() uint64 {
	v, n := binary.Uvarint(c.b)
	c.skip(n)
	return v
}

func (c *cursor) skip(n int) {
	if n <= 0 {
		c.b, c.err = nil, errShort
		return
	}
	c.b = c.b[n:]
}

func (c *cursor) flag() bool { return c.uvarint() != 0 }

// bytes returns the next n bytes, which stay the record's.
func (c *cursor) bytes(n uint64) []byte {
	if n > uint64(len(c.b)) {
		c.b, c.err = nil, errShort
		return nil
	}
	b := c.b[:n:n]
	c.b = c.b[n:]
	return b
}

// decode makes the batch of a record again; the caller owns it. shape is the segment's, s the schema that the batch gets.
func decode(payload, shape []byte, s *arrow.Schema, arrived time.Time, mem memory.Allocator) (*batch.Batch, error) {
	b, columns, err := decodeHead(payload)
	if err != nil {
		return nil, err
	}
	b.Arrived = arrived
	if columns != nil {
		if b.Record, err = readColumns(shape, columns, s, mem); err != nil {
			return nil, err
		}
	}
	return b, nil
}

// decodeHead reads what stands before the columns, which it returns; nil: there are none.
func decodeHead(payload []byte) (b *batch.Batch, columns []byte, err error) {
	c := cursor{b: payload}
	if v := c.uvarint(); v != recordFormat {
		return nil, nil, fmt.Errorf("a record has version %d of the format, and this program knows version %d", v, recordFormat)
	}
	b = batch.New(nil)
	b.Part = int32(c.varint())
	b.Seq = c.uvarint()
	b.Skipped = int(c.uvarint())
	rejects := c.uvarint()
	for i := uint64(0); i < rejects && c.err == nil; i++ {
		r := batch.Reject{At: time.Unix(0, c.varint()).UTC()}
		for _, text := range [...]*string{&r.Node, &r.Reason, &r.Detail} {
			*text = string(c.bytes(c.uvarint()))
		}
		if n := c.uvarint(); n > 0 {
			r.Raw = append([]byte{}, c.bytes(n-1)...)
		}
		r.Cut = c.flag()
		b.Rejects = append(b.Rejects, r)
	}
	if c.flag() {
		columns = c.b
	}
	return b, columns, c.err
}

func readColumns(shape, message []byte, s *arrow.Schema, mem memory.Allocator) (arrow.RecordBatch, error) {
	r, err := ipc.NewReader(io.MultiReader(bytes.NewReader(shape), bytes.NewReader(message)), ipc.WithAllocator(mem), ipc.WithBodySizeLimit(max(int64(len(message)), 1)))
	if err != nil {
		return nil, err
	}
	defer r.Release()
	if !r.Next() {
		return nil, errors.Join(r.Err(), errShort)
	}
	rec := r.RecordBatch()
	return array.NewRecordBatch(s, rec.Columns(), rec.NumRows()), nil
}
