// Package tui is the dashboard: one Bubble Tea model over a [live.Run]. Update and View are pure functions of messages,
// snapshots, size and time; whatever reads the run, the clock or the terminal is a command in feed.go. The panes
// are in tui/pane, what they are made of in tui/widget, colours and characters in tui/theme.
package tui
