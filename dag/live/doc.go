// Package live is what a watcher sees of a run: its [Topology], [Snapshot]s of its counters, log lines and console text
// as numbered [Event]s, the newest rows on an edge as a [Preview], and the [Command]s it can be given. All of it is plain
// data that can be written as JSON, so that a local run, a remote one and a recording look the same to the dashboard.
package live
