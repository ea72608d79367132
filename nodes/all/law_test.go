package all_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow/memory"
	"go.uber.org/goleak"

	"flowrun/dag/batch"
	"flowrun/dag/exec"
	"flowrun/dag/job"
	"flowrun/dag/live"
	"flowrun/dag/op"
	"flowrun/dag/op/optest"
	"flowrun/dag/plan"
	"flowrun/dag/spec"
	"flowrun/nodes"
)

// The law that every kind is held to, whoever wrote it.

var (
	snake   = regexp.MustCompile(`^[a-z][a-z0-9]*(_[a-z0-9]+)*$`)
	example = regexp.MustCompile("(?s)```yaml\n(.*?)```")
)

func eachKind(t *testing.T, check func(t *testing.T, e *nodes.Entry)) {
	for _, e := range nodes.All() {
		t.Run(e.Name+"_"+e.Role.String(), func(t *testing.T) { check(t, e) })
	}
}

func TestEveryKindHasAPage(t *testing.T) {
	eachKind(t, func(t *testing.T, e *nodes.Entry) {
		if page := nodes.Page(e.Name); !strings.HasPrefix(page, "# "+e.Name+"\n") {
			t.Errorf("its page begins with %.40q", page)
		}
		if s := e.Summary(); !strings.HasSuffix(s, ".") || len(s) < 20 || len(s) > 140 {
			t.Errorf("its page does not begin with one sentence: %q", s)
		}
		first := example.FindStringSubmatch(e.Doc)
		if first == nil {
			t.Fatal("its page has no example")
		}
		if !strings.Contains(first[1], e.Name+":") {
			t.Errorf("its first example does not show it:\n%s", first[1])
		}
	})
}

func TestEverySettingIsDocumented(t *testing.T) {
	var visit func(t *testing.T, path string, keys []spec.KeyDoc)
	visit = func(t *testing.T, path string, keys []spec.KeyDoc) {
		for _, k := range keys {
			if k.Name == "" {
				continue // a kind whose settings are one value
			}
			if !snake.MatchString(k.Name) {
				t.Errorf("%s%s is not in snake_case", path, k.Name)
			}
			if len(k.Doc) < 5 {
				t.Errorf("%s%s has no doc tag", path, k.Name)
			}
			if k.Required && k.Default != "" {
				t.Errorf("%s%s is required and has a default", path, k.Name)
			}
			visit(t, path+k.Name+".", k.Keys)
		}
	}
	eachKind(t, func(t *testing.T, e *nodes.Entry) {
		visit(t, "", spec.Keys(e.New()))
		// Defaults that do not fit their own field panic here.
		spec.Decode(nil, e.New(), spec.File{}.Name.At, e.Name)
	})
}

// bound binds the pipelines on the page of a kind. Their paths start at the top of the repository.
func bound(t *testing.T, e *nodes.Entry) []*plan.Pipeline {
	t.Helper()
	var plans []*plan.Pipeline
	for _, m := range example.FindAllStringSubmatch(e.Doc, -1) {
		if !strings.Contains(m[1], "nodes:") {
			continue
		}
		j := job.Parse(context.Background(), e.Name+"/doc.md", []byte(m[1]), job.Options{})
		for _, d := range j.Diags {
			t.Errorf("%s\n%s", d.Error(), m[1])
		}
		if j.Plan != nil {
			plans = append(plans, j.Plan)
		}
	}
	return plans
}

func TestEveryExampleBinds(t *testing.T) {
	t.Chdir("../..")
	eachKind(t, func(t *testing.T, e *nodes.Entry) {
		found, lanes := false, false
		for _, p := range bound(t, e) {
			for _, n := range p.Nodes {
				_, reads := n.Op.(*plan.Scan)
				_, writes := n.Op.(*plan.Write)
				if n.Kind != e.Name || reads != (e.Role == nodes.Source) || writes != (e.Role == nodes.Sink) {
					continue
				}
				why, _ := plan.NoLanes(n.Op)
				found, lanes = true, lanes || why == ""
			}
		}
		if !found {
			t.Error("no example of its page has it")
		} else if lanes != e.Lanes {
			t.Errorf("Lanes is %v, and whether the plan lets one of its page have any is %v", e.Lanes, lanes)
		}
	})
}

// TestEveryConnectorClosesClean opens every source and sink of the pages under a context that has ended, reads or cuts an
// epoch, and closes it: an error is allowed, a goroutine or a buffer that stays behind is not.
func TestEveryConnectorClosesClean(t *testing.T) {
	t.Chdir("../..")
	data, err := os.ReadFile("nodes/file/testdata/readings.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	eachKind(t, func(t *testing.T, e *nodes.Entry) {
		if e.Role == nodes.Transform {
			return
		}
		plans := bound(t, e)
		dir := t.TempDir()
		if err := os.MkdirAll(dir+"/nodes/file/testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(dir+"/nodes/file/testdata/readings.jsonl", data, 0o644); err != nil {
			t.Fatal(err)
		}
		t.Chdir(dir) // what a sink writes goes here
		for _, p := range plans {
			for _, n := range p.Nodes {
				if n.Kind == e.Name {
					closesClean(t, n)
				}
			}
		}
	})
}

func closesClean(t *testing.T, n *plan.Node) {
	before := goleak.IgnoreCurrent()
	rt := optest.New(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	switch n.Op.(type) {
	case *plan.Scan:
		s, err := nodes.Connectors{}.Source(n)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Open(ctx, rt, nil); err == nil {
			readToEnd(t, ctx, s)
		}
		if err := s.Close(); err != nil {
			t.Errorf("%s: close: %v", n.ID, err)
		}
	case *plan.Write:
		s, err := nodes.Connectors{}.Sink(n)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Open(ctx, rt, nil); err == nil {
			_ = s.Epoch(ctx, 0)
		}
		if err := s.Close(); err != nil {
			t.Errorf("%s: close: %v", n.ID, err)
		}
	}
	if err := goleak.Find(before); err != nil {
		t.Errorf("%s leaves goroutines behind: %v", n.ID, err)
	}
}

// readToEnd reads until the source says that its context has ended, or that it has.
func readToEnd(t *testing.T, ctx context.Context, s op.Source) {
	t.Helper()
	for range 10_000 {
		b, _, err := s.Read(ctx)
		if b != nil {
			b.Release()
		}
		if err != nil {
			if !errors.Is(err, context.Canceled) && !errors.Is(err, io.EOF) {
				t.Errorf("read: %v", err)
			}
			return
		}
	}
	t.Error("it reads on although its context has ended")
}

// TestCountersMove runs each kind in a tiny pipeline and holds that its rows are counted, that the account adds up, and
// that every buffer comes back.
func TestCountersMove(t *testing.T) {
	t.Chdir("../..")
	const made = "nodes:\n  in: {generate: {rows: 20, rows_per_second: 1000, pace: none, fields: {n: n, value: 'string(n)', list: '[n, n]'}}}\n"
	for kind, text := range map[string]string{
		"generate":  made + "  out: {from: in, discard: {}}\n",
		"file":      "nodes:\n  x: {file: {path: nodes/file/testdata/readings.jsonl}}\n  out: {from: x, discard: {}}\n",
		"discard":   made + "  x: {from: in, discard: {}}\n",
		"stdout":    made + "  x: {from: in, stdout: {}}\n",
		"console":   made + "  x: {from: in, console: {}}\n",
		"filter":    made + "  x: {from: in, filter: n > 3}\n  out: {from: x, discard: {}}\n",
		"select":    made + "  x: {from: in, select: [n]}\n  out: {from: x, discard: {}}\n",
		"derive":    made + "  x: {from: in, derive: {m: n + 1}}\n  out: {from: x, discard: {}}\n",
		"explode":   made + "  x: {from: in, explode: {e: list}}\n  out: {from: x, discard: {}}\n",
		"limit":     made + "  x: {from: in, limit: 5}\n  out: {from: x, discard: {}}\n",
		"union":     made + "  y: {from: in, filter: n > 3}\n  x: {from: [in, y], union: {}}\n  out: {from: x, discard: {}}\n",
		"drop":      made + "  x: {from: in, drop: [value]}\n  out: {from: x, discard: {}}\n",
		"rename":    made + "  x: {from: in, rename: {n: m}}\n  out: {from: x, discard: {}}\n",
		"route":     made + "  x: {from: in, route: {big: n > 3}}\n  out: {from: x.big, discard: {}}\n  rest: {from: x.else, discard: {}}\n",
		"sample":    made + "  x: {from: in, sample: 1.0}\n  out: {from: x, discard: {}}\n",
		"aggregate": made + "  x: {from: in, aggregate: {by: [value], take: {c: count()}}}\n  out: {from: x, discard: {}}\n",
	} {
		t.Run(kind, func(t *testing.T) {
			before := goleak.IgnoreCurrent()
			if !strings.Contains(text, "  x:") {
				text = strings.ReplaceAll(strings.ReplaceAll(text, "  in:", "  x:"), "from: in", "from: x")
			}
			if kind == "file" {
				text = strings.Replace(text, "{file:", "{format: text, file:", 1)
			}
			j := job.Parse(t.Context(), kind+".yaml", []byte(text), job.Options{})
			if j.Plan == nil {
				t.Fatal(j.Diags)
			}
			alloc := memory.NewCheckedAllocator(batch.NewPool())
			run, err := exec.Build(j.Plan, nodes.Connectors{}, exec.Options{Allocator: alloc, Output: io.Discard, Log: slog.DiscardHandler})
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			defer cancel()
			if err := run.Run(ctx); err != nil {
				t.Fatal(err)
			}
			sum := run.Summary()
			if sum.State != live.Finished || len(sum.Problems) > 0 {
				t.Errorf("%s: %v", sum.State, sum.Problems)
			}
			for _, a := range sum.Nodes {
				if a.Node == "x" && (a.In == 0 || a.Role != live.Sink && a.Out == 0) {
					t.Errorf("its counters stand still: %+v", a)
				}
			}
			alloc.AssertSize(t, 0)
			if err := goleak.Find(before); err != nil {
				t.Error(err)
			}
		})
	}
}
