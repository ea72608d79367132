package codec

import (
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"flowrun/dag/batch"
	"flowrun/dag/codec/columnar"
)

// Decoder turns records into rows. It is used by one goroutine.
type Decoder interface {
	// Decode appends one record (without its line end) as a row, or as a reject that keeps its bytes. It copies what it
	// keeps of record.
	Decode(record []byte)
	// Reject appends a reject, for what the source itself finds wrong. It copies raw.
	Reject(reason, detail string, raw []byte)
	// Pending is the number of rows and rejects appended since the last Batch.
	Pending() int
	// Batch returns what was appended since the last call, with the time at which it arrived, or nil when there is
	// nothing. The caller owns it. Its schema is the decoder's as the edges carry it, without units.
	Batch(arrived time.Time) *batch.Batch
	// Close releases what was appended and not taken.
	Close()
}

// Encoder turns rows into records. It is used by one goroutine.
type Encoder interface {
	// Append writes the rows of b that count to dst, each with its line end, and returns the extended slice and the rows
	// that have no form in this format (which were left out).
	Append(dst []byte, b *batch.Batch) ([]byte, []batch.Failure)
}

// Bulk is a [Decoder] that can take many records at once.
type Bulk interface {
	Decoder
	// DecodeLines decodes the records at the start of chunk, each ended by LF with an optional CR before it, as Decode would
	// one by one, until rows rows and rejects are pending, chunk holds no further whole record, or the next one is longer
	// than maxLine bytes without its end. It may also stop before any record that it leaves to Decode. It returns how many
	// bytes it took, always whole records.
	DecodeLines(chunk []byte, rows, maxLine int) int
}

// Headed is a [Decoder] whose streams may begin with a record that is no row, as a CSV header is.
type Headed interface {
	Decoder
	// Restart says that the next record is one of another stream, and where it stands there: its first, at 0, or one behind a
	// header that is still to be given.
	Restart(offset int64)
	// Started reports whether the next record is a row: the header, if the stream has one, has come.
	Started() bool
	// Swap goes on with another stream, of which Swap returned what is known before, or nil for a new one, and returns what
	// is known of the stream it was at. So one decoder serves many streams.
	Swap(stream any) any
	// Adopt goes on with the stream that another decoder of the same options is at: it knows of it what that one knows.
	Adopt(other Decoder)
}

// Starter is an [Encoder] whose streams begin with something that is no row. The first Append with a row writes it.
type Starter interface {
	Encoder
	// Restart says that what is appended next begins another stream, such as another file.
	Restart()
	// Resume says that what is appended next goes on with a stream that has begun, such as a file that an earlier run left.
	Resume()
}

// Ender is an [Encoder] of formats of whole files, which say at their end what is in them. It holds rows back until there are
// enough to be written together.
type Ender interface {
	Encoder
	// End appends what ends the file, which may have had no rows; the next Append begins another one. The error is the first
	// that came up since the file began, and then it is none.
	End(dst []byte) ([]byte, error)
	// Held is about how many bytes End would append.
	Held() int64
}

// EncoderOptions configure NewEncoderFor.
type EncoderOptions struct {
	Format string        // one of FileFormats
	Config any           // the format's options, such as a CSV; nil: its defaults
	Schema *arrow.Schema // of the rows
}

// DecoderOptions configure NewDecoder.
type DecoderOptions struct {
	Format string        // one of Formats
	Config any           // the format's options, such as a CSV; nil: its defaults
	Schema *arrow.Schema // the rows to make, with unit metadata; see schema.UnitKey
	// Want says which columns somebody reads; nil: all. The others are checked like these, and a record is rejected for
	// them like for these, but they are not built: all their values are null, also where the type says never; see batch.Blank.
	Want      []bool
	Allocator memory.Allocator
	Now       func() time.Time // for a reject's time
}

// MaxRejectBytes is how much of a rejected input a reject keeps.
const MaxRejectBytes = 64 << 10

// The reasons for which a decoder, or a source that frames its input, rejects.
const (
	InvalidUTF8   = "invalid UTF-8"
	InvalidJSON   = "invalid JSON"
	WrongType     = "wrong type"
	OutOfRange    = "number out of range"
	MissingField  = "missing field"
	UnwantedNull  = "null in a field that is never null"
	DuplicateKey  = "duplicate key"
	NestedTooDeep = "nested too deeply"
	LineTooLong   = "line too long"
	BadQuote      = "wrong quote"
	FieldCount    = "wrong number of fields"
	NoHeader      = "no such header"
	NoPair        = "no key and value"
	NoMatch       = "no match"
)

// NewDecoder makes the decoder of a format; the format and schema must have passed [Check].
func NewDecoder(o DecoderOptions) Decoder {
	switch o.Format {
	case textFormat:
		return newTextDecoder(o)
	case jsonFormat:
		return newJSONDecoder(o)
	case csvFormat:
		return newCSVDecoder(o)
	case kvFormat:
		return newKVDecoder(o)
	}
	panic("codec: no decoder for " + o.Format)
}

// NewEncoder is [NewEncoderFor] with the format's defaults.
func NewEncoder(format string, s *arrow.Schema) Encoder {
	return NewEncoderFor(EncoderOptions{Format: format, Schema: s})
}

// NewEncoderFor makes the encoder of a format; the format and schema must have passed [Check].
func NewEncoderFor(o EncoderOptions) Encoder {
	switch o.Format {
	case textFormat:
		return textEncoder{}
	case jsonFormat:
		return newJSONEncoder(o.Schema)
	case csvFormat:
		return newCSVEncoder(o)
	case kvFormat:
		return newKVEncoder(o)
	}
	if columnar.Knows(o.Format) {
		return columnar.NewEncoder(o.Format, o.Config, o.Schema)
	}
	panic("codec: no encoder for " + o.Format)
}
