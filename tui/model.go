package tui

import (
	"os"
	"time"

	"flowrun/dag/live"
	"flowrun/tui/pane"
	"flowrun/tui/theme"

	tea "github.com/charmbracelet/bubbletea"
)

// model is the state of the dashboard.
type model struct {
	feed    feed
	options Options
	painter *theme.Painter
	asks    bool // the terminal is asked for its background

	width, height int
	layout        layout
	now           time.Time

	scene   pane.Scene    // what is shown
	latest  live.Snapshot // what is; they differ while the view is frozen
	frozen  time.Time     // since when; zero: it is not
	held    []live.Event  // that came while frozen
	opened  bool          // the topology is known
	lost    bool          // no more snapshots, though the run has not ended
	failure string        // why the run cannot be watched

	snapshots <-chan live.Snapshot
	events    <-chan live.Event
	peeking   bool // a peek is under way
	settled   bool // the rows were looked at after the run had ended: no newer ones will come

	focus  paneID
	lastly paneID // the log that was looked at last
	zoomed bool

	graph  pane.Graph
	batch  pane.Batch
	schema pane.Schema
	log    pane.Log
	output pane.Log
	help   pane.Help

	helping  bool
	question *question
	prompt   *prompt
	find     pane.Find
	findIn   paneID

	notice      string // said in the last line for a moment
	noticeUntil time.Time

	drained     bool      // a drain was asked for
	leaving     bool      // the dashboard goes when the run has ended
	interrupted os.Signal // the signal that ended the run at once
}

// question is a pane.Question with what yes does.
type question struct {
	pane.Question
	yes func(*model) tea.Cmd
}

func newModel(f feed, o Options, p *theme.Painter) *model {
	glyphs := theme.Unicode
	if o.ASCII {
		glyphs = theme.ASCII
	}
	m := &model{feed: f, options: o, painter: p, scene: pane.NewScene(glyphs), focus: graphPane, lastly: logPane,
		batch: pane.NewBatch(), leaving: o.LeaveWhenEnded}
	m.latest.State = live.Starting
	m.scene.Snapshot = m.latest
	return m
}

// Init starts watching.
func (m *model) Init() tea.Cmd {
	cmds := []tea.Cmd{m.feed.open, m.feed.tick(), m.feed.nextSignal(m.options.Signals)}
	if m.asks {
		cmds = append(cmds, ask(m.options.Output))
	}
	return tea.Batch(cmds...)
}

// Update takes a message and says what to do next.
func (m *model) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		m.resize(msg.Width, msg.Height)
	case tea.KeyMsg:
		return m, m.keys(msg)
	case signalMsg:
		return m, tea.Batch(m.interrupt(msg.signal), m.feed.nextSignal(m.options.Signals))
	case tickMsg:
		m.now = time.Time(msg)
		if m.frozen.IsZero() {
			m.scene.Now = m.now
		}
		return m, tea.Batch(m.feed.tick(), m.peek())
	case backgroundMsg:
		m.painter = m.painter.On(msg.dark)
	case openedMsg:
		return m, m.open(msg)
	case failedMsg:
		m.failure, m.lost = msg.err.Error(), true
		if m.leaving {
			return m, tea.Quit
		}
	case snapshotMsg:
		return m, m.snapshot(live.Snapshot(msg))
	case snapshotsEndMsg:
		m.lost = !m.latest.State.Ended()
		if m.leaving {
			return m, tea.Quit
		}
	case eventsMsg:
		m.take(msg)
		return m, nextEvents(m.events)
	case previewMsg:
		m.preview(msg)
	case doneMsg:
		if msg.err != nil {
			m.say(string(msg.command) + ": " + msg.err.Error())
		}
	}
	return m, nil
}

func (m *model) resize(w, h int) {
	m.width, m.height = w, h
	if w <= 0 || h <= 0 { // a terminal that does not know
		m.width, m.height = mediumWidth, mediumHeight
	}
	m.relayout()
}

func (m *model) open(msg openedMsg) tea.Cmd {
	m.opened = true
	m.scene.Index = pane.NewIndex(msg.topology)
	m.scene.Selected = m.scene.Index.Start()
	m.snapshots, m.events = msg.snapshots, msg.events
	m.graph.SetIndex(m.scene.Index)
	m.relayout()
	return tea.Batch(nextSnapshot(m.snapshots), nextEvents(m.events), m.peek())
}

func (m *model) snapshot(s live.Snapshot) tea.Cmd {
	m.latest = s
	if s.At.After(m.now) {
		m.now = s.At
	}
	if m.frozen.IsZero() {
		m.show()
	}
	if s.State.Ended() && m.leaving {
		return tea.Quit
	}
	return tea.Batch(nextSnapshot(m.snapshots), m.peek())
}

// show brings what is shown up to what is.
func (m *model) show() {
	before := pane.VerdictLines(m.scene.Verdict, m.width)
	m.scene.Snapshot, m.scene.Now = m.latest, m.now
	m.scene.Verdict = live.Judge(m.scene.Index.Topology, m.latest)
	if pane.VerdictLines(m.scene.Verdict, m.width) != before {
		m.relayout()
	}
}

func (m *model) take(events []live.Event) {
	if !m.frozen.IsZero() {
		m.held = append(m.held, events...)
		m.held = m.held[max(len(m.held)-heldMost, 0):]
		return
	}
	for _, e := range events {
		if e.Level == live.Output {
			m.output.Add(e)
		} else {
			m.log.Add(e)
		}
	}
}

// heldMost is how many events are held while the view is frozen; what is older would scroll out anyway.
const heldMost = 10_000

// peek asks for the newest rows if a pane shows them and none were asked for already.
func (m *model) peek() tea.Cmd {
	look := m.scene.Look()
	_, visible := m.layout.panes[batchPane]
	if !m.opened || m.peeking || !visible || look.Edge == "" || m.batch.Pinned() {
		return nil
	}
	if !m.batch.Empty() && (!m.frozen.IsZero() || m.settled) {
		return nil
	}
	m.peeking, m.settled = true, m.latest.State.Ended()
	return m.feed.peek(look.Edge)
}

func (m *model) preview(msg previewMsg) {
	m.peeking = false
	if msg.err != nil || msg.edge != m.scene.Look().Edge || len(msg.preview.Batches) == 0 {
		return
	}
	m.batch.SetPreview(msg.preview)
}

// choose selects a node and one of its outputs, and shows them in the panes that follow the selection.
func (m *model) choose(node, choice int) tea.Cmd {
	if node < 0 || node == m.scene.Selected && choice == m.scene.Choice {
		return nil
	}
	before := m.scene.Look().Edge
	m.scene.Selected, m.scene.Choice = node, choice
	if m.scene.Look().Edge != before || before == "" {
		m.batch.Reset()
	}
	m.schema.Reset()
	m.relayout()
	return m.peek()
}

func (m *model) say(text string) {
	m.notice, m.noticeUntil = text, m.now.Add(4*time.Second)
}

func (m *model) relayout() {
	if m.width == 0 {
		return
	}
	m.layout = arrange(m.width, m.height, wishes{
		focus: m.focus, log: m.lastly, zoomed: m.zoomed, schema: pane.SchemaWidth(&m.scene), short: pane.SchemaShort(&m.scene),
		graph: func(w, limit int, boxes bool) int {
			return pane.GraphLines(m.scene.Index, w, limit, pane.VerdictLines(m.scene.Verdict, w), boxes)
		},
	})
	for id, r := range m.layout.panes {
		switch id {
		case graphPane:
			m.graph.SetSize(r.w, r.h, pane.VerdictLines(m.scene.Verdict, r.w), m.layout.boxes, m.zoomed)
		case batchPane:
			m.batch.SetSize(r.w, r.h)
		case schemaPane:
			m.schema.SetSize(r.w, r.h)
		case logPane:
			m.log.SetSize(r.w, r.h)
		case outputPane:
			m.output.SetSize(r.w, r.h)
		}
	}
	m.help.SetSize(m.layout.body.w, m.layout.body.h, m.entries())
}
