package tui

import (
	"context"
	"os"
	"time"

	"flowrun/dag/live"

	tea "github.com/charmbracelet/bubbletea"
)

// The messages that commands send.
type (
	openedMsg struct {
		topology  live.Topology
		snapshots <-chan live.Snapshot
		events    <-chan live.Event
	}
	snapshotMsg     live.Snapshot
	snapshotsEndMsg struct{}
	eventsMsg       []live.Event
	previewMsg      struct {
		edge    string
		preview live.Preview
		err     error
	}
	doneMsg struct {
		command live.Command
		err     error
	}
	failedMsg struct{ err error } // the run cannot be watched
	tickMsg   time.Time
	signalMsg struct{ signal os.Signal }
)

const (
	tickEvery   = time.Second // snapshots keep the time while they come, four times a second
	peekRows    = 200
	eventsAtOne = 256 // events that are taken together, so that a burst does not cost a frame each
)

// feed makes the commands: all input and output of the dashboard.
type feed struct {
	ctx context.Context
	run live.Run
}

func (f feed) open() tea.Msg {
	t, err := f.run.Topology(f.ctx)
	if err != nil {
		return failedMsg{err}
	}
	snapshots, err := f.run.Snapshots(f.ctx)
	if err != nil {
		return failedMsg{err}
	}
	events, err := f.run.Events(f.ctx, 0)
	if err != nil {
		return failedMsg{err}
	}
	return openedMsg{t, snapshots, events}
}

func nextSnapshot(c <-chan live.Snapshot) tea.Cmd {
	return func() tea.Msg {
		s, ok := <-c
		if !ok {
			return snapshotsEndMsg{}
		}
		return snapshotMsg(s)
	}
}

func nextEvents(c <-chan live.Event) tea.Cmd {
	return func() tea.Msg {
		e, ok := <-c
		if !ok {
			return nil
		}
		events := eventsMsg{e}
		for len(events) < eventsAtOne {
			select {
			case e, ok := <-c:
				if !ok {
					return events
				}
				events = append(events, e)
			default:
				return events
			}
		}
		return events
	}
}

func (f feed) peek(edge string) tea.Cmd {
	return func() tea.Msg {
		v, err := f.run.Peek(f.ctx, edge, peekRows)
		return previewMsg{edge, v, err}
	}
}

func (f feed) do(c live.Command) tea.Cmd {
	return func() tea.Msg { return doneMsg{c, f.run.Do(f.ctx, c)} }
}

// tick says what time it is in a while; it gives up with the dashboard.
func (f feed) tick() tea.Cmd {
	return func() tea.Msg {
		t := time.NewTimer(tickEvery)
		defer t.Stop()
		select {
		case now := <-t.C:
			return tickMsg(now)
		case <-f.ctx.Done():
			return nil
		}
	}
}

// nextSignal waits for a signal that the caller passes on; it gives up with the dashboard, since the channel is the
// caller's and may stay open.
func (f feed) nextSignal(c <-chan os.Signal) tea.Cmd {
	if c == nil {
		return nil
	}
	return func() tea.Msg {
		select {
		case s, ok := <-c:
			if ok {
				return signalMsg{s}
			}
		case <-f.ctx.Done():
		}
		return nil
	}
}
