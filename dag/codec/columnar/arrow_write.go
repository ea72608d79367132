package columnar

import (
	"bytes"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/apache/arrow-go/v18/arrow/memory"
)

// arrowWriter writes an Arrow file, a batch as it comes.
type arrowWriter struct{ w *ipc.FileWriter }

func newArrowWriter(out *bytes.Buffer, config any, s *arrow.Schema) (*arrowWriter, error) {
	options := []ipc.Option{ipc.WithSchema(s), ipc.WithAllocator(memory.DefaultAllocator)}
	c, _ := config.(Arrow)
	switch c.Compression {
	case "zstd":
		options = append(options, ipc.WithZstd())
	case "lz4":
		options = append(options, ipc.WithLZ4())
	}
	w, err := ipc.NewFileWriter(unclosed{out}, options...)
	if err != nil {
		return nil, err
	}
	return &arrowWriter{w}, nil
}

func (a *arrowWriter) write(rec arrow.RecordBatch) error { return a.w.Write(rec) }

func (a *arrowWriter) held() int64 { return 0 }

func (a *arrowWriter) close() error { return a.w.Close() }
