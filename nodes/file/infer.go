package file

import (
	"fmt"
	"io"
	"os"

	"github.com/apache/arrow-go/v18/arrow"

	"flowrun/dag/plan"
	"flowrun/nodes"
)

// inferFiles is how many files are tried for one that has a record.
const inferFiles = 16

// infer finds the columns of the first files by their heads.
func infer(b *nodes.Builder, c Config, files []found, f plan.Format) *arrow.Schema {
	return b.Infer(f, min(len(files), inferFiles), func(i int) (io.ReadCloser, error) {
		return openHead(files[i].path, compressionOf(c.Compression, files[i].path))
	})
}

// openedHead is a file that is read from its beginning, without what packs it.
type openedHead struct {
	io.Reader
	file   *os.File
	closes func()
	how    compression
}

func openHead(path string, how compression) (io.ReadCloser, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", path, reason(err))
	}
	r, closes, err := how.reader(file)
	if err != nil {
		_ = file.Close()
		return nil, fmt.Errorf("read %s: %w", path, how.damage(err))
	}
	return &openedHead{r, file, closes, how}, nil
}

func (h *openedHead) Read(p []byte) (int, error) {
	n, err := h.Reader.Read(p)
	if err != nil && err != io.EOF {
		err = fmt.Errorf("read %s: %w", h.file.Name(), h.how.damage(err))
	}
	return n, err
}

func (h *openedHead) Close() error {
	h.closes()
	return h.file.Close()
}
