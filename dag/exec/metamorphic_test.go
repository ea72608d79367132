package exec_test

import (
	"cmp"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"flowrun/dag/batch"
	"flowrun/dag/exec"
	"flowrun/dag/live"
	"flowrun/dag/op"
	"flowrun/dag/plan"
	"flowrun/dag/relational"
)

// shape is a random plan: sources first, then nodes that read earlier ones, then sinks. It says what must come out, so
// that a run of it can be held to that however it is cut, queued and timed.
type shape struct {
	sources [][]int64
	nodes   []shapeNode
	sinks   []int // read node i: sources count first
}

type shapeNode struct {
	kind string // pass, filter, twice, union, sum, picky
	from []int
	mod  int64

	lanes     int
	unordered bool // only with several lanes
	chained   bool
}

func drawShape(t *rapid.T) shape {
	var s shape
	for range rapid.IntRange(1, 3).Draw(t, "sources") {
		s.sources = append(s.sources, rapid.SliceOfN(rapid.Int64Range(-50, 1000), 0, 300).Draw(t, "rows"))
	}
	for range rapid.IntRange(0, 7).Draw(t, "nodes") {
		n := shapeNode{kind: rapid.SampledFrom([]string{"pass", "filter", "twice", "union", "sum", "picky"}).Draw(t, "kind")}
		inputs := 1
		if n.kind == "union" {
			inputs = rapid.IntRange(1, 4).Draw(t, "inputs")
		}
		for range inputs {
			n.from = append(n.from, rapid.IntRange(0, len(s.sources)+len(s.nodes)-1).Draw(t, "from"))
		}
		n.mod = rapid.Int64Range(2, 5).Draw(t, "mod")
		n.chained = rapid.Bool().Draw(t, "chained")
		n.lanes = 1
		if n.kind != "union" && n.kind != "sum" {
			n.lanes = rapid.SampledFrom([]int{1, 1, 2, 2, 3, 7}).Draw(t, "lanes")
			n.unordered = n.lanes > 1 && rapid.IntRange(0, 3).Draw(t, "unordered") == 0
		}
		s.nodes = append(s.nodes, n)
	}
	read := map[int]bool{}
	for _, n := range s.nodes {
		for _, f := range n.from {
			read[f] = true
		}
	}
	for i := range len(s.sources) + len(s.nodes) {
		// Each source has a sink of its own, whose epochs say which prefix they are.
		if i < len(s.sources) || !read[i] || rapid.Bool().Draw(t, "also a sink") {
			s.sinks = append(s.sinks, i)
		}
	}
	return s
}

// stream is what a node gives for some input.
type stream struct {
	rows     []int64
	rejected []int64
	ordered  bool // there is one way to it
	stateful bool // something on its way waits for the end
}

// eval says what every node gives for prefixes of the sources.
func (s shape) eval(sources [][]int64) []stream {
	var all []stream
	for _, rows := range sources {
		all = append(all, stream{rows: rows, ordered: true})
	}
	for _, n := range s.nodes {
		var in stream
		in.ordered = len(n.from) == 1 && all[n.from[0]].ordered && !n.unordered
		for _, f := range n.from {
			in.rows = append(in.rows, all[f].rows...)
			in.stateful = in.stateful || all[f].stateful
		}
		out := stream{ordered: in.ordered, stateful: in.stateful}
		var sum int64
		for _, v := range in.rows {
			sum += v
			switch n.kind {
			case "pass", "union":
				out.rows = append(out.rows, v)
			case "filter":
				if v%n.mod == 0 {
					out.rows = append(out.rows, v)
				}
			case "twice":
				out.rows = append(out.rows, v, v)
			case "picky":
				if v < 0 {
					out.rejected = append(out.rejected, v)
				} else {
					out.rows = append(out.rows, v)
				}
			}
		}
		if n.kind == "sum" {
			out.rows, out.stateful = []int64{sum}, true
		}
		all = append(all, out)
	}
	return all
}

func (s shape) id(i int) string {
	if i < len(s.sources) {
		return fmt.Sprint("source", i)
	}
	return fmt.Sprint("node", i-len(s.sources))
}

// build makes the plan, with the rows cut into batches and timed at random. fill adds the nodes in between.
func (s shape) build(t *rapid.T, g *graph, fill func(g *graph)) {
	for i, rows := range s.sources {
		var steps []step
		for len(rows) > 0 {
			n := rapid.IntRange(1, min(len(rows), 60)).Draw(t, "batch")
			steps = append(steps, step{rows: rows[:n],
				after: ms(rapid.SampledFrom([]int{0, 0, 0, 1, 70, 700}).Draw(t, "after")),
				work:  ms(rapid.SampledFrom([]int{0, 0, 0, 1, 30}).Draw(t, "work"))})
			rows = rows[n:]
		}
		g.source(s.id(i), &source{steps: steps})
	}
	fill(g)
	for k, i := range s.sinks {
		delay := rapid.SampledFrom([]int{0, 0, 1, 20}).Draw(t, "delay")
		id := fmt.Sprint("sink", k)
		g.sink(id, &sink{delay: ms(delay)}, s.id(i))
		g.by[id].Chained = rapid.Bool().Draw(t, "chained")
	}
	for i, n := range s.nodes {
		p := g.by[s.id(len(s.sources)+i)]
		p.Chained, p.Parallelism, p.Unordered = n.chained, n.lanes, n.unordered
		if bad := g.by[p.ID+"-bad"]; bad != nil {
			bad.Chained = rapid.Bool().Draw(t, "chained")
		}
	}
}

// fakes makes the nodes of functions of this test.
func (s shape) fakes(g *graph) {
	for i, n := range s.nodes {
		var from []string
		for _, f := range n.from {
			from = append(from, s.id(f))
		}
		id := s.id(len(s.sources) + i)
		switch n.kind {
		case "filter":
			n.add(g, id, func() *transform { return keep(func(v int64) bool { return v%n.mod == 0 }) }, from)
		case "twice":
			n.add(g, id, func() *transform { return twice(g) }, from)
		case "sum":
			g.transform(id, sumAtTheEnd(g), from...)
		case "picky":
			n.add(g, id, picky, from)
			g.sink(id+"-bad", &sink{}, id+".rejected")
		default:
			n.add(g, id, func() *transform { return &transform{process: passOn} }, from)
		}
	}
}

// add adds a node. In lanes batches take different times, so that they are done in another order than they came in.
func (n shapeNode) add(g *graph, id string, operator func() *transform, from []string) {
	g.lanes(id, n.lanes, func() *transform {
		t := operator()
		if inner := t.process; n.lanes > 1 {
			t.process = func(port int, in *batch.Batch, out op.Emitter) error {
				time.Sleep(ms(int(values(in)[0]&3) * 10))
				return inner(port, in, out)
			}
		}
		return t
	}, from...)
}

func twice(g *graph) *transform {
	return &transform{process: func(_ int, in *batch.Batch, out op.Emitter) error {
		out.Pass(in.Rows())
		var both []int64
		for _, v := range values(in) {
			both = append(both, v, v)
		}
		half := len(both) / 2
		if err := out.Emit("", makeBatch(g.mem, both[:half]...)); err != nil {
			return err
		}
		return out.Emit("", makeBatch(g.mem, both[half:]...))
	}}
}

func sumAtTheEnd(g *graph) *transform {
	var sum int64
	return &transform{
		process: func(_ int, in *batch.Batch, out op.Emitter) error {
			for _, v := range values(in) {
				sum += v
			}
			out.Hold(in.Rows())
			return nil
		},
		watermark: func(wm time.Time, out op.Emitter) (time.Time, error) {
			if !wm.Equal(op.EndOfTime) {
				return wm, nil
			}
			return wm, out.Emit("", makeBatch(g.mem, sum))
		},
	}
}

func sorted[T cmp.Ordered](v []T) []T { return slices.Sorted(slices.Values(v)) }

// Whatever the batches, queues, triggers and timing, the same rows come out, in order where there is one way; and each
// epoch shows every sink what comes of one prefix of the sources.
func TestTheSameRowsHoweverTheRunIsCut(t *testing.T) {
	sweep(t, shape.fakes, false)
}

// sweep runs random plans; fill makes the nodes between sources and sinks. Bound plans run on the real operators.
func sweep(t *testing.T, fill func(shape, *graph), bound bool) {
	rapid.Check(t, func(rt *rapid.T) {
		s := drawShape(rt)
		g := newGraph(rt)
		s.build(rt, g, func(g *graph) { fill(s, g) })
		if bound {
			g.bind()
			g.transforms = relational.New
		}
		g.p.Trigger = plan.Trigger{
			Kind:     rapid.SampledFrom([]plan.TriggerKind{plan.ASAP, plan.Every, plan.AvailableNow, plan.Once}).Draw(rt, "trigger"),
			Interval: ms(rapid.SampledFrom([]int{1, 7, 100, 3000}).Draw(rt, "interval")),
		}
		o := exec.Options{Queue: rapid.IntRange(1, 5).Draw(rt, "queue"), BatchRows: rapid.IntRange(1, 70).Draw(rt, "batch rows")}
		d := disturbance{watch: rapid.Bool().Draw(rt, "watched")}
		for range rapid.IntRange(0, 3).Draw(rt, "pauses") {
			d.pauses = append(d.pauses, [2]time.Duration{ms(rapid.IntRange(0, 900).Draw(rt, "until")), ms(rapid.IntRange(0, 900).Draw(rt, "for"))})
		}
		if rapid.IntRange(0, 2).Draw(rt, "drains") == 0 {
			d.drain = ms(rapid.IntRange(1, 2000).Draw(rt, "after"))
		}
		var err error
		// What rapid draws and how it fails belongs to its own goroutine, so the bubble only runs.
		synctest.Test(t, func(t *testing.T) {
			r := g.build(o)
			calm := d.begin(t, r)
			err = r.Run(t.Context())
			calm()
			if err == nil {
				err = s.check(g, r, d.drain > 0)
			}
		})
		if err != nil {
			rt.Fatal(err)
		}
	})
}

// disturbance is what others do to a run while it runs; none of it may change a row.
type disturbance struct {
	watch  bool
	pauses [][2]time.Duration // until and for how long
	drain  time.Duration      // 0: it runs to its end
}

// begin disturbs a run until it ends; the returned function waits for that.
func (d disturbance) begin(t *testing.T, r *exec.Run) func() {
	var others sync.WaitGroup
	others.Go(func() {
		for _, p := range d.pauses {
			time.Sleep(p[0])
			_ = r.Do(t.Context(), live.Pause) // refused once it ends
			time.Sleep(p[1])
			_ = r.Do(t.Context(), live.Resume)
		}
	})
	if d.drain > 0 {
		others.Go(func() {
			time.Sleep(d.drain)
			r.Drain()
		})
	}
	if d.watch {
		others.Go(func() {
			top, _ := r.Topology(t.Context())
			snapshots, _ := r.Snapshots(t.Context())
			for range snapshots {
				for _, e := range top.Edges {
					_, _ = r.Peek(t.Context(), e.ID, 20)
				}
			}
		})
	}
	return others.Wait
}

// taken are the rows that the sources gave.
func (s shape) taken(g *graph) [][]int64 {
	all := make([][]int64, len(s.sources))
	for i := range all {
		src := g.sources[s.id(i)]
		for _, st := range src.steps[:src.reads()] {
			all[i] = append(all[i], st.rows...)
		}
	}
	return all
}

// check compares what came out with what had to. A drained run gives what its sources had taken, and does not release
// what waits for the end.
func (s shape) check(g *graph, r *exec.Run, drained bool) error {
	want := s.eval(s.taken(g))
	for k, i := range s.sinks {
		if drained && want[i].stateful {
			continue
		}
		got := g.sinks[fmt.Sprint("sink", k)].rows
		if want[i].ordered {
			if !slices.Equal(got, want[i].rows) {
				return fmt.Errorf("sink%d of %s: %v, want %v in this order", k, s.id(i), got, want[i].rows)
			}
		} else if !slices.Equal(sorted(got), sorted(want[i].rows)) {
			return fmt.Errorf("sink%d of %s: %v, want %v in any order", k, s.id(i), sorted(got), sorted(want[i].rows))
		}
	}
	for i, n := range s.nodes {
		if n.kind != "picky" || drained && want[len(s.sources)+i].stateful {
			continue
		}
		id := s.id(len(s.sources) + i)
		if got, want := len(g.sinks[id+"-bad"].text), len(want[len(s.sources)+i].rejected); got != want {
			return fmt.Errorf("%s rejected %d rows, want %d", id, got, want)
		}
	}
	sum := r.Summary()
	if len(sum.Problems) > 0 || sum.OnTheWay > 0 {
		return fmt.Errorf("account: %v", sum.Problems)
	}
	for i, a := range sum.Nodes {
		if a.In != a.Passed+a.Filtered+a.Late+a.Rejected+a.Held {
			return fmt.Errorf("account of %s: %+v", a.Node, sum.Nodes[i])
		}
	}
	prefix := make([][]int64, len(s.sources))
	shown := make([][]int64, len(s.sinks))
	for epoch := range int(sum.Epochs) {
		for k := range s.sinks {
			shown[k] = append(shown[k], g.sinks[fmt.Sprint("sink", k)].epochs[epoch]...)
			if k < len(prefix) {
				prefix[k] = shown[k]
			}
		}
		want := s.eval(prefix)
		for k, i := range s.sinks {
			if !want[i].stateful && !slices.Equal(sorted(shown[k]), sorted(want[i].rows)) {
				return fmt.Errorf("epoch %d: sink%d of %s shows %d rows, its prefix gives %d", epoch, k, s.id(i), len(shown[k]), len(want[i].rows))
			}
		}
	}
	if left := g.mem.CurrentAlloc(); left != 0 {
		return fmt.Errorf("%d bytes of batches are not given back", left)
	}
	return nil
}
