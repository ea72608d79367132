package columnar

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"
)

// parquetFile is a Parquet file that was opened.
type parquetFile struct {
	file   *file.Reader
	arrow  *pqarrow.FileReader
	types  []arrow.Field // durations among them come as numbers; see readPhysical
	rows   []int64       // of each row group
	leaves [][]int       // of each field, the columns of the file that it is made of
}

var (
	parquetMagic   = []byte("PAR1")
	encryptedMagic = []byte("PARE")
)

// readBuffer is how much of a column is read ahead; larger pages are read at once.
const readBuffer = 64 << 10

// openParquet reads the footer of a file and checks that it makes sense.
func openParquet(r *io.SectionReader) (*parquetFile, error) {
	head := make([]byte, len(parquetMagic))
	switch n, err := r.ReadAt(head, 0); {
	case err != nil && err != io.EOF:
		return nil, err
	case n == 0:
		return nil, errors.New("it is empty")
	case bytes.Equal(head, encryptedMagic):
		return nil, &Problem{Message: "it is encrypted", Hint: "decrypt it first"}
	case !bytes.Equal(head, parquetMagic):
		return nil, errors.New("it does not begin as one")
	}
	// Buffers of the library are left to the garbage collector: it keeps some in a pool that has no end of its own.
	mem := bounded{memory.DefaultAllocator}
	props := parquet.NewReaderProperties(mem)
	props.BufferedStreamEnabled, props.BufferSize = true, readBuffer
	f, err := file.NewParquetReader(r, file.WithReadProps(props))
	if err != nil {
		return nil, err
	}
	if text := f.MetaData().KeyValueMetadata().FindValue(arrowSchemaKey); text != nil {
		if err := checkStoredSchema(*text); err != nil {
			return nil, fmt.Errorf("its Arrow schema: %w", err)
		}
	}
	p := &parquetFile{file: f}
	if p.arrow, err = pqarrow.NewFileReader(f, pqarrow.ArrowReadProperties{}, mem); err != nil {
		return nil, err
	}
	p.leaves = make([][]int, len(p.arrow.Manifest.Fields))
	for i := range p.leaves {
		field := &p.arrow.Manifest.Fields[i]
		p.leaves[i] = leavesOf(field, nil)
		p.types = append(p.types, *field.Field)
		readPhysical(field)
	}
	return p, p.checkGroups()
}

func leavesOf(f *pqarrow.SchemaField, leaves []int) []int {
	if f.IsLeaf() {
		return append(leaves, f.ColIndex)
	}
	for i := range f.Children {
		leaves = leavesOf(&f.Children[i], leaves)
	}
	return leaves
}

// checkGroups holds the numbers of rows in the footer against one another, since rows of which no column is read are only
// counted there.
func (p *parquetFile) checkGroups() error {
	meta := p.file.MetaData()
	var sum int64
	for g := range p.file.NumRowGroups() {
		group := meta.RowGroup(g)
		n := group.NumRows()
		if n < 0 || group.NumColumns() != meta.Schema.NumColumns() {
			return fmt.Errorf("row group %d has %d rows and %d columns of %d", g, n, group.NumColumns(), meta.Schema.NumColumns())
		}
		for i := range group.NumColumns() {
			column, err := group.ColumnChunk(i)
			if err != nil {
				return err
			}
			values, repeated := column.NumValues(), meta.Schema.Column(i).MaxRepetitionLevel() > 0
			if values != n && !repeated || values < n {
				return fmt.Errorf("row group %d has %d rows, and %d values of column %s", g, n, values, meta.Schema.Column(i).Path())
			}
		}
		sum += n
		p.rows = append(p.rows, n)
	}
	if sum != p.file.NumRows() {
		return fmt.Errorf("it has %d rows, and its row groups %d", p.file.NumRows(), sum)
	}
	return nil
}

func (p *parquetFile) fields() []arrow.Field { return p.types }

func (p *parquetFile) groups() ([]int64, bool) { return p.rows, true }

// parquetCursor reads some columns side by side.
type parquetCursor struct {
	readers []*pqarrow.ColumnReader
	left    int64
}

func (p *parquetFile) read(fields []int, groups []int) (_ cursor, err error) {
	c := &parquetCursor{}
	for _, g := range groups {
		c.left += p.rows[g]
	}
	defer func() {
		if err != nil {
			c.close()
		}
	}()
	for _, i := range fields {
		if err := p.touch(i, groups[0]); err != nil {
			return nil, err
		}
		leaves := make(map[int]bool, len(p.leaves[i]))
		for _, l := range p.leaves[i] {
			leaves[l] = true
		}
		r, err := p.arrow.GetFieldReader(context.Background(), i, leaves, groups)
		if err != nil {
			return nil, err
		}
		if r == nil {
			return nil, fmt.Errorf("column %s is made of nothing", p.types[i].Name)
		}
		c.readers = append(c.readers, r)
	}
	return c, nil
}

// touch begins to read the columns of a nested field, so that what would panic there does so here: the library begins with
// them on a goroutine of its own, where nothing could catch it.
func (p *parquetFile) touch(field, group int) error {
	if len(p.leaves[field]) < 2 {
		return nil
	}
	for _, l := range p.leaves[field] {
		pages, err := p.file.RowGroup(group).GetColumnPageReader(l)
		if err != nil {
			return err
		}
		pages.Close()
	}
	return nil
}

func (c *parquetCursor) next(max int) (arrays []arrow.Array, rows int, err error) {
	if c.left == 0 {
		return nil, 0, io.EOF
	}
	n := min(int64(max), c.left)
	defer func() {
		if arrays == nil {
			return
		}
		if r := recover(); r != nil || err != nil {
			release(arrays)
			arrays = nil
			if r != nil {
				panic(r)
			}
		}
	}()
	arrays = make([]arrow.Array, len(c.readers))
	for i, r := range c.readers {
		values, err := r.NextBatch(n)
		if err != nil {
			return arrays, 0, err
		}
		if int64(values.Len()) != n {
			got := values.Len()
			values.Release()
			return arrays, 0, fmt.Errorf("column %s ends %d rows too early", r.Field().Name, n-int64(got))
		}
		arrays[i], err = single(values)
		values.Release()
		if err != nil {
			return arrays, 0, err
		}
	}
	c.left -= n
	return arrays, int(n), nil
}

// single makes one array of pieces.
func single(values *arrow.Chunked) (arrow.Array, error) {
	if len(values.Chunks()) == 1 {
		a := values.Chunk(0)
		a.Retain()
		return a, nil
	}
	return array.Concatenate(values.Chunks(), memory.DefaultAllocator)
}

func (c *parquetCursor) close() {
	for _, r := range c.readers {
		r.Release()
	}
	c.readers = nil
}

func release(arrays []arrow.Array) {
	for _, a := range arrays {
		if a != nil {
			a.Release()
		}
	}
}
