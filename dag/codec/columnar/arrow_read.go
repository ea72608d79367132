package columnar

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/apache/arrow-go/v18/arrow/memory"
)

// arrowFile is an Arrow file that was opened.
type arrowFile struct {
	r       *io.SectionReader
	file    *ipc.FileReader
	batches []block
}

var (
	arrowMagic   = []byte("ARROW1")
	featherMagic = []byte("FEA1")
	streamMagic  = []byte{0xFF, 0xFF, 0xFF, 0xFF}
)

func openArrow(r *io.SectionReader) (*arrowFile, error) {
	head := make([]byte, len(arrowMagic))
	n, err := r.ReadAt(head, 0)
	switch {
	case err != nil && err != io.EOF:
		return nil, err
	case n == 0:
		return nil, errors.New("it is empty")
	case bytes.HasPrefix(head, featherMagic):
		return nil, &Problem{Message: "it is a Feather file of version 1", Hint: "write it as version 2, which is an Arrow file"}
	case bytes.HasPrefix(head, parquetMagic):
		return nil, &Problem{Message: "it is a Parquet file", Hint: "format: parquet"}
	case bytes.HasPrefix(head, streamMagic):
		return nil, &Problem{Message: "it is a stream of Arrow, not a file", Hint: "write it in the file form, also called Feather"}
	case !bytes.Equal(head, arrowMagic):
		return nil, errors.New("it does not begin as one")
	}
	f := &arrowFile{r: r}
	if f.batches, err = checkFooter(r); err != nil {
		return nil, err
	}
	f.file, err = ipc.NewFileReader(r, ipc.WithAllocator(bounded{memory.DefaultAllocator}), ipc.WithBodySizeLimit(maxAllocation))
	return f, err
}

func (f *arrowFile) fields() []arrow.Field { return f.file.Schema().Fields() }

func (f *arrowFile) groups() ([]int64, bool) { return nil, false }

func (f *arrowFile) bounds(int, int) bounds { return bounds{rows: -1, nulls: -1} }

// arrowCursor gives the batches of a file as they are stored.
type arrowCursor struct {
	f      *arrowFile
	at     int // the next batch
	fields []int
}

func (f *arrowFile) read(fields, _ []int) (cursor, error) {
	return &arrowCursor{f: f, fields: fields}, nil
}

func (c *arrowCursor) next(int) (arrays []arrow.Array, rows int, err error) {
	for rows == 0 {
		rec, err := c.record()
		if err != nil {
			return nil, 0, err
		}
		rows = int(rec.NumRows())
		if rows == 0 {
			rec.Release()
			continue
		}
		defer rec.Release()
		arrays = make([]arrow.Array, len(c.fields))
		for i, field := range c.fields {
			arrays[i] = rec.Column(field)
			if arrays[i].Len() != rows {
				return nil, 0, fmt.Errorf("a batch of %d rows has %d values of column %s", rows, arrays[i].Len(), c.f.fields()[field].Name)
			}
			if err := intact(arrays[i].Data()); err != nil {
				return nil, 0, fmt.Errorf("column %s: %w", c.f.fields()[field].Name, err)
			}
		}
		for _, a := range arrays {
			a.Retain()
		}
	}
	return arrays, rows, nil
}

// record reads the next batch; it is the caller's.
func (c *arrowCursor) record() (arrow.RecordBatch, error) {
	if c.at == c.f.file.NumRecords() {
		return nil, io.EOF
	}
	c.at++
	if err := checkBlock(c.f.r, c.f.batches[c.at-1]); err != nil {
		return nil, err
	}
	return c.f.file.RecordBatchAt(c.at - 1)
}

func (c *arrowCursor) close() {}
