// Package exec runs a bound plan on this machine: [Build] makes a [Run] of it, which is also what a dashboard watches
// ([live.Run]).
//
// # The walk of a batch
//
// Each source has two goroutines: a reader that calls Read, and a runner that passes on what was read; each transform and
// each sink has one. An edge is one bounded channel. A node with several inputs reads whichever has something, so a full
// channel is the only thing that slows a writer down, back to the source, which then stops reading.
//
// # Cuts
//
// A coordinator decides by the pipeline's trigger when an epoch ends, and gives every source a barrier, which it passes on
// behind the batches it has passed on so far. A node does not read an input that has delivered its barrier until all
// have; then it ends its epoch and passes the barrier on, so that what every sink has seen at the barrier comes from the
// same prefix of every source. A source that has ended keeps passing barriers on, with its last position. The next
// barrier is cut once all sinks have told that the last one came; the sources never wait for that.
//
// When all sources have ended, or a drain has stopped them, and everything has flowed out, the last barrier passes:
// sinks prepare, and if all could, they commit, the sources are told, and everything is closed.
//
// # Memory
//
// A batch holds at most Options.BatchRows rows, made of at most about Options.BatchBytes of input (or one record that is
// larger). On an edge there are at most Options.Queue batches in the channel, one that its writer waits to send and one
// that its reader works on; a source has two more that it has read. While somebody watches, an edge also keeps its newest
// batches, 200 rows or one batch, for a quarter of a second. Nothing else is kept of a batch but what operators copy into
// their state, and text that is shown: events, at most 1 MiB, and one epoch's blocks.
package exec
