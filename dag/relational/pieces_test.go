package relational

import (
	"context"
	"errors"
	"strconv"
	"testing"

	"github.com/apache/arrow-go/v18/arrow/memory"
	"pgregory.net/rapid"

	"flowrun/dag/batch"
	"flowrun/dag/op/optest"
	"flowrun/dag/plan"
)

// through gives back at once what is emitted, and notes how it came and how much memory was in use.
type through struct {
	optest.Emitter
	mem    *memory.CheckedAllocator
	pieces []int // rows of each batch
	peak   int
	rows   func(n int) // told of each batch; nil: nobody
}

func (e *through) Emit(_ string, b *batch.Batch) error {
	e.pieces = append(e.pieces, b.Rows())
	e.look()
	b.Release()
	if e.rows != nil {
		e.rows(len(e.pieces))
	}
	return nil
}

func (e *through) Hold(n int) {
	e.look()
	e.Emitter.Hold(n)
}

func (e *through) look() { e.peak = max(e.peak, e.mem.CurrentAlloc()) }

// countedRows makes rows of the numbers up to n, each as a text too.
func countedRows(n int) []row {
	rows := make([]row, n)
	for i := range rows {
		rows[i] = row{int64(i), strconv.Itoa(i)}
	}
	return rows
}

var lines = schemaOf("n int", "value string")

// process runs a batch of numbered rows through an operator.
func process(t *testing.T, o plan.Op, batches ...int) *through {
	t.Helper()
	p := open(t, t, o, plan.Rows, nil, lines)
	out := &through{mem: p.rt.Allocator().(*memory.CheckedAllocator)}
	for _, n := range batches {
		in := makeBatch(out.mem, lines, countedRows(n), nil)
		if err := p.op.Process(context.Background(), 0, in, out); err != nil {
			t.Fatal(err)
		}
		in.Release()
	}
	p.close()
	return out
}

// Short rows that become long ones take a bounded amount of memory: 3000 of them would be 100 MB and more.
func TestWhatIsComputedAtOnceIsBounded(t *testing.T) {
	long := []plan.Item{item("x", "repeat(value, 10000)"), item("y", "1..n*2")}
	ops := map[string]plan.Op{
		"derive": &plan.Project{Keep: true, Items: long},
		"select": &plan.Project{Items: long},
		"argument": &plan.Aggregate{Emit: plan.Updates, Take: []plan.TakeItem{
			{Name: text("m"), Text: text("max(repeat(value, 10000))")}}},
		"key": &plan.Aggregate{Emit: plan.Updates, By: []plan.Item{item("k", `repeat("k", 20000 + n % 2)`)},
			Take: []plan.TakeItem{{Name: text("n"), Text: text("count()")}}},
	}
	for name, o := range ops {
		t.Run(name, func(t *testing.T) {
			out := process(t, o, 3000)
			if limit := 4 * pieceBytes; out.peak > limit {
				t.Errorf("%d bytes in use at once, want at most %d", out.peak, limit)
			}
			if out.Passed+out.Held != 3000 {
				t.Errorf("%d passed, %d held", out.Passed, out.Held)
			}
		})
	}
}

// Batches that are expected to fit stay whole, and where nothing computed varies they are whole from the start.
func TestWhatFitsIsNotCut(t *testing.T) {
	for name, tt := range map[string]struct {
		item  plan.Item
		whole int // which batch is the first that is not cut
	}{
		"varies":  {item("x", `value + "!"`), 1},
		"fixed":   {item("x", "n * 2"), 0},
		"literal": {item("x", `"abc"`), 0},
		"column":  {item("x", "value"), 0},
	} {
		t.Run(name, func(t *testing.T) {
			out := process(t, &plan.Project{Keep: true, Items: []plan.Item{tt.item}}, 3000, 3000, 3000)
			if len(out.pieces) != 3+tt.whole || out.pieces[len(out.pieces)-1] != 3000 {
				t.Errorf("batches of %v rows", out.pieces)
			}
		})
	}
}

// However batches are cut, the same rows come in the same order, and the same ones are rejected.
func TestPiecesChangeNothing(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		var o plan.Op = &plan.Project{Keep: true, Items: []plan.Item{
			item("r", `x % m`), item("again", `s + "!"`), item("q", `m % (x - 1)`)}}
		grouped := rapid.Bool().Draw(rt, "aggregate")
		if grouped {
			o = &plan.Aggregate{Emit: plan.Updates, By: []plan.Item{item("key", `k + "."`)}, Take: []plan.TakeItem{
				{Name: text("a"), Text: text("sum(x % m)")}, {Name: text("b"), Text: text(`collect(s + "!")`)},
				{Name: text("c"), Text: text(`max_if(s + "?", x > 0)`)}}}
		}
		whole, cuts := open(t, rt, o, plan.Rows, nil, sensors), open(t, rt, o, plan.Rows, nil, sensors)
		perRow := int64(pieceBytes / rapid.IntRange(1, 4).Draw(rt, "rows of a piece"))
		for _, rows := range cut(rt, drawRows(rt)) {
			in := drawBatch(rt, whole.rt.Allocator(), sensors, rows)
			whole.send(0, in.Retain())
			switch tr := cuts.op.(type) {
			case *project:
				tr.pieces.known, tr.pieces.perRow = true, perRow
			case *aggregate:
				tr.args.pieces.known, tr.args.pieces.perRow = true, perRow
			}
			cuts.send(0, in)
		}
		whole.barrier()
		cuts.barrier()
		if a, b := len(whole.out.Batches[""]), len(cuts.out.Batches[""]); b < a {
			rt.Fatalf("%d batches became %d", a, b)
		}
		check(rt, cuts.taken(), whole.taken())
		if len(cuts.out.Failures) != len(whole.out.Failures) || cuts.out.Passed != whole.out.Passed {
			rt.Fatalf("%d rejected and %d passed, want %d and %d", len(cuts.out.Failures), cuts.out.Passed,
				len(whole.out.Failures), whole.out.Passed)
		}
		for i, f := range whole.out.Failures {
			if g := cuts.out.Failures[i]; g.Reason != f.Reason || g.Detail != f.Detail {
				rt.Fatalf("reject %d is %+v, want %+v", i, g, f)
			}
		}
		cuts.close()
		whole.close()
	})
}

// The end of the run is seen between pieces.
func TestTheEndComesBetweenPieces(t *testing.T) {
	p := open(t, t, &plan.Project{Items: []plan.Item{item("x", "repeat(value, 100000)")}}, plan.Rows, nil, lines)
	ctx, cancel := context.WithCancel(t.Context())
	out := &through{mem: p.rt.Allocator().(*memory.CheckedAllocator)}
	out.rows = func(n int) {
		if n == 2 {
			cancel()
		}
	}
	in := makeBatch(out.mem, lines, countedRows(1000), nil)
	if err := p.op.Process(ctx, 0, in, out); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if len(out.pieces) != 2 {
		t.Errorf("%d pieces, want 2", len(out.pieces))
	}
	in.Release()
	p.close()
}
