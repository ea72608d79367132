package pane

import (
	"os"
	"strings"
	"testing"

	"flowrun/dag/live"
	"flowrun/tui/theme"
	"flowrun/tui/widget"

	"github.com/google/go-cmp/cmp"
)

func TestDrawings(t *testing.T) {
	var out strings.Builder
	for _, c := range []struct{ name, edges string }{
		{"one node", "a"},
		{"a chain", "a>b b>c"},
		{"a fan-out with rejects", "a>b a.rejected>c a>d"},
		{"two sources", "left>both right>both both>out"},
		{"a diamond that one edge passes", "a>b a>c b>d c>d a>d"},
		{"apart from one another", "a>b c>d"},
		{"a long name", "a>this_is_the_name_of_a_node_that_is_longer_than_any_box_gets"},
	} {
		top := topologyOf(c.edges)
		top.Nodes[0].Role, top.Nodes[0].Detail = live.Source, "日本.example:1100"
		for _, g := range []*theme.Glyphs{&theme.Unicode, &theme.ASCII} {
			out.WriteString("== " + c.name + ": " + c.edges + "\n")
			for _, line := range Drawing(top, g) {
				out.WriteString(line + "\n")
			}
		}
	}
	const golden = "testdata/drawings.golden"
	if *update {
		if err := os.WriteFile(golden, []byte(out.String()), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), out.String()); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

// TestDrawingShowsEveryName holds that no box loses its name or kind, and that ASCII is ASCII.
func TestDrawingShowsEveryName(t *testing.T) {
	top := topologyOf("in>clean in.rejected>bad clean>route route.big>one route.small>two route.else>three one>all two>all")
	text := strings.Join(Drawing(top, &theme.ASCII), "\n")
	for _, n := range top.Nodes {
		if !strings.Contains(text, " "+n.ID+" ") {
			t.Errorf("%s is not drawn:\n%s", n.ID, text)
		}
	}
	for _, output := range []string{".rejected|", ".big|", ".small|", ".else|"} {
		if !strings.Contains(strings.ReplaceAll(text, " |", "|"), output) {
			t.Errorf("the output %s has no label:\n%s", output, text)
		}
	}
	if strings.ContainsFunc(text, func(r rune) bool { return r > 0x7e }) {
		t.Errorf("not ASCII:\n%s", text)
	}
	for line := range strings.SplitSeq(text, "\n") {
		if widget.Width(line) != len(line) {
			t.Errorf("a line is not as wide as it is long: %q", line)
		}
	}
}
