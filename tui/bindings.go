package tui

import (
	"os"
	"slices"

	"flowrun/dag/live"
	"flowrun/tui/pane"

	tea "github.com/charmbracelet/bubbletea"
)

// binding is a key and all that is said of it: what it does, the hint in the last line and the entry in the help are
// made from this one table, so they cannot disagree.
type binding struct {
	group string
	keys  []string // Bubble Tea's names
	show  string   // how they are written; "" as the first key
	text  string
	hint  string // in the last line, "" for none
	rank  int    // of the hint: the highest goes first when there is no room
	panes []paneID
	why   func(*model) string // why it does nothing now; nil or "" when it does
	do    func(*model, string) tea.Cmd
}

const (
	groupMove = "Move"
	groupLook = "Look"
	groupRows = "Rows"
	groupLog  = "Log and output"
	groupRun  = "The run"
)

var moveKeys = []string{"left", "down", "up", "right", "h", "j", "k", "l"}

// bindings is the table of all keys.
func bindings() []binding {
	return []binding{
		{group: groupMove, keys: moveKeys, show: "arrows hjkl", text: "along edges, rows and columns", hint: "move", rank: 4, do: (*model).move},
		{group: groupMove, keys: []string{"pgup", "pgdown", "ctrl+b", "ctrl+f"}, show: "pgup pgdown", text: "a page up, a page down", why: (*model).noPages, do: (*model).move},
		{group: groupMove, keys: []string{"home", "end", "g", "G"}, show: "g G", text: "first, last", do: (*model).move},
		{group: groupMove, keys: []string{"enter"}, show: "enter", text: "zoom the pane", hint: "zoom", rank: 3, why: (*model).noZoom,
			do: func(m *model, _ string) tea.Cmd { m.zoom(!m.zoomed); return m.peek() }},
		{group: groupMove, keys: []string{"tab", "shift+tab"}, show: "tab shift-tab", text: "next pane, last pane", hint: "pane", rank: 5, do: (*model).cycle},
		{group: groupMove, keys: []string{"1", "2", "3", "4", "5"}, show: "1 - 5", text: "graph, batch, schema, log, output", do: (*model).digit},
		{group: groupMove, keys: []string{"esc"}, text: "one step back", why: (*model).noBack, do: func(m *model, _ string) tea.Cmd { return m.back() }},

		{group: groupLook, keys: []string{"/"}, text: "find; !text finds what lacks it", hint: "find", rank: 6, do: func(m *model, _ string) tea.Cmd { m.prompt = newPrompt('/'); return nil }},
		{group: groupLook, keys: []string{"n", "N"}, show: "n N", text: "next match, match before", why: (*model).noFind, do: (*model).nextMatch},
		{group: groupLook, keys: []string{":"}, text: "command", hint: "command", rank: 9, do: func(m *model, _ string) tea.Cmd { m.prompt = newPrompt(':'); return nil }},
		{group: groupLook, keys: []string{" "}, show: "space", text: "freeze the view, not the run", hint: "freeze", rank: 7, do: func(m *model, _ string) tea.Cmd { return m.freeze() }},
		{group: groupLook, keys: []string{"y"}, text: "copy the pane: rows, schema, lines", do: (*model).copy},
		{group: groupLook, keys: []string{"o"}, text: "next output (of a sink: input)", why: (*model).noOutputs,
			do: func(m *model, _ string) tea.Cmd { return m.choose(m.scene.Selected, m.scene.Choice+1) }},
		{group: groupLook, keys: []string{"?"}, text: "this help", hint: "help", rank: 2, do: func(m *model, _ string) tea.Cmd { m.helping = true; m.relayout(); return nil }},
		{group: groupLook, keys: []string{"ctrl+l"}, show: "ctrl-l", text: "draw the screen anew", do: func(*model, string) tea.Cmd { return tea.ClearScreen }},

		{group: groupRows, keys: []string{"t"}, text: "pin the rows, unpin them", hint: "pin", rank: 11, panes: []paneID{batchPane}, why: (*model).noRows, do: (*model).rows},
		{group: groupRows, keys: []string{"[", "]"}, show: "[ ]", text: "older, newer batch of the last 16", hint: "batch", rank: 12, panes: []paneID{batchPane}, why: (*model).noRows, do: (*model).rows},
		{group: groupRows, keys: []string{"s"}, text: "sort by the column: up, down, off", hint: "sort", rank: 13, panes: []paneID{batchPane}, why: (*model).noRows, do: (*model).rows},

		{group: groupLog, keys: []string{"e"}, text: "newest warning or error, older ones", why: (*model).noErrors, do: (*model).nextError},
		{group: groupLog, keys: []string{"w"}, text: "wrap long lines", hint: "wrap", rank: 12, panes: []paneID{logPane, outputPane}, why: (*model).noLog, do: (*model).wrap},

		{group: groupRun, keys: []string{"p"}, text: "pause the sources (asks), resume", hint: "pause", rank: 10, why: (*model).noPause, do: func(m *model, _ string) tea.Cmd { return m.pause() }},
		{group: groupRun, keys: []string{"x"}, text: "drain, commit, stay (asks)", hint: "stop", rank: 8, why: (*model).noStop, do: func(m *model, _ string) tea.Cmd { return m.askStop() }},
		{group: groupRun, keys: []string{"q"}, text: "drain, commit, leave (asks)", hint: "quit", rank: 1, do: func(m *model, _ string) tea.Cmd { return m.askQuit() }},
		{group: groupRun, keys: []string{"ctrl+c"}, show: "ctrl-c", text: "drain, leave; twice: end at once", do: func(m *model, _ string) tea.Cmd { return m.interrupt(os.Interrupt) }},
		{group: groupRun, keys: []string{"ctrl+z"}, show: "ctrl-z", text: "suspend dashboard and run", do: func(*model, string) tea.Cmd { return tea.Suspend }},
	}
}

// bound finds the binding of a key.
func bound(key string) (binding, bool) {
	all := bindings()
	i := slices.IndexFunc(all, func(b binding) bool { return slices.Contains(b.keys, key) })
	if i < 0 {
		return binding{}, false
	}
	return all[i], true
}

func (b binding) shown() string {
	if b.show != "" {
		return b.show
	}
	return b.keys[0]
}

func (b binding) reason(m *model) string {
	if b.why == nil {
		return ""
	}
	return b.why(m)
}

// entries is the help.
func (m *model) entries() []pane.Entry {
	var all []pane.Entry
	for _, b := range bindings() {
		all = append(all, pane.Entry{Group: b.group, Keys: b.shown(), Text: b.text, Why: b.reason(m)})
	}
	for _, c := range commands() {
		all = append(all, pane.Entry{Group: "Commands", Keys: ":" + c.usage(), Text: c.text})
	}
	return all
}

func (m *model) noPages() string {
	if m.focus == graphPane {
		return "not in the graph"
	}
	return ""
}

func (m *model) noZoom() string {
	if m.layout.size == tooSmall {
		return "the terminal is too small"
	}
	return ""
}

func (m *model) noBack() string {
	if m.find.Active() || m.batch.Pinned() || m.zoomed || !m.frozen.IsZero() || m.focus != graphPane {
		return ""
	}
	return "nowhere to go back to"
}

func (m *model) noFind() string {
	if !m.find.Active() {
		return "/ finds first"
	}
	return ""
}

func (m *model) noOutputs() string {
	if m.scene.Look().Choices < 2 {
		return "there is one"
	}
	return ""
}

func (m *model) noRows() string {
	if m.batch.Empty() {
		return "there are no rows"
	}
	if _, ok := m.layout.panes[batchPane]; !ok {
		return "2 goes to the rows"
	}
	return ""
}

func (m *model) noErrors() string {
	if m.log.Warnings+m.log.Errors == 0 {
		return "there was none"
	}
	return ""
}

func (m *model) noLog() string {
	if m.focus != logPane && m.focus != outputPane {
		return "4 and 5 go to the logs"
	}
	return ""
}

func (m *model) noPause() string {
	if m.over() {
		return "the run has ended"
	}
	if m.drained || m.latest.State == live.Draining {
		return "the run is draining"
	}
	if !m.opened {
		return "the run is starting"
	}
	return ""
}

func (m *model) noStop() string { return m.noPause() }
