// Package exec runs a bound plan on this machine: [Build] makes a [Run] of it, which is also what a dashboard watches
// ([live.Run]).
//
// # The walk of a batch
//
// Each source has two goroutines: a reader that calls Read, and a runner that passes on what was read; each transform and
// each sink has one. An edge is one bounded channel. A node with several inputs reads whichever has something, so a full
// channel is the only thing that slows a writer down, back to the source, which then stops reading.
//
// # Chains
//
// A node that is chained (plan.Node.Chained) has no goroutine and its edge no channel: whoever writes to the edge calls it
// and goes on when it is done. For everybody else it is a node like any other: its rows, fates and rejects are counted, its
// failures carry its name, watermarks and barriers pass through it, a limit in a chain closes what feeds it. One node of a
// chain works at a time, so its time is counted for that one: while a node calls another it is neither busy nor blocked.
// What is chained to a source runs in the source's runner, beside its reader.
//
// # Lanes
//
// A transform with plan.Node.Parallelism runs in several lanes (lane.go): as many goroutines, each with an operator of its
// own, and what is chained to the node with the same lanes runs in each of them as well. Another goroutine reads the input
// and gives out tickets. What a lane makes of a batch, however many batches, rejects and outputs that are, is kept until it
// is the turn of its ticket, and then sent on by one lane for all; so nothing downstream can tell that there were several.
// An error too waits for its turn: the run fails of the first row that fails it, and not of a later one. With
// plan.Node.Unordered rows need not wait for their turn. A chain does not lead into or out of lanes.
//
// Where the node keeps something for each key ([plan.Keyed]) a batch is cut by key, and each part gets a ticket for the lane that the
// keys belong to: all else is the same, but a batch leaves lane by lane, so that only the rows of a key are in order. What needs the
// newest row to be the last, a transform that makes watermarks, is told while more of a batch is to come. Of several inputs
// the lanes see one watermark and one barrier. Each lane looks at the clock for its own operator (ticking.go).
//
// The busy share of such a node is the mean of its lanes, or that of the goroutine that cuts batches if it is greater, its blocked
// share how long what leaves them was held up.
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
// that its reader works on; inside a chain, only that. A source has two more that it has read. Lanes have two each: one that
// is worked on, and one that waits for that or, worked on, for its turn; of parts of batches four. While somebody watches, an edge also keeps its newest
// batches, 200 rows or one batch, for a quarter of a second. Nothing else is kept of a batch but what operators copy into
// their state, and text that is shown: events, at most 1 MiB, and one epoch's blocks.
//
// Buffers come from a pool of the run's own, unless Options has an allocator. It keeps up to 16 MiB of them for the next
// batches, less and less while they are not needed, and once no row has moved for two seconds the heap is given back to the
// system. In a program built with the tag flowrundebug a run whose buffers did not all come back panics at its end.
package exec
