package tui

import (
	"os"
	"slices"
	"time"

	"flowrun/dag/live"
	"flowrun/tui/pane"

	tea "github.com/charmbracelet/bubbletea"
)

// interrupt is ctrl+c or a signal: the first one drains and leaves, without a question; the second one ends at once.
func (m *model) interrupt(s os.Signal) tea.Cmd {
	switch {
	case m.over():
		return tea.Quit
	case m.drained:
		m.interrupted = s
		return tea.Sequence(m.feed.do(live.Stop), tea.Quit)
	}
	m.question, m.prompt = nil, nil
	m.leaving = true
	return m.drain()
}

func (m *model) drain() tea.Cmd {
	m.drained = true
	m.say("draining; ctrl+c again ends at once")
	return m.feed.do(live.Drain)
}

// over reports whether there is no run any more that could be steered.
func (m *model) over() bool { return m.latest.State.Ended() || m.lost }

func (m *model) askQuit() tea.Cmd {
	switch {
	case m.over():
		return tea.Quit
	case m.drained || m.latest.State == live.Draining:
		m.leaving = true
		m.say("leaves when everything has flowed out; ctrl+c ends at once")
		return nil
	}
	m.ask("quit", drainText+" Then flowrun exits.", "drain and quit", func(m *model) tea.Cmd {
		m.leaving = true
		return m.drain()
	})
	return nil
}

const drainText = "The sources stop reading, what was read flows out to every sink and is committed."

func (m *model) askStop() tea.Cmd {
	m.ask("stop", drainText+" The dashboard stays to show how it ended.", "stop the run", (*model).drain)
	return nil
}

func (m *model) pause() tea.Cmd {
	if m.paused() {
		return m.feed.do(live.Resume)
	}
	m.ask("pause", "The sources stop reading and everything on the way flows out; senders wait. Nothing is lost, and p resumes.",
		"pause the sources", func(m *model) tea.Cmd { return m.feed.do(live.Pause) })
	return nil
}

func (m *model) paused() bool {
	return slices.Contains([]live.State{live.Pausing, live.Paused}, m.latest.State)
}

func (m *model) ask(title, text, yes string, do func(*model) tea.Cmd) {
	m.question = &question{pane.Question{Title: title, Text: text, Yes: yes}, do}
}

// freeze holds the view still, or lets it go on; the run does not notice.
func (m *model) freeze() tea.Cmd {
	if m.frozen.IsZero() {
		m.frozen = m.now
		return nil
	}
	m.thaw()
	return m.peek()
}

func (m *model) thaw() {
	held := m.held
	m.frozen, m.held = time.Time{}, nil
	m.show()
	m.take(held)
}

// back goes one step back, whatever the last step was.
func (m *model) back() tea.Cmd {
	switch {
	case m.find.Active():
		m.find = pane.Find{}
	case m.batch.Pinned():
		m.batch.Unpin()
		return m.peek()
	case m.zoomed:
		m.zoom(false)
	case !m.frozen.IsZero():
		return m.freeze()
	case m.focus != graphPane:
		m.goTo(graphPane)
	}
	return m.peek()
}

func (m *model) goTo(p paneID) {
	m.focus = p
	if p == logPane || p == outputPane {
		m.lastly = p
	}
	m.relayout()
}

func (m *model) zoom(on bool) {
	m.zoomed = on
	m.relayout()
}
