package tui

import (
	"os"

	"flowrun/tui/pane"
	"flowrun/tui/widget"

	tea "github.com/charmbracelet/bubbletea"
)

// keys takes key presses. Bubble Tea puts what is typed fast into one message.
func (m *model) keys(k tea.KeyMsg) tea.Cmd {
	if k.Type != tea.KeyRunes || len(k.Runes) < 2 || k.Paste {
		return m.key(k)
	}
	cmds := make([]tea.Cmd, len(k.Runes))
	for i, r := range k.Runes {
		cmds[i] = m.key(tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune{r}, Alt: k.Alt})
	}
	return tea.Sequence(cmds...)
}

// key takes one key press: what lies on top gets it first.
func (m *model) key(k tea.KeyMsg) tea.Cmd {
	name := k.String()
	if name == "ctrl+c" {
		return m.interrupt(os.Interrupt)
	}
	if name == "ctrl+z" {
		return tea.Suspend
	}
	switch {
	case m.question != nil:
		return m.answer(name)
	case m.prompt != nil:
		return m.typed(k)
	case m.layout.size == tooSmall:
		if name == "q" {
			return m.askQuit()
		}
		return nil
	case m.helping:
		switch name {
		case "esc", "?", "q", "enter":
			m.helping = false
		default:
			m.help.Key(name)
		}
		return nil
	}
	if k.Paste {
		return nil
	}
	b, ok := bound(name)
	if !ok {
		return nil
	}
	if why := b.reason(m); why != "" {
		m.say(b.shown() + ": " + why)
		return nil
	}
	m.notice = ""
	return b.do(m, name)
}

func (m *model) answer(key string) tea.Cmd {
	q := m.question
	switch key {
	case "y", "Y", "enter":
		m.question = nil
		return q.yes(m)
	case "n", "N", "esc", "q":
		m.question = nil
	}
	return nil
}

// move passes a key to the pane that has the keys.
func (m *model) move(key string) tea.Cmd {
	s := m.sceneOf(m.focus)
	switch m.focus {
	case graphPane:
		if n := m.graph.Key(key, &s); n != m.scene.Selected {
			return m.choose(n, 0)
		}
	case batchPane:
		m.batch.Key(key)
	case schemaPane:
		m.schema.Key(key, &s)
	case logPane:
		m.log.Key(key)
	case outputPane:
		m.output.Key(key)
	}
	return nil
}

var paneOrder = []paneID{graphPane, batchPane, schemaPane, logPane, outputPane}

func (m *model) cycle(key string) tea.Cmd {
	step := 1
	if key == "shift+tab" {
		step = len(paneOrder) - 1
	}
	m.goTo(paneOrder[(int(m.focus)-1+step)%len(paneOrder)])
	return m.peek()
}

func (m *model) digit(key string) tea.Cmd {
	m.goTo(paneID(key[0] - '0'))
	return m.peek()
}

func (m *model) rows(key string) tea.Cmd {
	m.batch.Key(key)
	return m.peek()
}

func (m *model) wrap(key string) tea.Cmd {
	if m.focus == outputPane {
		m.output.Key(key)
	} else {
		m.log.Key(key)
	}
	return nil
}

func (m *model) nextError(string) tea.Cmd {
	m.goTo(logPane)
	m.log.NextError()
	return nil
}

func (m *model) nextMatch(key string) tea.Cmd {
	step := 1
	if key == "N" {
		step = -1
	}
	return m.seek(step)
}

// seek goes to the next match in the pane that is searched.
func (m *model) seek(step int) tea.Cmd {
	m.focus = m.findIn
	s := m.sceneOf(m.findIn)
	found := true
	switch m.findIn {
	case graphPane:
		n := m.graph.Match(&s, step)
		if found = n >= 0; found && n != m.scene.Selected {
			return m.choose(n, 0)
		}
	case batchPane:
		found = m.batch.Match(&s, step)
	case schemaPane:
		found = m.schema.Match(&s, step)
	case logPane:
		found = m.log.Match(&s, step)
	case outputPane:
		found = m.output.Match(&s, step)
	}
	if !found {
		m.say("no match for " + m.find.String())
	}
	return nil
}

// matches says how many matches there are in the pane that is searched.
func (m *model) matches() string {
	s, n := m.sceneOf(m.findIn), 0
	switch m.findIn {
	case graphPane:
		n = m.graph.Matches(&s)
	case batchPane:
		n = m.batch.Matches(&s)
	case schemaPane:
		n = m.schema.Matches(&s)
	case logPane:
		n = m.log.Matches(&s)
	case outputPane:
		n = m.output.Matches(&s)
	}
	if n == 1 {
		return "1 match"
	}
	return widget.Count(uint64(n)) + " matches"
}

// sceneOf is the scene as one pane sees it.
func (m *model) sceneOf(p paneID) pane.Scene {
	s := m.scene
	s.Focused = p == m.focus
	if m.findIn == p {
		s.Find = m.find
	}
	return s
}
