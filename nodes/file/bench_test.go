package file

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/apache/arrow-go/v18/arrow/memory"

	"flowrun/dag/codec"
	"flowrun/dag/op"
	"flowrun/dag/op/optest"
	"flowrun/dag/plan"
)

// unchecked is a Runtime whose allocator is Go's heap, as in a run.
type unchecked struct{ *optest.Runtime }

func (unchecked) Allocator() memory.Allocator { return memory.DefaultAllocator }

var _ op.Runtime = unchecked{}

// BenchmarkFile reads a file of lines of 100 bytes; where the column is not wanted they are only checked and counted.
func BenchmarkFile(b *testing.B) {
	line := append(bytes.Repeat([]byte("to be or not to be "), 6)[:99], '\n')
	path := filepath.Join(b.TempDir(), "lines.txt")
	whole := bytes.Repeat(line, 1<<20)
	if err := os.WriteFile(path, whole, 0o666); err != nil {
		b.Fatal(err)
	}
	for _, lanes := range []int{1, 2} {
		for _, wanted := range []bool{true, false} {
			b.Run(fmt.Sprintf("lanes=%d/wanted=%v", lanes, wanted), func(b *testing.B) {
				b.SetBytes(int64(len(whole)))
				b.ReportAllocs()
				rows := 0
				for b.Loop() {
					rt := optest.New(b)
					rt.Paths = lanes
					s := newSource(Config{Path: path, Compression: "auto", MaxLineBytes: 1 << 20},
						&plan.Scan{Format: plan.Format{Name: "text"}, Schema: codec.TextSchema, Want: []bool{wanted}})
					if err := s.Open(context.Background(), unchecked{rt}, nil); err != nil {
						b.Fatal(err)
					}
					for {
						batch, _, err := s.Read(context.Background())
						if batch != nil {
							rows += batch.Rows()
							batch.Release()
						}
						if errors.Is(err, io.EOF) {
							break
						}
						if err != nil {
							b.Fatal(err)
						}
					}
					if err := s.Close(); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(rows)/b.Elapsed().Seconds()/1e6, "Mlines/s")
			})
		}
	}
}
