package main

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"

	"flowrun/dag/job/programtest"
)

// screen is a terminal that tmux holds, with one program in it.
type screen struct {
	t             *testing.T
	socket        string
	width, height int
}

// open starts a shell command in a terminal of the given size.
func open(t *testing.T, width, height int, command string) *screen {
	t.Helper()
	need(t, "tmux")
	s := &screen{t: t, socket: filepath.Join(t.TempDir(), "tmux"), width: width, height: height}
	// The command's exit code is left on the screen, and the terminal stays to be read.
	s.tmux("-f", "/dev/null", "new-session", "-d", "-x", fmt.Sprint(width), "-y", fmt.Sprint(height),
		"cd ../.. && "+command+`; echo "exit code $?"; exec sleep 60`)
	t.Cleanup(func() { s.tmux("kill-server") })
	return s
}

func (s *screen) tmux(args ...string) string {
	s.t.Helper()
	out, err := exec.Command("tmux", append([]string{"-S", s.socket}, args...)...).CombinedOutput()
	if err != nil {
		s.t.Fatalf("tmux %v: %v\n%s", args, err, out)
	}
	return string(out)
}

func (s *screen) text() string { return s.tmux("capture-pane", "-p") }

func (s *screen) keys(keys ...string) { s.tmux(append([]string{"send-keys"}, keys...)...) }

// has waits until the screen shows each of the texts.
func (s *screen) has(texts ...string) {
	s.t.Helper()
	for _, text := range texts {
		programtest.Until(s.t, text, s.text, func() bool { return strings.Contains(s.text(), text) })
	}
}

// lacks waits until the screen does not show the text.
func (s *screen) lacks(text string) {
	s.t.Helper()
	programtest.Until(s.t, "a screen without "+text, s.text, func() bool { return !strings.Contains(s.text(), text) })
}

// fits checks that the frame fills the terminal and no line is wider than it.
func (s *screen) fits() {
	s.t.Helper()
	lines := strings.Split(strings.TrimRight(s.text(), "\n"), "\n")
	if len(lines) > s.height {
		s.t.Errorf("%d lines on %d", len(lines), s.height)
	}
	for _, l := range lines {
		if w := ansi.StringWidth(l); w > s.width {
			s.t.Errorf("a line of %d cells on %d: %q", w, s.width, l)
		}
	}
}

// TestDashboard drives the dashboard as a user would, at the three sizes that it is made for: data flows, keys answer,
// the end asks and leaves the shell with a clean screen and exit code 0.
func TestDashboard(t *testing.T) {
	flowrun := programtest.Path(t)
	for _, size := range []struct{ width, height int }{{120, 36}, {80, 24}, {60, 16}} {
		t.Run(fmt.Sprintf("%dx%d", size.width, size.height), func(t *testing.T) {
			s := open(t, size.width, size.height, flowrun+" --demo pipelines/socket_console.yaml")
			s.has("SocketExample", "RUNNING", "lines", "console")
			if size.height >= 24 {
				s.has("value: string", "2 batch", "3 schema")
				// A line of the sample text, whichever is on.
				programtest.Until(t, "a line of the sample", s.text, func() bool {
					return strings.Contains(s.text(), " be") || strings.Contains(s.text(), "the ")
				})
			}
			s.fits()
			s.keys("?")
			s.has("─ keys ─", "one step back")
			s.fits()
			s.keys("Escape")
			s.lacks("─ keys ─")
			s.keys("Space")
			s.has("FROZEN")
			s.keys("Space")
			s.lacks("FROZEN")
			s.keys("q")
			s.has("drain and quit")
			s.keys("y")
			s.has("account: ok", "exit code 0")
		})
	}
}

// TestDashboardWide shows a graph with branches, resizes the terminal, and ends with ctrl+c.
func TestDashboardWide(t *testing.T) {
	flowrun := programtest.Path(t)
	s := open(t, 120, 36, flowrun+" pipelines/sensors.yaml")
	s.has("Sensors", "readings", "per_device", "alerts", "RUNNING")
	s.fits()
	s.tmux("resize-window", "-x", "80", "-y", "24")
	s.width, s.height = 80, 24
	programtest.Until(t, "a frame of 80 columns", s.text, func() bool { return strings.Contains(s.text(), "? help") })
	s.fits()
	s.keys("C-c")
	s.has("account: ok", "exit code 0")
}
