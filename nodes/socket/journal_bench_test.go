package socket

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"flowrun/dag/codec"
	"flowrun/dag/op"
	"flowrun/dag/op/journaled"
	"flowrun/dag/op/optest"
	"flowrun/dag/plan"
)

// BenchmarkJournaledClients takes lines of 100 bytes, one a write, from several clients at once into a journal on disk: with a sync for
// each batch, and with one for all that arrived during the sync before. The clients share the cores.
func BenchmarkJournaledClients(b *testing.B) {
	for _, ahead := range []bool{false, true} {
		for _, clients := range []int{1, 10, 100} {
			b.Run(fmt.Sprintf("ahead=%v/clients=%d", ahead, clients), func(b *testing.B) { benchmarkClients(b, clients, ahead) })
		}
	}
}

func benchmarkClients(b *testing.B, clients int, ahead bool) {
	var syncs atomic.Int64
	counted := errorfs.Wrap(vfs.Default, errorfs.InjectorFunc(func(o errorfs.Op) error {
		if o.Kind == errorfs.OpFileSyncData {
			syncs.Add(1)
		}
		return nil
	}))
	l := &listener{cfg: listening(), address: "127.0.0.1:0", format: plan.Format{Name: "text"}, schema: codec.TextSchema}
	var below op.Source = l
	if !ahead {
		below = struct{ op.Source }{l}
	}
	src := journaled.New(below, journaled.Options{Dir: b.TempDir(), Schema: codec.TextSchema, FS: counted})
	ctx, stop := context.WithCancel(context.Background())
	if err := src.Open(ctx, unchecked{optest.New(b)}, nil); err != nil {
		b.Fatal(err)
	}
	line := append(bytes.Repeat([]byte("x"), 99), '\n')
	var group sync.WaitGroup
	for range clients {
		conn, err := net.Dial("tcp", l.socket.Addr().String())
		if err != nil {
			b.Fatal(err)
		}
		group.Go(func() {
			defer conn.Close()
			for err := error(nil); err == nil; {
				_, err = conn.Write(line)
			}
		})
	}
	read := func() (rows int, last op.Position, ok bool) {
		out, p, err := src.Read(ctx)
		if err != nil {
			return 0, nil, false
		}
		defer out.Release()
		return out.Rows(), p, true
	}
	read()
	syncs.Store(0)
	b.ResetTimer()
	rows, batches := 0, 0
	for rows < b.N {
		n, last, ok := read()
		if !ok {
			b.Fatal("it ended")
		}
		rows += n
		if batches++; batches%1000 == 0 {
			if err := src.Committed(ctx, last); err != nil {
				b.Fatal(err)
			}
		}
	}
	b.StopTimer()
	b.ReportMetric(float64(rows)/b.Elapsed().Seconds(), "rows/s")
	b.ReportMetric(float64(syncs.Load())/b.Elapsed().Seconds(), "syncs/s")
	stop()
	for _, _, ok := read(); ok; _, _, ok = read() {
	}
	if err := src.Close(); err != nil {
		b.Error(err)
	}
	group.Wait()
}
