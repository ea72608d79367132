package tui

import (
	"bytes"
	"encoding/base64"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"flowrun/dag/live"

	tea "github.com/charmbracelet/bubbletea"
)

func ordersScreen(t testing.TB, w, h int) *screen {
	return newScreen(t, Options{}, w, h).watch(orders(), ordersRunning(), ordersRows())
}

func (s *screen) selected() string {
	if s.m.scene.Selected < 0 {
		return ""
	}
	return s.m.scene.Index.Nodes[s.m.scene.Selected].ID
}

func (s *screen) shows(text string) {
	s.t.Helper()
	if !strings.Contains(s.frame(), text) {
		s.t.Errorf("%q is not shown:\n%s", text, s.frame())
	}
}

func (s *screen) hides(text string) {
	s.t.Helper()
	if strings.Contains(s.frame(), text) {
		s.t.Errorf("%q is shown:\n%s", text, s.frame())
	}
}

func TestSelectionStartsBeforeTheFirstSink(t *testing.T) {
	if got := ordersScreen(t, 120, 36).selected(); got != "per_minute" {
		t.Errorf("selected %s", got)
	}
}

func TestMoveAlongEdges(t *testing.T) {
	for _, c := range []struct {
		w, h int
		keys string
		want string
	}{
		{120, 36, "left", "enrich"},
		{120, 36, "left left", "clean"},
		{120, 36, "h h h", "orders"},
		{120, 36, "right", "lake"},
		{120, 36, "l down", "alerts"},
		{120, 36, "h h h down", "customers"},
		{120, 36, "h h h h h", "orders"},
		{80, 24, "up", "enrich"},
		{80, 24, "j", "lake"},
		{80, 24, "G", "customers"},
		{80, 24, "g", "orders"},
		{80, 24, "G j j", "customers"},
	} {
		s := ordersScreen(t, c.w, c.h)
		s.press(strings.Fields(c.keys)...)
		if got := s.selected(); got != c.want {
			t.Errorf("%dx%d %s: selected %s, want %s", c.w, c.h, c.keys, got, c.want)
		}
	}
}

func TestPanesFollowTheSelection(t *testing.T) {
	s := ordersScreen(t, 120, 36)
	s.shows("per_minute → lake")
	s.press("h")
	s.shows("enrich → per_minute")
	s.shows("no rows yet")
	s.shows("+|-- name")
	s.press("h", "h")
	s.shows("orders → clean")
	s.press("o")
	s.shows("orders.rejected → bad")
	s.shows("|-- reason")
	s.press("o")
	s.shows("orders → clean")
	s.press(":", "n", "o", "d", "e", " ", "a", "l", "e", "r", "t", "s", "enter")
	s.shows("per_minute → alerts")
	s.shows("into alerts")
}

func TestRowsOfAnotherEdgeAreNotShown(t *testing.T) {
	s := ordersScreen(t, 120, 36)
	s.press("h")
	p := ordersRows()
	s.send(previewMsg{edge: p.Edge, preview: p}) // the answer to a question asked before
	s.shows("no rows yet")
}

func TestPanesByDigitAndTab(t *testing.T) {
	s := ordersScreen(t, 120, 36)
	for _, c := range []struct {
		key  string
		want paneID
	}{{"2", batchPane}, {"5", outputPane}, {"tab", graphPane}, {"shift+tab", outputPane}, {"shift+tab", logPane}, {"3", schemaPane}, {"esc", graphPane}} {
		s.press(c.key)
		if s.m.focus != c.want {
			t.Errorf("%s: pane %d has the keys, want %d", c.key, s.m.focus, c.want)
		}
	}
	s.press("5")
	s.shows("|to be|")
	s.press("4")
	s.shows("3 rows rejected")
}

func TestEscGoesOneStepBack(t *testing.T) {
	s := ordersScreen(t, 120, 36)
	s.press(" ", "2", "enter", "t", "/", "D", "E", "enter")
	steps := []func() bool{
		func() bool { return !s.m.find.Active() },
		func() bool { return !s.m.batch.Pinned() },
		func() bool { return !s.m.zoomed },
		func() bool { return s.m.frozen.IsZero() },
		func() bool { return s.m.focus == graphPane },
	}
	for i, undone := range steps {
		if undone() {
			t.Fatalf("step %d was undone too early", i)
		}
		s.press("esc")
		if !undone() {
			t.Fatalf("esc did not undo step %d", i)
		}
	}
}

func TestZoom(t *testing.T) {
	s := ordersScreen(t, 80, 24)
	s.press("2", "enter")
	s.hides("1 graph")
	s.hides("3 schema")
	s.shows("rows 1-18 of 200")
	s.press("pgdown")
	s.shows("rows 19-36 of 200")
	s.press("enter")
	s.shows("1 graph")
}

func TestRowsCanBePinnedWalkedAndSorted(t *testing.T) {
	s := ordersScreen(t, 120, 36)
	newer := ordersRows()
	newer.Batches[0].Number = 200_000
	s.press("2", "enter", "t")
	s.send(previewMsg{edge: newer.Edge, preview: newer})
	s.shows("PINNED")
	s.shows("#118,204")
	s.press("t")
	s.send(previewMsg{edge: newer.Edge, preview: newer})
	s.shows("#200,000")
	s.shows("live")
	s.press("[", "[")
	s.shows("PINNED 2 of 16")
	s.shows("#118,203")
	s.press("]")
	s.shows("PINNED 1 of 16")
	s.press("]")
	s.shows("live")
	s.press("l", "l", "s")
	s.shows("▲ n")
	s.press("s")
	s.shows("▼ n")
	s.shows(" 996 ") // the highest of them
	s.press("s")
	s.hides("▼ n")
}

func TestFreezeHoldsTheViewAndNotTheHead(t *testing.T) {
	s := newScreen(t, Options{}, 120, 36).watch(socketConsole(), socketRunning(), socketRows())
	s.press(" ")
	later := socketRunning()
	later.At, later.Elapsed, later.State = later.At.Add(time.Minute), 99*time.Minute, live.Draining
	later.Nodes[0].RowsIn = 777_777
	s.send(tickMsg(later.At), snapshotMsg(later), eventsMsg{{Level: live.Info, Text: "came while frozen"}})
	s.shows("FROZEN 01:00")
	s.shows("DRAINING 01:39:00")
	s.hides("777,777")
	s.hides("came while frozen")
	s.press(" ")
	s.hides("FROZEN")
	s.shows("777,777")
	s.shows("came while frozen")
}

func TestCopy(t *testing.T) {
	for _, c := range []struct{ pane, want, said string }{
		{"1", "the busiest is enrich", "copied the verdict"},
		{"2", "window_start\tcountry\tn\ttotal\n2026-03-01T12:00:00Z\tDE\t0\t0.00\n", "copied 200 rows"},
		{"3", "root\n |-- window_start: timestamp (nullable = true)\n", "copied the schema"},
		{"4", "WARN  clean: ", "copied the lines in view"},
	} {
		var terminal bytes.Buffer
		s := newScreen(t, Options{Output: &terminal}, 120, 36).watch(orders(), ordersRunning(), ordersRows())
		s.press(c.pane)
		runCmd(s.m.keys(keyMsg("y")))
		s.shows(c.said)
		encoded, ok := strings.CutPrefix(terminal.String(), "\x1b]52;c;")
		text, err := base64.StdEncoding.DecodeString(strings.TrimRight(encoded, "\a"))
		if !ok || err != nil || !strings.Contains(string(text), c.want) {
			t.Errorf("pane %s: copied %q (%v), want %q in it", c.pane, text, err, c.want)
		}
	}
	s := ordersScreen(t, 120, 36)
	s.press("h", "2", "y")
	s.shows("nothing to copy")
}

func runCmd(cmd tea.Cmd) {
	if cmd != nil {
		cmd()
	}
}

func TestFind(t *testing.T) {
	s := ordersScreen(t, 120, 36)
	s.press("/", "f", "i", "l", "e")
	s.shows("3 matches")
	s.press("enter")
	first := s.selected()
	s.press("n")
	second := s.selected()
	s.press("N")
	if s.selected() != first || first == second || !slices.Contains([]string{"lake", "bad", "customers"}, first) {
		t.Errorf("found %s, then %s, then %s", first, second, s.selected())
	}
	s.press("esc", "/", "z", "z", "enter")
	s.shows("no match for zz")

	s.press("esc", "4", "/", "!", "c", "l", "e", "a", "n", "enter")
	s.shows("/12:13:53")
	s.hides("/12:13:57")
}

func TestCommands(t *testing.T) {
	s := ordersScreen(t, 120, 36)
	s.press(":", "n", "tab")
	s.shows(":node ▏")
	s.press("c", "tab", "tab")
	s.shows(":node customers▏")
	s.press("enter")
	if s.selected() != "customers" {
		t.Errorf("selected %s", s.selected())
	}
	s.press(":", "n", "o", "d", "e", " ", "x", "enter")
	s.shows("no node is called x")
	s.press(":", "z", "enter")
	s.shows("no command is called z")
	s.press(":", "t", "h", " ", "c", "l", "e", "a", "r", "enter")
	if got := s.m.painter.Palette().Name; got != "clear" {
		t.Errorf("theme %s", got)
	}
	s.press(":", "o", "u", "t", "enter")
	if s.m.focus != outputPane {
		t.Errorf("pane %d has the keys", s.m.focus)
	}
	s.press(":", "esc", "q")
	s.shows("drain and quit")
}

func TestHelpListsEveryKeyAndSaysWhyNot(t *testing.T) {
	s := newScreen(t, Options{}, 200, 60).watch(socketConsole(), socketRunning(), socketRows())
	s.press("?")
	for _, b := range bindings() {
		s.shows(b.shown() + "  " + b.text)
		if why := b.reason(s.m); why != "" {
			s.shows("(" + why + ")")
		}
	}
	s.shows("next match, match before (/ finds first)")
	s.press("?")
	s.hides("next match")
	s.press("n")
	s.shows("n N: / finds first")
}

func TestKeysAreBoundOnce(t *testing.T) {
	seen := map[string]string{}
	for _, b := range bindings() {
		for _, k := range b.keys {
			if other, ok := seen[k]; ok {
				t.Errorf("%s does both %q and %q", k, other, b.text)
			}
			seen[k] = b.text
		}
	}
}

// commandsOf runs a command, and the ones inside of it, against a fake run.
func (s *screen) commandsOf(cmd tea.Cmd) (quit bool) {
	if cmd == nil {
		return false
	}
	switch msg := cmd().(type) {
	case tea.QuitMsg:
		return true
	case tea.BatchMsg:
		for _, c := range msg {
			quit = s.commandsOf(c) || quit
		}
	case nil:
	default:
		if fmtType(msg) == "tea.sequenceMsg" {
			for _, c := range sequence(msg) {
				quit = s.commandsOf(c) || quit
			}
		}
	}
	return quit
}

func steered(t testing.TB) (*screen, *fakeRun) {
	s := ordersScreen(t, 120, 36)
	run := newFakeRun(orders(), ordersRunning(), ordersRows())
	s.m.feed.run = run
	return s, run
}

func TestQuitAsksDrainsAndLeaves(t *testing.T) {
	s, run := steered(t)
	s.commandsOf(s.press("q"))
	s.shows("drain and quit")
	s.commandsOf(s.press("n"))
	s.hides("drain and quit")
	if run.given() != "" {
		t.Fatalf("commands %s before yes", run.given())
	}
	if s.commandsOf(s.press("q", "y")) {
		t.Fatal("left before the run had ended")
	}
	if run.given() != "drain" {
		t.Fatalf("commands %q", run.given())
	}
	if !s.commandsOf(s.send(snapshotMsg(run.snapshot))) {
		t.Error("did not leave when the run had ended")
	}
	if s.m.interrupted != nil {
		t.Error("that was no interruption")
	}
}

func TestQuitAfterTheEndLeavesAtOnce(t *testing.T) {
	s, run := steered(t)
	at := ordersRunning()
	at.State, at.Error = live.Failed, "disk full"
	if s.commandsOf(s.send(snapshotMsg(at))) {
		t.Fatal("left by itself")
	}
	s.shows("FAILED")
	s.shows("disk full")
	if !s.commandsOf(s.press("q")) || run.given() != "" {
		t.Errorf("did not leave at once; commands %q", run.given())
	}
}

func TestInterruptDrainsThenEndsAtOnce(t *testing.T) {
	s, run := steered(t)
	if s.commandsOf(s.press("ctrl+c")) || run.given() != "drain" || s.m.question != nil {
		t.Fatalf("the first one: commands %q", run.given())
	}
	if !s.commandsOf(s.press("ctrl+c")) || run.given() != "drain stop" {
		t.Fatalf("the second one: commands %q", run.given())
	}
	if s.m.interrupted != os.Interrupt {
		t.Errorf("interrupted by %v", s.m.interrupted)
	}
}

func TestInterruptGoesThroughQuestionsAndPrompts(t *testing.T) {
	for _, key := range []string{"x", ":", "/", "?"} {
		s, run := steered(t)
		s.press(key)
		s.commandsOf(s.press("ctrl+c"))
		if run.given() != "drain" {
			t.Errorf("behind %s: commands %q", key, run.given())
		}
	}
}

func TestKeysTypedFastAreAllTaken(t *testing.T) {
	s, run := steered(t)
	s.commandsOf(s.send(tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune("hhxy")}))
	if s.selected() != "clean" || run.given() != "drain" {
		t.Errorf("selected %s, commands %q", s.selected(), run.given())
	}
}

func TestPauseAndStopAsk(t *testing.T) {
	s, run := steered(t)
	s.commandsOf(s.press("p"))
	s.shows("senders wait")
	s.commandsOf(s.press("y"))
	at := ordersRunning()
	at.State = live.Paused
	s.send(snapshotMsg(at))
	s.shows("PAUSED")
	s.shows("p resume")
	s.commandsOf(s.press("p"))
	s.commandsOf(s.press("x"))
	s.shows("The dashboard stays")
	if s.commandsOf(s.press("y")) {
		t.Error("stop left the dashboard")
	}
	if got := run.given(); got != "pause resume drain" {
		t.Errorf("commands %q", got)
	}
	at.State = live.Finished
	if s.commandsOf(s.send(snapshotMsg(at))) {
		t.Error("left by itself after a stop")
	}
	s.press("p")
	s.shows("p: the run has ended")
}

func TestTooSmallStillQuits(t *testing.T) {
	s, run := steered(t)
	s.send(tea.WindowSizeMsg{Width: 39, Height: 9})
	s.shows("needs 40x10, has 39x9")
	s.press("q")
	s.shows("drain and quit")
	s.commandsOf(s.press("y"))
	if run.given() != "drain" {
		t.Errorf("commands %q", run.given())
	}
}

func TestLeaveWhenEnded(t *testing.T) {
	s := newScreen(t, Options{LeaveWhenEnded: true}, 80, 24).watch(orders(), ordersRunning(), ordersRows())
	at := ordersRunning()
	at.State = live.Finished
	if !s.commandsOf(s.send(snapshotMsg(at))) {
		t.Error("did not leave")
	}
}

func TestLostRunSaysSo(t *testing.T) {
	s := ordersScreen(t, 80, 24)
	s.send(snapshotsEndMsg{})
	s.shows("LOST")
	if !s.commandsOf(s.press("q")) {
		t.Error("there is nothing to drain")
	}
}

func TestPeeksOnlyForWhatIsShown(t *testing.T) {
	s := ordersScreen(t, 60, 16)
	if s.m.peek() != nil {
		t.Error("peeked though the batch pane is not shown")
	}
	s.press("2")
	if !s.m.peeking {
		t.Fatal("did not peek for the pane that is shown")
	}
	if s.m.peek() != nil {
		t.Error("asked again before the answer came")
	}
	p := ordersRows()
	s.send(previewMsg{edge: p.Edge, preview: p})
	s.press(" ")
	if s.m.peek() != nil {
		t.Error("peeked while frozen")
	}
}

func TestLooksOnceMoreAfterTheEnd(t *testing.T) {
	s := ordersScreen(t, 200, 50)
	p := ordersRows()
	at := ordersRunning()
	at.State = live.Finished
	s.send(snapshotMsg(at), tickMsg(at.At))
	if !s.m.peeking {
		t.Fatal("the last rows are never seen")
	}
	p.Batches[0].Number = 999_999
	s.send(previewMsg{edge: p.Edge, preview: p})
	s.shows("999,999")
	if s.m.peek() != nil {
		t.Error("still asks though nothing can come")
	}
}
