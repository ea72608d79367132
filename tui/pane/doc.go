// Package pane holds the panes of the dashboard: graph, batch, schema, log and output, the first line, the help and the
// questions. Each is a plain struct that is told its size and what to show, takes keys, and draws itself on an area; it
// does no input or output and never reads a clock. What they all look at is the [Scene].
package pane
