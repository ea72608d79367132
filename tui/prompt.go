package tui

import (
	"slices"
	"strings"

	"flowrun/tui/pane"
	"flowrun/tui/theme"
	"flowrun/tui/widget"

	tea "github.com/charmbracelet/bubbletea"
)

// prompt is the last line while something is typed: behind ':' a command, behind '/' what to find.
type prompt struct {
	kind   byte
	editor widget.Editor
	// completing holds what was typed when tab was pressed first; tab goes through what it can become.
	completing string
	candidate  int
}

func newPrompt(kind byte) *prompt { return &prompt{kind: kind, candidate: -1} }

// command is a word that can be typed behind ':'.
type command struct {
	name string
	arg  string // what its argument is, "" for none
	text string
	args func(*model) []string // what the argument can be
	do   func(*model, string) tea.Cmd
}

func (c command) usage() string {
	if c.arg == "" {
		return c.name
	}
	return c.name + " " + c.arg
}

// commands is the table of all commands.
func commands() []command {
	return []command{
		{name: "node", arg: "NAME", text: "select a node", args: (*model).nodeNames, do: (*model).commandNode},
		{name: "theme", arg: "NAME", text: "change the colours", args: func(*model) []string { return theme.Names() }, do: (*model).commandTheme},
		{name: "log", text: "go to the log", do: func(m *model, _ string) tea.Cmd { m.goTo(logPane); return nil }},
		{name: "output", text: "go to the output", do: func(m *model, _ string) tea.Cmd { m.goTo(outputPane); return nil }},
		{name: "pause", text: "pause the sources", do: (*model).commandPause},
		{name: "resume", text: "let the sources read again", do: (*model).commandResume},
		{name: "stop", text: "drain, commit, stay", do: (*model).commandStop},
		{name: "help", text: "all keys", do: func(m *model, _ string) tea.Cmd { m.helping = true; m.relayout(); return nil }},
		{name: "q", text: "quit", do: func(m *model, _ string) tea.Cmd { return m.askQuit() }},
	}
}

func (m *model) nodeNames() []string {
	names := make([]string, len(m.scene.Index.Nodes))
	for i, n := range m.scene.Index.Nodes {
		names[i] = n.ID
	}
	return names
}

func (m *model) commandNode(name string) tea.Cmd {
	n := m.scene.Index.Find(name)
	if n < 0 {
		m.say("no node is called " + name)
		return nil
	}
	return m.choose(n, 0)
}

func (m *model) commandTheme(name string) tea.Cmd {
	p, ok := theme.Named(name)
	if !ok {
		m.say("themes are " + strings.Join(theme.Names(), ", "))
		return nil
	}
	m.painter = m.painter.With(p)
	return nil
}

func (m *model) commandPause(string) tea.Cmd {
	if why := m.noPause(); why != "" || m.paused() {
		m.say(firstOf(why, "the run is paused already"))
		return nil
	}
	return m.pause()
}

func (m *model) commandResume(string) tea.Cmd {
	if !m.paused() {
		m.say("the run is not paused")
		return nil
	}
	return m.pause()
}

func (m *model) commandStop(string) tea.Cmd {
	if why := m.noStop(); why != "" {
		m.say(why)
		return nil
	}
	return m.askStop()
}

func firstOf(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// typed takes a key while the prompt is open.
func (m *model) typed(k tea.KeyMsg) tea.Cmd {
	p := m.prompt
	switch name := k.String(); {
	case k.Type == tea.KeySpace:
		p.editor, p.candidate = p.editor.Insert(" "), -1
	case k.Type == tea.KeyRunes && !k.Alt:
		p.editor = p.editor.Insert(string(k.Runes))
		p.candidate = -1
	case name == "esc" || name == "backspace" && p.editor.String() == "":
		m.prompt = nil
		if p.kind == '/' {
			m.find = pane.Find{}
		}
		return nil
	case name == "enter":
		m.prompt = nil
		return m.entered(p)
	case (name == "tab" || name == "shift+tab") && p.kind == ':':
		p.complete(m, name)
		return nil
	default:
		if next, ok := p.editor.Press(name); ok {
			p.editor, p.candidate = next, -1
		}
	}
	if p.kind == '/' {
		m.find, m.findIn = pane.NewFind(p.editor.String()), m.focus
	}
	return nil
}

func (m *model) entered(p *prompt) tea.Cmd {
	text := strings.TrimSpace(p.editor.String())
	if p.kind == '/' {
		m.find, m.findIn = pane.NewFind(p.editor.String()), m.focus
		if m.find.Active() {
			return m.seek(1)
		}
		return nil
	}
	if text == "" {
		return nil
	}
	name, arg, _ := strings.Cut(text, " ")
	all := commands()
	i := slices.IndexFunc(all, func(c command) bool { return c.name == name })
	if i < 0 { // a beginning that only one command has will do
		var fit []int
		for k, c := range all {
			if strings.HasPrefix(c.name, name) {
				fit = append(fit, k)
			}
		}
		if len(fit) != 1 {
			m.say("no command is called " + name + "; ? lists them")
			return nil
		}
		i = fit[0]
	}
	return all[i].do(m, strings.TrimSpace(arg))
}

// complete replaces what was typed by the next of what it can become.
func (p *prompt) complete(m *model, key string) {
	if p.candidate < 0 {
		p.completing = p.editor.String()
	}
	all := candidates(m, p.completing)
	if len(all) == 0 {
		return
	}
	if key == "tab" {
		p.candidate = (p.candidate + 1) % len(all)
	} else {
		p.candidate = (max(p.candidate, 0) + len(all) - 1) % len(all)
	}
	p.editor = widget.NewEditor(all[p.candidate])
}

// candidates are the whole lines that a command can become.
func candidates(m *model, typed string) []string {
	name, arg, hasArg := strings.Cut(typed, " ")
	var all []string
	for _, c := range commands() {
		switch {
		case !hasArg && strings.HasPrefix(c.name, name):
			if c.arg != "" {
				all = append(all, c.name+" ")
			} else {
				all = append(all, c.name)
			}
		case hasArg && c.name == name && c.args != nil:
			for _, a := range c.args(m) {
				if strings.HasPrefix(a, arg) {
					all = append(all, c.name+" "+a)
				}
			}
		}
	}
	return all
}

// view draws the prompt.
func (p *prompt) view(a widget.Area, m *model) {
	g := m.scene.Glyphs
	x := a.Text(0, 0, " "+string(p.kind), theme.Strong(theme.Accent))
	x += a.Text(x, 0, p.editor.Before(), theme.Style{})
	x += a.Text(x, 0, g.Caret, theme.In(theme.Accent))
	x += a.Text(x, 0, p.editor.Behind(), theme.Style{})
	muted := theme.In(theme.Muted)
	if p.kind == '/' {
		if m.find.Active() {
			a.Right(a.W-1, 0, m.matches()+"  enter goes there, esc forgets", muted)
		}
		return
	}
	typed := p.editor.String()
	if p.candidate >= 0 {
		typed = p.completing
	}
	x += 2
	for i, c := range candidates(m, typed) {
		style := muted
		if i == p.candidate {
			style = theme.Strong(theme.Accent)
		}
		x += a.Text(x, 0, strings.TrimSpace(c), style) + 2
	}
}
