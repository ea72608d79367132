package tui

import (
	"fmt"
	"strings"
	"testing"

	"flowrun/tui/widget"

	"flowrun/tui/theme"

	"github.com/charmbracelet/x/ansi"
	"github.com/muesli/termenv"
)

// picture draws a layout, a third as wide and half as high, with each pane's digit in its corner.
func picture(l layout, w, h int) string {
	c := widget.NewCanvas(w, h)
	a := c.Area()
	for id, r := range l.panes {
		widget.Box{Frame: theme.ASCII.Pane, Left: []widget.Span{{Text: fmt.Sprintf("%d %dx%d", id, r.w, r.h)}}}.Draw(a.Sub(r.x, r.y, r.w, r.h), theme.ASCII)
	}
	if l.strip.w > 0 {
		a.Text(0, l.strip.y, strings.Repeat("~", l.strip.w), theme.Style{})
	}
	a.Text(0, 0, strings.Repeat("^", w), theme.Style{})
	a.Text(0, l.foot, strings.Repeat("v", w), theme.Style{})
	return "\n" + ansi.Strip(strings.Join(c.Lines(painterFor(termenv.Ascii, "calm", true)), "\n")) + "\n"
}

func TestLayout(t *testing.T) {
	need := func(lines int) func(int, int, bool) int {
		return func(_, limit int, _ bool) int { return min(lines, limit) }
	}
	for _, c := range []struct {
		name string
		w, h int
		want wishes
		draw string
	}{
		{"list and verdict", 40, 10, wishes{focus: graphPane, log: logPane, graph: need(5)}, `
^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
+-1 40x8-------------------------------+
|                                      |
|                                      |
|                                      |
|                                      |
|                                      |
|                                      |
+--------------------------------------+
vvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvv
`},
		{"another pane instead of it", 40, 10, wishes{focus: logPane, log: logPane, graph: need(5)}, `
^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
+-4 40x8-------------------------------+
|                                      |
|                                      |
|                                      |
|                                      |
|                                      |
|                                      |
+--------------------------------------+
vvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvv
`},
		{"batch and schema beside each other", 80, 24, wishes{focus: graphPane, log: logPane, graph: need(5), schema: 40}, `
^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
+-1 80x5-----------------------------------------------------------------------+
|                                                                              |
|                                                                              |
|                                                                              |
+------------------------------------------------------------------------------+
+-2 40x16------------------------------++-3 40x16------------------------------+
|                                      ||                                      |
|                                      ||                                      |
|                                      ||                                      |
|                                      ||                                      |
|                                      ||                                      |
|                                      ||                                      |
|                                      ||                                      |
|                                      ||                                      |
|                                      ||                                      |
|                                      ||                                      |
|                                      ||                                      |
|                                      ||                                      |
|                                      ||                                      |
|                                      ||                                      |
+--------------------------------------++--------------------------------------+
~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~
vvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvv
`},
		{"a schema that needs more than half is shown in short", 80, 24, wishes{focus: graphPane, log: logPane, graph: need(5), schema: 44, short: 32}, `
^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
+-1 80x5-----------------------------------------------------------------------+
|                                                                              |
|                                                                              |
|                                                                              |
+------------------------------------------------------------------------------+
+-2 48x16--------------------------------------++-3 32x16----------------------+
|                                              ||                              |
|                                              ||                              |
|                                              ||                              |
|                                              ||                              |
|                                              ||                              |
|                                              ||                              |
|                                              ||                              |
|                                              ||                              |
|                                              ||                              |
|                                              ||                              |
|                                              ||                              |
|                                              ||                              |
|                                              ||                              |
|                                              ||                              |
+----------------------------------------------++------------------------------+
~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~
vvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvv
`},
		{"a graph that takes half leaves one of them", 80, 24, wishes{focus: schemaPane, log: logPane, graph: need(50), schema: 40}, `
^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
+-1 80x12----------------------------------------------------------------------+
|                                                                              |
|                                                                              |
|                                                                              |
|                                                                              |
|                                                                              |
|                                                                              |
|                                                                              |
|                                                                              |
|                                                                              |
|                                                                              |
+------------------------------------------------------------------------------+
+-3 80x9-----------------------------------------------------------------------+
|                                                                              |
|                                                                              |
|                                                                              |
|                                                                              |
|                                                                              |
|                                                                              |
|                                                                              |
+------------------------------------------------------------------------------+
~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~
vvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvv
`},
		{"the log comes to the middle", 80, 24, wishes{focus: outputPane, log: outputPane, graph: need(12), schema: 40}, `
^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
+-1 80x12----------------------------------------------------------------------+
|                                                                              |
|                                                                              |
|                                                                              |
|                                                                              |
|                                                                              |
|                                                                              |
|                                                                              |
|                                                                              |
|                                                                              |
|                                                                              |
+------------------------------------------------------------------------------+
+-5 80x9-----------------------------------------------------------------------+
|                                                                              |
|                                                                              |
|                                                                              |
|                                                                              |
|                                                                              |
|                                                                              |
|                                                                              |
+------------------------------------------------------------------------------+
~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~
vvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvv
`},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := picture(arrange(c.w, c.h, c.want), c.w, c.h); got != c.draw {
				t.Errorf("got%swant%s", got, c.draw)
			}
		})
	}
}

func TestLayoutOfLargeTerminals(t *testing.T) {
	want := wishes{focus: graphPane, log: logPane, schema: 46, graph: func(_, limit int, boxes bool) int {
		if !boxes {
			t.Error("a large terminal is for boxes")
		}
		return min(17, limit)
	}}
	l := arrange(largeWidth, largeHeight, want)
	for id, r := range map[paneID]rect{graphPane: {0, 1, 120, 15}, batchPane: {0, 16, 74, 7}, schemaPane: {74, 16, 46, 7}, logPane: {0, 23, 120, 6}} {
		if l.panes[id] != r {
			t.Errorf("pane %d stands at %v, want %v", id, l.panes[id], r)
		}
	}
	if _, ok := l.panes[outputPane]; ok {
		t.Error("the output has no place beside the log in 120 columns")
	}
	if l := arrange(twoLogs, 50, want); l.panes[logPane].w+l.panes[outputPane].w != twoLogs {
		t.Errorf("log and output do not share the width: %v", l.panes)
	}
}

// TestLayoutFills proves that panes cover the body of the screen once, whatever its size, except where nothing fits.
func TestLayoutFills(t *testing.T) {
	for w := 1; w <= 200; w += 3 {
		for h := 1; h <= 80; h++ {
			for _, focus := range paneOrder {
				for _, zoomed := range []bool{false, true} {
					want := wishes{focus: focus, log: logPane, zoomed: zoomed, schema: 40, graph: func(_, limit int, _ bool) int { return min(9, limit) }}
					if focus == outputPane {
						want.log = outputPane
					}
					l := arrange(w, h, want)
					if l.size == tooSmall {
						continue
					}
					covered := l.strip.w * l.strip.h
					for _, r := range l.panes {
						if r.x < 0 || r.y < 1 || r.x+r.w > w || r.y+r.h > h-1 || r.h < 3 || r.w < 20 {
							t.Fatalf("%dx%d focus %d zoomed %v: %v", w, h, focus, zoomed, l.panes)
						}
						covered += r.w * r.h
					}
					if covered != w*(h-2) {
						t.Fatalf("%dx%d focus %d zoomed %v: panes cover %d of %d cells: %v", w, h, focus, zoomed, covered, w*(h-2), l.panes)
					}
				}
			}
		}
	}
}
