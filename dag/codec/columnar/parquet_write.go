package columnar

import (
	"bytes"
	"io"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/compress"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"
)

// parquetWriter writes a Parquet file, whose row groups are held until they are full: by rows, or by bytes where rows are wide.
type parquetWriter struct {
	w      *pqarrow.FileWriter
	schema *arrow.Schema
	raw    int64 // bytes of the open group before they are packed, about
}

const (
	// groupBytes bounds a row group before it is packed.
	groupBytes = 64 << 20
	pageBytes  = 512 << 10
	// dictionaryBytes is how large a dictionary of texts may become before it is given up.
	dictionaryBytes = 256 << 10
)

var defaultParquet = Parquet{Compression: "zstd", RowGroupRows: 100_000}

var parquetCodecs = map[string]compress.Compression{
	"zstd": compress.Codecs.Zstd, "snappy": compress.Codecs.Snappy, "gzip": compress.Codecs.Gzip, "none": compress.Codecs.Uncompressed,
}

func newParquetWriter(out *bytes.Buffer, config any, s *arrow.Schema) (*parquetWriter, error) {
	c, ok := config.(Parquet)
	if !ok {
		c = defaultParquet
	}
	options := []parquet.WriterProperty{
		parquet.WithCompression(parquetCodecs[c.Compression]),
		parquet.WithMaxRowGroupLength(c.RowGroupRows),
		parquet.WithDataPageSize(pageBytes),
		parquet.WithDictionaryPageSizeLimit(dictionaryBytes),
		parquet.WithVersion(parquet.V2_LATEST),
		parquet.WithAllocator(memory.DefaultAllocator),
	}
	// A dictionary of numbers costs a search for each one, and mostly is given up since they are too many.
	for _, path := range numbers(nil, "", s.Fields()) {
		options = append(options, parquet.WithDictionaryFor(path, false))
	}
	props := parquet.NewWriterProperties(options...)
	s, err := physical(s)
	if err != nil {
		return nil, err
	}
	w, err := pqarrow.NewFileWriter(s, unclosed{out}, props, pqarrow.DefaultWriterProps())
	if err != nil {
		return nil, err
	}
	return &parquetWriter{w: w, schema: s}, nil
}

// numbers are the paths of the columns of numbers and times.
func numbers(paths []string, above string, fields []arrow.Field) []string {
	for _, f := range fields {
		path := above + f.Name
		switch t := f.Type.(type) {
		case *arrow.Int64Type, *arrow.TimestampType, *arrow.DurationType, *arrow.Float64Type:
			paths = append(paths, path)
		case *arrow.StructType:
			paths = numbers(paths, path+".", t.Fields())
		}
	}
	return paths
}

// unclosed hides what else a writer can do.
type unclosed struct{ io.Writer }

func (p *parquetWriter) write(rec arrow.RecordBatch) error {
	if p.raw >= groupBytes {
		if err := p.w.NewBufferedRowGroupChecked(); err != nil {
			return err
		}
		p.raw = 0
	}
	own := physicalRecord(rec, p.schema)
	defer own.Release()
	if err := p.w.WriteBuffered(own); err != nil {
		return err
	}
	if n, err := p.w.RowGroupNumRows(); err != nil {
		return err
	} else if int64(n) <= rec.NumRows() {
		p.raw = 0 // another group has begun
	}
	for _, a := range rec.Columns() {
		p.raw += rawBytes(a.Data())
	}
	return nil
}

// rawBytes is about what an array holds.
func rawBytes(d arrow.ArrayData) int64 {
	var n int64
	for i, b := range d.Buffers() {
		if b == nil {
			continue
		}
		size := int64(b.Len())
		if t := d.DataType().ID(); i == 2 && (t == arrow.STRING || t == arrow.BINARY) && d.Len() > 0 {
			offsets := arrow.Int32Traits.CastFromBytes(d.Buffers()[1].Bytes())
			size = int64(offsets[d.Offset()+d.Len()] - offsets[d.Offset()])
		} else if fixed, ok := d.DataType().(arrow.FixedWidthDataType); ok && i == 1 {
			size = min(size, int64(d.Len()*fixed.BitWidth()/8+1))
		} else if i <= 1 {
			size = min(size, int64(4*d.Len()+4))
		}
		n += size
	}
	for _, c := range d.Children() {
		n += rawBytes(c)
	}
	return n
}

// held counts packed pages, and takes it that the rest will pack well: a file that is rolled a little late does no harm.
func (p *parquetWriter) held() int64 {
	return max(p.w.RowGroupTotalCompressedBytes(), p.raw/8)
}

func (p *parquetWriter) close() error { return p.w.Close() }
