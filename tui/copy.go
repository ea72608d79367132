package tui

import (
	"io"

	"flowrun/tui/pane"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/x/ansi"
)

// copiedMost is how many bytes are copied at most: terminals drop a longer sequence as a whole.
const copiedMost = 64 << 10

// copy puts what the pane that has the keys shows on the clipboard of the terminal.
func (m *model) copy(string) tea.Cmd {
	text, what := m.copied()
	if text == "" {
		m.say("y: there is nothing to copy here")
		return nil
	}
	if len(text) > copiedMost {
		m.say("y: that is more than terminals copy")
		return nil
	}
	m.say("copied " + what + ", if the terminal allows it")
	return toClipboard(m.options.Output, text)
}

// copied is the text of the pane that has the keys, and what that is.
func (m *model) copied() (text, what string) {
	s := m.sceneOf(m.focus)
	switch m.focus {
	case batchPane:
		return m.batch.Text()
	case schemaPane:
		return pane.SchemaText(&s), "the schema"
	case logPane:
		return m.log.Text(), "the lines in view"
	case outputPane:
		return m.output.Text(), "the lines in view"
	}
	return m.scene.Verdict.Text, "the verdict"
}

// toClipboard asks the terminal, wherever it is, to put a text on its clipboard (OSC 52). It does not answer.
func toClipboard(out io.Writer, text string) tea.Cmd {
	return func() tea.Msg {
		_, _ = io.WriteString(out, ansi.SetSystemClipboard(text))
		return nil
	}
}
