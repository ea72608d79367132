//go:build unix

package all_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"syscall"
	"testing"
	"time"

	"flowrun/dag/exec"
	"flowrun/dag/job"
	"flowrun/nodes"
)

// BenchmarkWatching asks what a watcher costs. In one run it looks and looks away, again and again, and compares rows and
// processor time of each stretch with those of its neighbour; a stretch of each is one operation. Read the medians, of at
// least 60:
//
//	go test ./nodes/all -run '^$' -bench Watching -benchtime 60x
func BenchmarkWatching(b *testing.B) {
	const text = "nodes:\n  in: {generate: {rows_per_second: 1000, pace: none}}\n  half: {from: in, filter: n % 2 == 0}\n  out: {from: half, discard: {}}\n"
	for _, rows := range []int{4096, 1} {
		b.Run(fmt.Sprintf("rows=%d", rows), func(b *testing.B) {
			watching(b, text, exec.Options{Output: io.Discard, Log: slog.DiscardHandler, BatchRows: rows})
		})
	}
}

func watching(b *testing.B, text string, o exec.Options) {
	j := job.Parse(b.Context(), "watching.yaml", []byte(text), job.Options{})
	if j.Plan == nil {
		b.Fatal(j.Diags)
	}
	run, err := exec.Build(j.Plan, nodes.Connectors{}, o)
	if err != nil {
		b.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		run.Run(context.Background())
	}()
	stretch := func(watched bool) (rows, cpu float64) {
		ctx, stop := context.WithCancel(context.Background())
		done := make(chan struct{})
		if watched {
			go look(ctx, run, done)
		} else {
			close(done)
		}
		time.Sleep(50 * time.Millisecond) // what looking begins or leaves is not of this stretch
		was, spent := moved(run), processorTime()
		time.Sleep(700 * time.Millisecond)
		rows, cpu = float64(moved(run)-was), float64(processorTime()-spent)
		stop()
		<-done
		return rows, cpu / rows
	}
	stretch(false)
	var rows, cpu []float64
	for i := 0; b.Loop(); i++ {
		r1, c1 := stretch(i%2 == 0)
		r2, c2 := stretch(i%2 != 0)
		if i%2 != 0 {
			r1, c1, r2, c2 = r2, c2, r1, c1
		}
		rows, cpu = append(rows, r1/r2), append(cpu, c1/c2)
	}
	run.Stop()
	<-ended
	slices.Sort(rows)
	slices.Sort(cpu)
	b.ReportMetric(100*(rows[len(rows)/2]-1), "%rows")
	b.ReportMetric(100*(cpu[len(cpu)/2]-1), "%cpu/row")
	b.ReportMetric(0, "ns/op")
	if testing.Verbose() {
		fmt.Printf("processor time per row, quartiles %.4f %.4f %.4f\n", cpu[len(cpu)/4], cpu[len(cpu)/2], cpu[len(cpu)*3/4])
	}
}

// look does what the dashboard does: it takes the snapshots, and with each of them looks at the newest rows of an edge.
func look(ctx context.Context, run *exec.Run, done chan struct{}) {
	defer close(done)
	snapshots, err := run.Snapshots(ctx)
	if err != nil {
		return
	}
	topology, _ := run.Topology(ctx)
	for range snapshots {
		run.Peek(ctx, topology.Edges[0].ID, 50)
	}
}

func moved(run *exec.Run) (rows uint64) {
	for _, n := range run.Snapshot().Nodes {
		rows += n.RowsIn
	}
	return rows
}

func processorTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
