package file

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"flowrun/dag/batch"
)

// stage keeps the rows of an open part whose format says at its end what is in it, as Parquet does, so that the part itself
// cannot be cut. It is a hidden file beside the part: Arrow streams one behind the other, one for each commit, which can be.
// A run that goes on makes the part from it anew.
type stage struct {
	file *written
	mem  memory.Allocator
	w    *ipc.Writer // nil: no stream is open
	s    *arrow.Schema
}

// staged is the name of the stage of the file that is to show at path.
func staged(path string) string {
	return strings.TrimSuffix(hidden(path), hiddenEnding) + ".rows" + hiddenEnding
}

// stageOn goes on with the stage in file, which is of the given size and checksum.
func (s *sink) stageOn(file output, size int64, sum uint32) *stage {
	return &stage{file: newWritten(file, size, sum), mem: s.rt.Allocator()}
}

func (g *stage) write(in *batch.Batch) error {
	whole := batch.Compact(in, g.mem)
	defer whole.Release()
	if g.w != nil && !whole.Schema().Equal(g.s) {
		if err := g.end(); err != nil {
			return err
		}
	}
	if g.w == nil {
		g.s = whole.Schema()
		g.w = ipc.NewWriter(g.file.out, ipc.WithSchema(g.s), ipc.WithAllocator(g.mem))
	}
	own := array.NewRecordBatch(g.s, whole.Record.Columns(), whole.Record.NumRows())
	defer own.Release()
	return g.w.Write(own)
}

// end ends the open stream.
func (g *stage) end() error {
	if g.w == nil {
		return nil
	}
	w := g.w
	g.w = nil
	return w.Close()
}

func (g *stage) close() error {
	_ = g.end()
	return g.file.file.Close()
}

// replay gives the rows of a stage, up to a length at which it was cut, in the batches in which they came. They are lent.
func (s *sink) replay(path string, size int64, each func(*batch.Batch) error) error {
	f, err := s.disk.open(path)
	if err != nil {
		return reason(err)
	}
	defer f.Close()
	in := bufio.NewReaderSize(io.LimitReader(f, size), bufferSize)
	for {
		if _, err := in.Peek(1); errors.Is(err, io.EOF) {
			return nil
		}
		if err := s.replayStream(in, each); err != nil {
			return fmt.Errorf("read the rows that %s keeps: %w", filepath.Base(path), reason(err))
		}
	}
}

// replayStream reads one stream to its end and not beyond.
func (s *sink) replayStream(in io.Reader, each func(*batch.Batch) error) error {
	r, err := ipc.NewReader(in, ipc.WithAllocator(s.rt.Allocator()))
	if err != nil {
		return err
	}
	defer r.Release()
	for r.Next() {
		rec := r.RecordBatch()
		rec.Retain()
		b := batch.New(rec)
		err := each(b)
		b.Release()
		if err != nil {
			return err
		}
	}
	return r.Err()
}
