package socket

import (
	"bytes"
	"context"
	"fmt"
	"testing"

	"flowrun/dag/codec"
	"flowrun/dag/op/optest"
	"flowrun/dag/plan"
)

// BenchmarkSocketToDiscard reads lines over loopback TCP into batches and drops them. The sender shares the cores.
func BenchmarkSocketToDiscard(b *testing.B) {
	for _, size := range []int{20, 100, 1000} {
		b.Run(fmt.Sprintf("line=%d", size), func(b *testing.B) {
			srv, rt := listen(b, "127.0.0.1:0"), optest.New(b)
			line := append(bytes.Repeat([]byte("x"), size-1), '\n')
			chunk := bytes.Repeat(line, (256<<10)/size)
			stop := make(chan struct{})
			sent := make(chan struct{})
			go func() {
				defer close(sent)
				conn := srv.accept()
				for {
					select {
					case <-stop:
						conn.Close()
						return
					default:
						conn.Write(chunk)
					}
				}
			}()
			s := &source{cfg: defaults(), server: srv.addr, format: plan.Format{Name: "text"}, schema: codec.TextSchema}
			ctx := context.Background()
			if err := s.Open(ctx, unchecked{rt}, nil); err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			b.ResetTimer()
			rows, batches := 0, 0
			for rows < b.N {
				out, _, err := s.Read(ctx)
				if err != nil {
					b.Fatal(err)
				}
				rows += out.Rows()
				batches++
				out.Release()
			}
			b.StopTimer()
			seconds := b.Elapsed().Seconds()
			b.ReportMetric(float64(rows)/seconds/1e6, "Mlines/s")
			b.ReportMetric(float64(rows*size)/seconds/1e6, "MB/s")
			b.ReportMetric(float64(rows)/float64(batches), "rows/batch")
			if err := s.Close(); err != nil {
				b.Error(err)
			}
			close(stop)
			<-sent
		})
	}
}
