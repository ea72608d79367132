package tui

import (
	"fmt"
	"testing"
	"time"

	"flowrun/dag/live"

	tea "github.com/charmbracelet/bubbletea"
	"pgregory.net/rapid"
)

// awkward is text that has broken screens before.
var awkward = []string{"", "plain", "日本語のテキスト", "👨‍👩‍👧‍👦 family", "e\u0301\u0301\u0301\u0301\u0301", "\x1b[31mred\x1b[0m", "a\tb\nc\r", "\u202ereversed", "🇩🇪🇫🇷", "\xff\xfe",
	"very_long_name_that_goes_on_and_on_and_on_and_on_and_on", "क्षि", "한국어", "\u1112\u1161\u11ab", "\u0600x", "\u200b", "❤️", "\x00\x07\x7f", "ﷺ", "\u2028"}

func drawText(t *rapid.T, label string) string {
	return rapid.OneOf(rapid.SampledFrom(awkward), rapid.StringN(0, 12, 30)).Draw(t, label)
}

func drawTopology(t *rapid.T) live.Topology {
	n := rapid.IntRange(0, 14).Draw(t, "nodes")
	top := live.Topology{Pipeline: drawText(t, "pipeline"), Where: drawText(t, "where")}
	for i := range n {
		node := live.Node{ID: fmt.Sprintf("%s%d", drawText(t, "id"), i), Kind: drawText(t, "kind"), Detail: drawText(t, "detail"), Promise: drawText(t, "promise"),
			Role: rapid.SampledFrom([]live.Role{live.Source, live.Transform, live.Sink}).Draw(t, "role")}
		columns := make([]live.Column, rapid.IntRange(0, 6).Draw(t, "columns"))
		for c := range columns {
			columns[c] = live.Column{Name: drawText(t, "column"), Number: rapid.Bool().Draw(t, "number")}
		}
		s := live.Schema{Columns: columns, Tree: []string{"root", " |-- " + drawText(t, "field") + ": long (nullable = true)"}, Changes: []string{"+ " + drawText(t, "change")}}
		node.Outputs, node.Inputs = []live.Schema{s}, []live.Schema{s}
		top.Nodes = append(top.Nodes, node)
	}
	for i := range rapid.IntRange(0, 2*n).Draw(t, "edges") {
		from, to := rapid.IntRange(0, n-1).Draw(t, "from"), rapid.IntRange(0, n).Draw(t, "to")
		if rapid.IntRange(0, 9).Draw(t, "forward") > 0 && from > to {
			from, to = to, from
		}
		name := "nobody"
		if to < n {
			name = top.Nodes[to].ID
		}
		top.Edges = append(top.Edges, live.Edge{ID: fmt.Sprint(i), From: top.Nodes[from].ID, To: name, Port: i % 3, Capacity: rapid.IntRange(0, 9).Draw(t, "capacity"),
			Output: rapid.SampledFrom([]string{"", "", "rejected", "big"}).Draw(t, "output")})
	}
	return top
}

func drawSnapshot(t *rapid.T, top live.Topology) live.Snapshot {
	s := live.Snapshot{At: recordedAt, State: rapid.SampledFrom([]live.State{live.Starting, live.Running, live.Pausing, live.Paused, live.Draining, live.Finished, live.Failed, "odd"}).Draw(t, "state"),
		Elapsed: time.Duration(rapid.Int64().Draw(t, "elapsed")), Error: drawText(t, "error"), Epochs: rapid.Uint64().Draw(t, "epochs"), LastCut: recordedAt}
	for range rapid.IntRange(0, len(top.Nodes)+1).Draw(t, "stats") {
		s.Nodes = append(s.Nodes, live.NodeStats{RowsIn: rapid.Uint64().Draw(t, "in"), Rejected: rapid.Uint64().Draw(t, "rejected"), Rate: rapid.Float64().Draw(t, "rate"),
			Busy: rapid.Float64Range(-1, 2).Draw(t, "busy"), Blocked: rapid.Float64Range(-1, 2).Draw(t, "blocked"), Status: drawText(t, "status"), Ended: rapid.Bool().Draw(t, "ended"),
			History: rapid.SliceOfN(rapid.Float64(), 0, 70).Draw(t, "history"), Reasons: map[string]uint64{drawText(t, "reason"): 1}})
	}
	for range rapid.IntRange(0, len(top.Edges)+1).Draw(t, "edgeStats") {
		s.Edges = append(s.Edges, live.EdgeStats{Queued: rapid.IntRange(-1, 20).Draw(t, "queued"), FullFor: time.Duration(rapid.IntRange(0, 1e10).Draw(t, "full"))})
	}
	return s
}

func drawPreview(t *rapid.T, edge string) live.Preview {
	p := live.Preview{Edge: edge}
	for range rapid.IntRange(0, 8).Draw(t, "previewColumns") {
		p.Columns = append(p.Columns, live.Column{Name: drawText(t, "name"), Number: rapid.Bool().Draw(t, "numeric")})
	}
	for range rapid.IntRange(0, 5).Draw(t, "batches") {
		b := live.Sampled{Number: rapid.Uint64().Draw(t, "number"), Epoch: rapid.Uint64().Draw(t, "epoch"), At: recordedAt, Total: rapid.IntRange(-1, 1e9).Draw(t, "total")}
		for range rapid.IntRange(0, 12).Draw(t, "rows") {
			row := make([]live.Cell, rapid.IntRange(0, len(p.Columns)+1).Draw(t, "cells"))
			for c := range row {
				row[c] = live.Cell{Text: drawText(t, "cell"), Null: rapid.Bool().Draw(t, "null"), Late: rapid.Bool().Draw(t, "late")}
			}
			b.Rows = append(b.Rows, row)
		}
		p.Batches = append(p.Batches, b)
	}
	return p
}

// drawSize is any size, and often one near a breakpoint or above them all.
func drawSize(t *rapid.T) (w, h int) {
	w = rapid.OneOf(rapid.IntRange(1, 250), rapid.IntRange(leastWidth-1, leastWidth+3), rapid.IntRange(mediumWidth-1, mediumWidth+2), rapid.IntRange(largeWidth-1, 250)).Draw(t, "w")
	h = rapid.OneOf(rapid.IntRange(1, 80), rapid.IntRange(leastHeight-1, leastHeight+3), rapid.IntRange(mediumHeight-1, mediumHeight+2), rapid.IntRange(largeHeight-1, 80)).Draw(t, "h")
	return w, h
}

var anyKey = []string{"left", "right", "up", "down", "tab", "shift+tab", "1", "2", "3", "4", "5", "enter", "esc", "/", "a", "!", "n", "N", ":", "o", "d", "e", " ", "t", "[", "]", "s",
	"w", "p", "x", "q", "?", "pgup", "pgdown", "home", "end", "g", "G", "y", "backspace", "ctrl+w"}

// TestEveryFrameFillsTheScreen draws whatever a run and a user can come up with, in any size: the frame has exactly the
// lines and the width of the terminal, and nothing panics.
func TestEveryFrameFillsTheScreen(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w, h := drawSize(t)
		s := &screen{m: newScreen(nil, Options{ASCII: rapid.Bool().Draw(t, "ascii")}, w, h).m}
		checkFrame(t, s.frame(), w, h)
		top := drawTopology(t)
		s.watch(top, drawSnapshot(t, top), live.Preview{})
		checkFrame(t, s.frame(), w, h)
		for range rapid.IntRange(0, 10).Draw(t, "steps") {
			switch rapid.IntRange(0, 9).Draw(t, "step") {
			case 0:
				w, h = drawSize(t)
				s.send(tea.WindowSizeMsg{Width: w, Height: h})
			case 1:
				s.send(snapshotMsg(drawSnapshot(t, top)))
			case 2:
				p := drawPreview(t, s.m.scene.Look().Edge)
				s.send(previewMsg{edge: p.Edge, preview: p})
			case 3:
				s.send(eventsMsg{{At: recordedAt, Level: rapid.SampledFrom([]live.Level{live.Warn, live.Output, "odd"}).Draw(t, "level"), Node: drawText(t, "node"),
					Text: drawText(t, "text"), Place: drawText(t, "place"), Dropped: rapid.Uint64().Draw(t, "dropped")}})
			default:
				s.press(rapid.SampledFrom(anyKey).Draw(t, "key"))
			}
			checkFrame(t, s.frame(), w, h)
		}
	})
}
