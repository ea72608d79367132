package stage

import (
	"bufio"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/cockroachdb/pebble/v2/vfs"

	"flowrun/dag/batch"
	"flowrun/dag/durable"
)

// Piece names rows that are durable. The zero Piece is no rows.
type Piece struct {
	Name string `json:"name,omitempty"`
	Size int64  `json:"size,omitempty"` // of the file, in bytes
	Sum  uint32 `json:"sum,omitempty"`  // CRC-32C of the file
	Rows int64  `json:"rows,omitempty"`
}

// ErrDamaged is what is wrong with a piece that is not what was written.
var ErrDamaged = errors.New("it is damaged")

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// Writer writes one piece.
type Writer struct {
	dir    *Dir
	name   string
	file   vfs.File
	buf    *bufio.Writer
	ipc    *ipc.Writer
	size   int64
	sum    uint32
	rows   int64
	err    error
	copied []byte // room for summed
}

// bufferSize is how much is written at a time.
const bufferSize = 256 << 10

// Begin begins a piece of rows with this schema.
func (d *Dir) Begin(s *arrow.Schema) (*Writer, error) {
	name := nameOf(d.next)
	file, err := d.fs.Create(d.file(name), vfs.WriteCategoryUnspecified)
	if err != nil {
		return nil, err
	}
	d.next++
	w := &Writer{dir: d, name: name, file: file}
	w.buf = bufio.NewWriterSize((*summed)(w), bufferSize)
	w.ipc = ipc.NewWriter(w.buf, ipc.WithSchema(s), ipc.WithAllocator(d.mem))
	return w, nil
}

// summed is the file of a Writer, which knows the checksum of what was written.
type summed Writer

// Write takes the sum first: a vfs.File may change what it was given. What is longer than the buffer before it is a column of the batch
// itself, which others read, so that the file gets a copy. After a write that failed nobody asks for the sum.
func (s *summed) Write(p []byte) (written int, err error) {
	s.sum = crc32.Update(s.sum, castagnoli, p)
	if len(p) <= bufferSize {
		written, err = s.file.Write(p)
	} else {
		written, err = s.writeCopy(p)
	}
	s.size += int64(written)
	return written, err
}

func (s *summed) writeCopy(p []byte) (written int, err error) {
	if s.copied == nil {
		s.copied = make([]byte, bufferSize)
	}
	for written < len(p) && err == nil {
		var n int
		n, err = s.file.Write(s.copied[:copy(s.copied, p[written:])])
		written += n
	}
	return written, err
}

// Rows is how many have been appended.
func (w *Writer) Rows() int64 { return w.rows }

// Append writes the rows of b that count. b is lent.
func (w *Writer) Append(b *batch.Batch) error {
	if w.err != nil || b.Rows() == 0 {
		return w.err
	}
	c := batch.Compact(b, w.dir.mem)
	defer c.Release()
	w.err = w.ipc.Write(c.Record)
	w.rows += int64(c.Rows())
	return w.err
}

// Finish makes the piece durable, and its name. Whatever it returns, the Writer is done.
func (w *Writer) Finish() (Piece, error) {
	err := w.err
	if err == nil {
		err = w.ipc.Close()
	}
	if err == nil {
		err = w.buf.Flush()
	}
	if err == nil {
		err = w.file.Sync()
	}
	if err = errors.Join(err, w.file.Close()); err == nil {
		err = durable.SyncDir(w.dir.fs, w.dir.path)
	}
	if err != nil {
		_ = w.dir.fs.Remove(w.dir.file(w.name))
		return Piece{}, err
	}
	return Piece{Name: w.name, Size: w.size, Sum: w.sum, Rows: w.rows}, nil
}

// Discard forgets the piece.
func (w *Writer) Discard() error {
	_ = w.ipc.Close()
	err := w.file.Close()
	return errors.Join(err, w.dir.fs.Remove(w.dir.file(w.name)))
}

// Schema is that of the rows of a piece.
func (d *Dir) Schema(p Piece) (*arrow.Schema, error) {
	f, r, err := d.open(p)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	defer r.Release()
	return r.Schema(), nil
}

// Read gives the rows of a piece, batch by batch, each lent to each. That the piece is what was written is known before the first.
func (d *Dir) Read(p Piece, each func(*batch.Batch) error) error {
	if p.Rows == 0 {
		return nil
	}
	f, r, err := d.open(p)
	if err != nil {
		return err
	}
	defer f.Close()
	defer r.Release()
	rows := int64(0)
	for r.Next() {
		rec := r.RecordBatch()
		rec.Retain()
		rows += rec.NumRows()
		b := batch.New(rec)
		err := each(b)
		b.Release()
		if err != nil {
			return err
		}
	}
	if r.Err() != nil || rows != p.Rows {
		return d.wrong(p, ErrDamaged)
	}
	return nil
}

// open checks that a piece is what was written, and begins to read it. The check comes first: of a damaged file the reader of
// columns might ask for any amount of memory.
func (d *Dir) open(p Piece) (vfs.File, *ipc.Reader, error) {
	f, err := d.fs.Open(d.file(p.Name))
	if err != nil {
		return nil, nil, d.wrong(p, err)
	}
	sum := crc32.New(castagnoli)
	n, err := io.Copy(sum, io.NewSectionReader(f, 0, p.Size))
	if err == nil && (n != p.Size || sum.Sum32() != p.Sum) {
		err = ErrDamaged
	}
	var r *ipc.Reader
	if err == nil {
		r, err = ipc.NewReader(bufio.NewReaderSize(io.NewSectionReader(f, 0, p.Size), bufferSize), ipc.WithAllocator(d.mem))
	}
	if err != nil {
		return nil, nil, errors.Join(d.wrong(p, err), f.Close())
	}
	return f, r, nil
}

func (d *Dir) wrong(p Piece, err error) error {
	if isGone(err) {
		err = errors.New("it is gone")
	}
	return fmt.Errorf("%s has rows whose commit is not carried out yet, and cannot be read: %w", d.file(p.Name), err)
}

func isGone(err error) bool { return errors.Is(err, fs.ErrNotExist) }
