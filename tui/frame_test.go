package tui

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"flowrun/dag/live"
	"flowrun/tui/theme"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/lipgloss"
	"github.com/charmbracelet/x/ansi"
	"github.com/google/go-cmp/cmp"
	"github.com/muesli/termenv"
)

// updating reports whether the golden frames are to be written anew: -update, a flag that teatest brings.
func updating() bool { return flag.Lookup("update").Value.String() == "true" }

// painterFor paints for a terminal of a fixed kind.
func painterFor(profile termenv.Profile, palette string, dark bool) *theme.Painter {
	r := lipgloss.NewRenderer(&strings.Builder{})
	r.SetColorProfile(profile)
	r.SetHasDarkBackground(dark)
	p, _ := theme.Named(palette)
	return theme.NewPainter(r, p)
}

// screen is a dashboard in a test: messages go in, frames come out, and commands wait to be run.
type screen struct {
	t testing.TB
	m *model
}

func newScreen(t testing.TB, o Options, w, h int) *screen {
	s := &screen{t, newModel(feed{context.Background(), nil}, o, painterFor(termenv.Ascii, "calm", true))}
	s.send(tickMsg(recordedAt), tea.WindowSizeMsg{Width: w, Height: h})
	return s
}

func (s *screen) send(messages ...tea.Msg) tea.Cmd {
	var last tea.Cmd
	for _, m := range messages {
		_, last = s.m.Update(m)
	}
	return last
}

// watch lets the screen see a run as far as it has come.
func (s *screen) watch(t live.Topology, snapshot live.Snapshot, p live.Preview) *screen {
	snapshots, events := make(chan live.Snapshot), make(chan live.Event)
	close(snapshots)
	close(events)
	s.send(openedMsg{t, snapshots, events}, snapshotMsg(snapshot), eventsMsg(recordedEvents()), previewMsg{edge: p.Edge, preview: p})
	return s
}

// press types keys, by Bubble Tea's names.
func (s *screen) press(keys ...string) tea.Cmd {
	var last tea.Cmd
	for _, k := range keys {
		last = s.send(keyMsg(k))
	}
	return last
}

func keyMsg(name string) tea.KeyMsg {
	for t := range tea.KeyType(200) {
		if k := (tea.KeyMsg{Type: t - 100}); k.String() == name && k.Type != tea.KeyRunes {
			return k
		}
	}
	return tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune(name)}
}

func (s *screen) frame() string { return s.m.View() }

// states are the moments that the golden frames show.
var states = []struct {
	name string
	show func(*screen)
}{
	{"starting", func(s *screen) {}},
	{"connecting", func(s *screen) {
		at := snapshotAt(live.Running, time.Second)
		at.Nodes = []live.NodeStats{{Status: "connecting localhost:1100, retry in 2s (try: nc -lk 1100, or --demo)"}, {}}
		at.Edges = []live.EdgeStats{{}}
		s.watch(socketConsole(), at, live.Preview{})
	}},
	{"main", func(s *screen) { s.watch(socketConsole(), socketRunning(), socketRows()) }},
	{"wide", func(s *screen) { s.watch(orders(), ordersRunning(), ordersRows()) }},
	{"backpressure", func(s *screen) { s.watch(orders(), ordersPressed(), ordersRows()) }},
	{"failed", func(s *screen) {
		at := ordersRunning()
		at.State, at.Error = live.Failed, `clean: pipelines/orders.yaml:18:12: amount "12,50" is not a number, and on_error is fail`
		s.watch(orders(), at, ordersRows())
	}},
	{"finished", func(s *screen) {
		at := ordersRunning()
		at.State = live.Finished
		for i := range at.Nodes {
			at.Nodes[i].Ended, at.Nodes[i].Rate, at.Nodes[i].Busy = true, 0, 0
		}
		for i := range at.Edges {
			at.Edges[i] = live.EdgeStats{}
		}
		s.watch(orders(), at, ordersRows())
	}},
	{"frozen", func(s *screen) {
		s.watch(socketConsole(), socketRunning(), socketRows()).press(" ")
		later := socketRunning()
		later.At, later.Elapsed = later.At.Add(12*time.Second), later.Elapsed+12*time.Second
		later.Nodes[0].Rate = 9_999
		s.send(tickMsg(later.At), snapshotMsg(later))
	}},
	{"paused", func(s *screen) {
		at := socketRunning()
		at.State = live.Paused
		for i := range at.Nodes {
			at.Nodes[i].Rate, at.Nodes[i].Busy = 0, 0
		}
		s.watch(socketConsole(), at, socketRows())
	}},
	{"help", func(s *screen) { s.watch(socketConsole(), socketRunning(), socketRows()).press("?") }},
	{"zoom", func(s *screen) {
		s.watch(orders(), ordersRunning(), ordersRows()).press("2", "enter", "l", "l", "l", "s")
	}},
	{"find", func(s *screen) { s.watch(orders(), ordersRunning(), ordersRows()).press("/", "a", "l", "e") }},
	{"question", func(s *screen) { s.watch(socketConsole(), socketRunning(), socketRows()).press("q") }},
	{"log", func(s *screen) { s.watch(orders(), ordersRunning(), ordersRows()).press("4") }},
	{"lanes", func(s *screen) { s.watch(hits(), hitsRunning(), hitRows()) }},
	{"unread", func(s *screen) { s.watch(words(), wordsRunning(), wordRows()) }},
	{"time", func(s *screen) { s.watch(minutes(), minutesRunning(), minuteRows()) }},
	{"counted", func(s *screen) {
		t, p := socketConsole(), socketRows()
		t.Nodes[0].Outputs[0].Columns[0].Unread, p.Columns[0].Unread = true, true
		for _, b := range p.Batches {
			b.Rows[0][0] = live.Cell{Null: true}
		}
		s.watch(t, socketRunning(), p)
	}},
	{"command", func(s *screen) {
		s.watch(orders(), ordersRunning(), ordersRows()).press(":", "n", "o", "d", "e", " ", "c")
	}},
}

var goldenSizes = []struct{ w, h int }{{120, 36}, {80, 24}, {60, 16}, {39, 9}}

func TestFrames(t *testing.T) {
	for _, state := range states {
		for _, ascii := range []bool{false, true} {
			name := state.name + "_unicode"
			if ascii {
				name = state.name + "_ascii"
			}
			t.Run(name, func(t *testing.T) {
				var out strings.Builder
				for _, size := range goldenSizes {
					s := newScreen(t, Options{ASCII: ascii}, size.w, size.h)
					state.show(s)
					frame := s.frame()
					checkFrame(t, frame, size.w, size.h)
					fmt.Fprintf(&out, "== %dx%d\n%s\n", size.w, size.h, ended(frame))
				}
				golden(t, name, out.String())
			})
		}
	}
}

// TestFramesAtBreakpoints holds a frame on each side of each breakpoint.
func TestFramesAtBreakpoints(t *testing.T) {
	var out strings.Builder
	for _, size := range []struct{ w, h int }{
		{largeWidth, largeHeight}, {largeWidth - 1, largeHeight}, {largeWidth, largeHeight - 1},
		{mediumWidth, mediumHeight}, {mediumWidth - 1, mediumHeight}, {mediumWidth, mediumHeight - 1},
		{leastWidth, leastHeight}, {leastWidth - 1, leastHeight}, {leastWidth, leastHeight - 1}, {twoLogs, 40},
	} {
		s := ordersScreen(t, size.w, size.h)
		frame := s.frame()
		checkFrame(t, frame, size.w, size.h)
		fmt.Fprintf(&out, "== %dx%d\n%s\n", size.w, size.h, ended(frame))
	}
	golden(t, "breakpoints", out.String())
}

// BenchmarkFrame is what a frame costs: one is drawn for each snapshot, preview and tick, about a dozen a second.
func BenchmarkFrame(b *testing.B) {
	for _, size := range []struct{ w, h int }{{120, 36}, {80, 24}} {
		b.Run(fmt.Sprintf("%dx%d", size.w, size.h), func(b *testing.B) {
			s := newScreen(b, Options{}, size.w, size.h).watch(orders(), ordersPressed(), ordersRows())
			s.m.painter = painterFor(termenv.TrueColor, "calm", true)
			b.ReportAllocs()
			for b.Loop() {
				s.frame()
			}
		})
	}
	b.Run("preview", func(b *testing.B) {
		s := newScreen(b, Options{}, 120, 36).watch(orders(), ordersPressed(), ordersRows())
		p := ordersRows()
		for b.Loop() {
			s.send(previewMsg{edge: p.Edge, preview: p})
		}
	})
}

// TestFramesInColour holds the colours of one frame per theme and background.
func TestFramesInColour(t *testing.T) {
	for _, theme := range []string{"calm", "clear", "terminal"} {
		for _, dark := range []bool{true, false} {
			name := fmt.Sprintf("colour_%s_%s", theme, map[bool]string{true: "dark", false: "light"}[dark])
			t.Run(name, func(t *testing.T) {
				s := newScreen(t, Options{}, 120, 36)
				s.m.painter = painterFor(termenv.TrueColor, theme, dark)
				s.watch(orders(), ordersPressed(), ordersRows())
				frame := s.frame()
				checkFrame(t, frame, 120, 36)
				golden(t, name, strings.ReplaceAll(frame, "\x1b", "␛")+"\n")
			})
		}
	}
}

// TestColourOnlyAdds proves that a frame says the same without its colours.
func TestColourOnlyAdds(t *testing.T) {
	for _, state := range states {
		plain, painted := newScreen(t, Options{}, 120, 36), newScreen(t, Options{}, 120, 36)
		painted.m.painter = painterFor(termenv.TrueColor, "calm", true)
		state.show(plain)
		state.show(painted)
		if got := ansi.Strip(painted.frame()); got != plain.frame() {
			t.Errorf("%s: the painted frame reads differently:\n%s", state.name, cmp.Diff(plain.frame(), got))
		}
		if painted.frame() == plain.frame() {
			t.Errorf("%s: no colours at all", state.name)
		}
	}
}

// TestASCIIFrames proves that nothing but the data needs more than ASCII.
func TestASCIIFrames(t *testing.T) {
	for _, state := range states {
		if state.name == "main" || state.name == "frozen" || state.name == "paused" || state.name == "question" {
			continue // their rows hold other characters, which stay as they are
		}
		s := newScreen(t, Options{ASCII: true}, 120, 36)
		state.show(s)
		for i, r := range s.frame() {
			if r > 0x7e {
				t.Fatalf("%s: %q at byte %d of\n%s", state.name, r, i, s.frame())
			}
		}
	}
}

// checkFrame checks that a frame fills the terminal exactly.
func checkFrame(t interface {
	Helper()
	Fatalf(string, ...any)
}, frame string, w, h int) {
	t.Helper()
	lines := strings.Split(frame, "\n")
	if len(lines) != h {
		t.Fatalf("%dx%d: %d lines:\n%s", w, h, len(lines), frame)
	}
	for i, line := range lines {
		if got := ansi.StringWidth(line); got != w {
			t.Fatalf("%dx%d: line %d is %d cells wide:\n%q", w, h, i, got, line)
		}
	}
}

// ended marks the ends of lines, so that an editor which drops spaces cannot break a golden.
func ended(frame string) string {
	lines := strings.Split(frame, "\n")
	for i := range lines {
		if strings.HasSuffix(lines[i], " ") {
			lines[i] = strings.TrimRight(lines[i], " ") + "$"
		}
	}
	return strings.Join(lines, "\n")
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name+".golden")
	if updating() {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got; -update writes it anew):\n%s", path, diff)
	}
}
