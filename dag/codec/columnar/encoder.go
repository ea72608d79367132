package columnar

import (
	"bytes"
	"fmt"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"flowrun/dag/batch"
	"flowrun/dag/schema"
)

// Encoder writes files of rows. It holds what does not fill a group of rows yet. It is used by one goroutine.
type Encoder struct {
	format string
	config any
	schema *arrow.Schema

	out  bytes.Buffer // written, and not given out
	file writer       // nil: none is begun
	few  *batch.Builder
	raw  int64 // bytes in few, about
	err  error // what went wrong; the file cannot be ended
}

// writer writes one file into the buffer that it was made with.
type writer interface {
	write(rec arrow.RecordBatch) error
	// held is about how many bytes of the file wait for the end of a group.
	held() int64
	close() error
}

const (
	// fewRows: smaller batches are gathered, up to gatherRows or gatherBytes, since each one that is written has its price.
	fewRows     = 1024
	gatherRows  = 8192
	gatherBytes = 1 << 20
)

// NewEncoder makes the encoder of a format for rows of a schema that passed [CheckWrite]. config is nil for the defaults, a
// [Parquet] or an [Arrow].
func NewEncoder(format string, config any, s *arrow.Schema) *Encoder {
	return &Encoder{format: format, config: config, schema: bare(s)}
}

// bare is a schema without what only flowrun knows.
func bare(s *arrow.Schema) *arrow.Schema {
	fields := schema.Plain(s).Fields()
	for i := range fields {
		fields[i].Metadata = arrow.Metadata{}
	}
	return arrow.NewSchema(fields, nil)
}

// Append takes the rows of b that count, and appends to dst what is ready of the file. Every row has a form.
func (e *Encoder) Append(dst []byte, b *batch.Batch) ([]byte, []batch.Failure) {
	if n := b.Rows(); n > 0 && e.err == nil {
		e.err = e.add(b, n)
	}
	return e.give(dst), nil
}

func (e *Encoder) add(b *batch.Batch, rows int) error {
	if rows < fewRows {
		e.gather(b, rows)
		if e.few.Rows() < gatherRows && e.raw < gatherBytes {
			return nil
		}
		return e.flush()
	}
	if err := e.flush(); err != nil {
		return err
	}
	whole := batch.Compact(b, memory.DefaultAllocator)
	defer whole.Release()
	return e.write(whole.Record)
}

// gather copies the rows of a small batch.
func (e *Encoder) gather(b *batch.Batch, rows int) {
	if e.few == nil {
		e.few = batch.NewBuilder(e.schema, memory.DefaultAllocator)
	}
	for i := range b.Record.Columns() {
		c := e.few.Column(i)
		before := c.Bytes()
		if b.Sel != nil {
			c.AppendRows(b.Record.Column(i), b.Sel)
		} else {
			c.AppendRange(b.Record.Column(i), 0, rows)
		}
		e.raw += int64(c.Bytes()-before) + 8*int64(rows)
	}
}

// flush writes what was gathered.
func (e *Encoder) flush() error {
	if e.few == nil || e.few.Rows() == 0 {
		return nil
	}
	rec := e.few.Record()
	defer rec.Release()
	e.raw = 0
	return e.write(rec)
}

func (e *Encoder) write(rec arrow.RecordBatch) error {
	if err := e.begin(); err != nil {
		return err
	}
	own := array.NewRecordBatch(e.schema, rec.Columns(), rec.NumRows())
	defer own.Release()
	return e.guard(func() error { return e.file.write(own) })
}

func (e *Encoder) begin() error {
	if e.file != nil {
		return nil
	}
	return e.guard(func() (err error) {
		if e.format == parquetFormat {
			e.file, err = newParquetWriter(&e.out, e.config, e.schema)
		} else {
			e.file, err = newArrowWriter(&e.out, e.config, e.schema)
		}
		return err
	})
}

func (e *Encoder) guard(f func() error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("format %s: %v", e.format, r)
		}
	}()
	if err = f(); err != nil {
		err = fmt.Errorf("format %s: %w", e.format, err)
	}
	return err
}

// maxOut is how much of the buffer is kept.
const maxOut = 4 << 20

func (e *Encoder) give(dst []byte) []byte {
	dst = append(dst, e.out.Bytes()...)
	if e.out.Cap() > maxOut {
		e.out = bytes.Buffer{}
	} else {
		e.out.Reset()
	}
	return dst
}

// End appends what ends the file, which may have had no rows. The next Append begins another one. The error is the first
// that came up since the file began.
func (e *Encoder) End(dst []byte) ([]byte, error) {
	if e.err == nil {
		e.err = e.flush()
	}
	if e.err == nil {
		e.err = e.begin()
	}
	if e.file != nil {
		if err := e.guard(e.file.close); e.err == nil {
			e.err = err
		}
	}
	err := e.err
	e.Close()
	return e.give(dst), err
}

// Held is about how many bytes End would append.
func (e *Encoder) Held() int64 {
	n := (e.raw + 7) / 8
	if e.file != nil {
		n += e.file.held()
	}
	return n
}

// Close gives up a file that was not ended.
func (e *Encoder) Close() {
	if e.few != nil {
		e.few.Release()
		e.few = nil
	}
	e.file, e.raw, e.err = nil, 0, nil
}
