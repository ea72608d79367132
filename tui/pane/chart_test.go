package pane

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"flowrun/dag/live"
	"flowrun/tui/theme"
	"flowrun/tui/widget"

	"github.com/charmbracelet/lipgloss"
	"github.com/google/go-cmp/cmp"
	"github.com/muesli/termenv"
	"pgregory.net/rapid"
)

var update = flag.Bool("update", false, "write the golden charts anew")

// topologyOf reads edges like "a>b a.rejected>c"; nodes stand in the order in which they are named.
func topologyOf(edges string) live.Topology {
	var t live.Topology
	seen := map[string]int{}
	node := func(id string) {
		if _, ok := seen[id]; !ok {
			seen[id] = 0
			t.Nodes = append(t.Nodes, live.Node{ID: id, Kind: "kind", Role: live.Transform})
		}
	}
	for _, e := range strings.Fields(edges) {
		from, to, ok := strings.Cut(e, ">")
		from, output, _ := strings.Cut(from, ".")
		node(from)
		if !ok {
			continue
		}
		node(to)
		t.Edges = append(t.Edges, live.Edge{ID: e, From: from, Output: output, To: to, Port: seen[to], Capacity: 8})
		seen[to]++
	}
	return t
}

func plainPainter() *theme.Painter {
	r := lipgloss.NewRenderer(&strings.Builder{})
	r.SetColorProfile(termenv.Ascii)
	return theme.NewPainter(r, theme.Default())
}

func TestCharts(t *testing.T) {
	var out strings.Builder
	for _, c := range []struct{ name, edges string }{
		{"one node", "a"},
		{"a chain", "a>b b>c"},
		{"a fan-out", "a>b a>c a>d"},
		{"a join", "a>c b>c"},
		{"a join of four", "a>e b>e c>e d>e"},
		{"a diamond", "a>b a>c b>d c>d"},
		{"a diamond with a short cut", "a>b b>d a>d a>c c>d"},
		{"an edge that passes two columns", "a>b b>c c>d a>d"},
		{"branches that cross", "a>d b>c a>c b>d"},
		{"two outputs", "a>b a.rejected>c"},
		{"a route", "a>r r.big>b r.small>c r.else>d"},
		{"two pipelines", "a>b c>d"},
		{"a union of branches", "a>b a>c a>d b>u c>u d>u u>s"},
		{"two sources into two joins", "a>j b>j a>k b>k j>s k>t"},
	} {
		s := NewScene(theme.Unicode)
		s.Index = NewIndex(topologyOf(c.edges))
		s.Snapshot.Nodes = make([]live.NodeStats, len(s.Index.Nodes))
		var g Graph
		g.SetIndex(s.Index)
		w, h := 100, GraphLines(s.Index, 100, 40, 1, true)
		g.SetSize(w, h, 1, true, false)
		canvas := widget.NewCanvas(w, h)
		g.View(canvas.Area(), &s)
		fmt.Fprintf(&out, "== %s: %s\n", c.name, c.edges)
		for _, line := range canvas.Lines(plainPainter()) {
			fmt.Fprintln(&out, strings.TrimRight(line, " "))
		}
	}
	const path = "testdata/charts.golden"
	if *update {
		if err := os.WriteFile(path, []byte(out.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), out.String()); diff != "" {
		t.Errorf("-want +got (-update writes it anew):\n%s", diff)
	}
}

// TestChartsAreSound draws random graphs: boxes do not touch each other, no wire runs through a box, and every edge can
// be followed from the node that it leaves to the node where it arrives.
func TestChartsAreSound(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 12).Draw(t, "nodes")
		text := make([]string, 0, 3*n)
		for i := range n {
			text = append(text, fmt.Sprintf("n%d", i))
		}
		known := map[string]bool{}
		for range rapid.IntRange(0, 2*n).Draw(t, "edges") {
			from, to := rapid.IntRange(0, n-1).Draw(t, "from"), rapid.IntRange(0, n-1).Draw(t, "to")
			e := fmt.Sprintf("n%d%s>n%d", from, rapid.SampledFrom([]string{"", ".x"}).Draw(t, "output"), to)
			if from < to && !known[e] {
				known[e] = true
				text = append(text, e)
			}
		}
		x := NewIndex(topologyOf(strings.Join(text, " ")))
		c, ok := arrange(x, 0, 0, rapid.SampledFrom([]int{boxFlat, boxTall}).Draw(t, "inner"), rapid.IntRange(0, 1).Draw(t, "air"))
		if !ok {
			t.Fatalf("%v is not drawn", text)
		}
		taken := map[[2]int]int{}
		for i, b := range c.boxes {
			for y := b.y; y < b.y+b.h; y++ {
				for xx := b.x; xx < b.x+b.w; xx++ {
					if other, ok := taken[[2]int{xx, y}]; ok {
						t.Fatalf("%v: boxes of %s and %s overlap", text, x.Nodes[i].ID, x.Nodes[other].ID)
					}
					if xx < 0 || y < 0 || xx >= c.w || y >= c.h {
						t.Fatalf("%v: the box of %s sticks out", text, x.Nodes[i].ID)
					}
					taken[[2]int{xx, y}] = i
				}
			}
		}
		arrived := map[int]bool{}
		reach := map[string]map[[2]int]bool{} // the cells of an output's wires
		for _, w := range c.wires {
			for _, p := range w.cells {
				if node, ok := taken[[2]int{p.x, p.y}]; ok {
					t.Fatalf("%v: a wire of %v runs through %s", text, w.edges, x.Nodes[node].ID)
				}
				for _, e := range w.edges {
					if reach[x.Edges[e].ID] == nil {
						reach[x.Edges[e].ID] = map[[2]int]bool{}
					}
					reach[x.Edges[e].ID][[2]int{p.x, p.y}] = true
				}
				if p.mark != 'a' {
					continue
				}
				if to, ok := taken[[2]int{p.x + 1, p.y}]; !ok || to != x.To(p.edge) || arrived[p.edge] {
					t.Fatalf("%v: %s does not arrive where it should", text, x.Edges[p.edge].ID)
				}
				arrived[p.edge] = true
			}
		}
		for e, edge := range x.Edges {
			if !arrived[e] {
				t.Fatalf("%v: %s does not arrive", text, edge.ID)
			}
			if !connected(reach[edge.ID], c.boxes[x.From(e)], c.boxes[x.To(e)]) {
				t.Fatalf("%v: %s cannot be followed", text, edge.ID)
			}
		}
	})
}

// connected reports whether cells lead from the right side of a box to the left side of another one.
func connected(cells map[[2]int]bool, from, to box) bool {
	var todo [][2]int
	seen := map[[2]int]bool{}
	visit := func(p [2]int) {
		if cells[p] && !seen[p] {
			seen[p] = true
			todo = append(todo, p)
		}
	}
	for y := from.y; y < from.y+from.h; y++ {
		visit([2]int{from.x + from.w, y})
	}
	for len(todo) > 0 {
		p := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if p[0] == to.x-1 && p[1] > to.y && p[1] < to.y+to.h-1 {
			return true
		}
		visit([2]int{p[0] + 1, p[1]})
		visit([2]int{p[0] - 1, p[1]})
		visit([2]int{p[0], p[1] + 1})
		visit([2]int{p[0], p[1] - 1})
	}
	return false
}
