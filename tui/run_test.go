package tui

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"flowrun/dag/live"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/x/exp/teatest"
	"github.com/muesli/termenv"
	"go.uber.org/goleak"
)

const patience = 20 * time.Second

// started is a dashboard that runs in a terminal of the test's own.
func started(t *testing.T, o Options, run *fakeRun, w, h int) *teatest.TestModel {
	ctx, stop := context.WithCancel(context.Background())
	t.Cleanup(stop)
	return teatest.NewTestModel(t, newModel(feed{ctx, run}, o, painterFor(termenv.Ascii, "calm", true)), teatest.WithInitialTermSize(w, h))
}

func waitFor(t *testing.T, tm *teatest.TestModel, texts ...string) {
	t.Helper()
	teatest.WaitFor(t, tm.Output(), func(b []byte) bool {
		for _, text := range texts {
			if !bytes.Contains(b, []byte(text)) {
				return false
			}
		}
		return true
	}, teatest.WithDuration(patience), teatest.WithCheckInterval(10*time.Millisecond))
}

func final(t *testing.T, tm *teatest.TestModel) *model {
	t.Helper()
	return tm.FinalModel(t, teatest.WithFinalTimeout(patience)).(*model)
}

func press(tm *teatest.TestModel, keys ...string) {
	for _, k := range keys {
		tm.Send(keyMsg(k))
	}
}

func TestRunShowsTheRun(t *testing.T) {
	run := newFakeRun(socketConsole(), socketRunning(), socketRows())
	tm := started(t, Options{}, run, 120, 36)
	waitFor(t, tm, "SocketExample", "RUNNING", "to be or not to be", "connected to localhost:1100")
	press(tm, "ctrl+c")
	if m := final(t, tm); m.interrupted != nil || m.latest.State != live.Finished {
		t.Errorf("left with %v in state %s", m.interrupted, m.latest.State)
	}
}

func TestRunSelectsAndZooms(t *testing.T) {
	run := newFakeRun(orders(), ordersRunning(), ordersRows())
	tm := started(t, Options{}, run, 120, 36)
	waitFor(t, tm, "12:00:00Z", "per_minute")
	press(tm, "h", "2", "enter", "q", "y")
	m := final(t, tm)
	if m.scene.Look().From != "enrich" || !m.zoomed || m.focus != batchPane {
		t.Errorf("looking at %s, zoomed %v, pane %d", m.scene.Look().From, m.zoomed, m.focus)
	}
	if run.given() != "drain" {
		t.Errorf("commands %q", run.given())
	}
}

func TestRunStaysAfterTheEnd(t *testing.T) {
	run := newFakeRun(orders(), ordersRunning(), ordersRows())
	tm := started(t, Options{}, run, 80, 24)
	waitFor(t, tm, "RUNNING")
	run.become(live.Failed, "disk full")
	waitFor(t, tm, "FAILED", "disk full")
	press(tm, "q")
	if m := final(t, tm); m.latest.Error != "disk full" || run.given() != "" {
		t.Errorf("error %q, commands %q", m.latest.Error, run.given())
	}
}

func TestRunLeavesByItself(t *testing.T) {
	run := newFakeRun(orders(), ordersRunning(), ordersRows())
	tm := started(t, Options{LeaveWhenEnded: true}, run, 80, 24)
	waitFor(t, tm, "RUNNING")
	run.become(live.Finished, "")
	if m := final(t, tm); m.latest.State != live.Finished {
		t.Errorf("left in state %s", m.latest.State)
	}
}

func TestRunTakesSignals(t *testing.T) {
	signals := make(chan os.Signal)
	run := &stubborn{newFakeRun(socketConsole(), socketRunning(), socketRows())}
	ctx, stop := context.WithCancel(context.Background())
	t.Cleanup(stop)
	tm := teatest.NewTestModel(t, newModel(feed{ctx, run}, Options{Signals: signals}, painterFor(termenv.Ascii, "calm", true)), teatest.WithInitialTermSize(80, 24))
	waitFor(t, tm, "RUNNING")
	signals <- os.Interrupt
	waitFor(t, tm, "ctrl+c again ends at once")
	signals <- os.Interrupt
	if m := final(t, tm); m.interrupted != os.Interrupt || run.given() != "drain stop" {
		t.Errorf("interrupted by %v, commands %q", m.interrupted, run.given())
	}
}

// stubborn is a run that does not end when it is drained.
type stubborn struct{ *fakeRun }

func (s *stubborn) Do(_ context.Context, c live.Command) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.commands = append(s.commands, c)
	return nil
}

func TestRunReturns(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent(),
		goleak.IgnoreAnyFunction("github.com/charmbracelet/bubbletea.Tick.func1")) // ends with its quarter of a second
	t.Run("when the user quits", func(t *testing.T) {
		run := newFakeRun(orders(), ordersRunning(), ordersRows())
		keys, typing := io.Pipe()
		defer typing.Close()
		screen := &watched{text: "RUNNING", seen: make(chan struct{})}
		go func() {
			<-screen.seen
			_, _ = typing.Write([]byte("\x03"))
		}()
		result, err := Run(t.Context(), run, Options{Input: keys, Output: screen})
		if err != nil || result.Interrupted != nil || run.given() != "drain" {
			t.Errorf("result %v, error %v, commands %q", result, err, run.given())
		}
		if out := screen.String(); !strings.HasSuffix(strings.TrimSpace(out[:strings.LastIndex(out, "\x1b[?1049l")+len("\x1b[?1049l")]), "\x1b[?1049l") || !strings.Contains(out, "\x1b[?25h") {
			t.Errorf("the terminal is not restored: %q", out[max(len(out)-200, 0):])
		}
	})
	t.Run("when its context ends", func(t *testing.T) {
		ctx, stop := context.WithCancelCause(t.Context())
		why := errors.New("enough")
		keys, typing := io.Pipe()
		defer typing.Close()
		screen := &watched{text: "RUNNING", seen: make(chan struct{})}
		go func() {
			<-screen.seen
			stop(why)
		}()
		if _, err := Run(ctx, newFakeRun(orders(), ordersRunning(), ordersRows()), Options{Input: keys, Output: screen}); !errors.Is(err, why) {
			t.Errorf("error %v", err)
		}
	})
	t.Run("when it panics", func(t *testing.T) {
		keys, typing := io.Pipe()
		defer typing.Close()
		screen := &watched{text: "\x1b[?1049l", seen: make(chan struct{})}
		_, err := Run(t.Context(), broken{newFakeRun(orders(), ordersRunning(), ordersRows())}, Options{Input: keys, Output: screen})
		if !errors.Is(err, tea.ErrProgramPanic) {
			t.Errorf("error %v", err)
		}
		select {
		case <-screen.seen:
		default:
			t.Error("the terminal is not restored")
		}
	})
	t.Run("when the theme is unknown", func(t *testing.T) {
		if _, err := Run(t.Context(), nil, Options{Theme: "loud", Output: io.Discard}); err == nil || !strings.Contains(err.Error(), "calm") {
			t.Errorf("error %v", err)
		}
	})
}

// broken is a run that panics when it is watched.
type broken struct{ *fakeRun }

func (broken) Snapshots(context.Context) (<-chan live.Snapshot, error) { panic("broken") }
