package live

import "context"

// Run is a run that can be watched and steered. All methods may be called from any goroutine, and none slows the run.
type Run interface {
	// Topology is what does not change while the run lasts.
	Topology(ctx context.Context) (Topology, error)
	// Snapshots gives a snapshot about four times a second until ctx ends or the run is over; the last one has an ended
	// State, and then the channel is closed. A reader that is slow misses some: the latest wins.
	Snapshots(ctx context.Context) (<-chan Snapshot, error)
	// Events gives the events behind number after (0: all that are still kept), and then new ones as they come; the
	// channel is closed when ctx ends or the run is over and all were read.
	Events(ctx context.Context, after uint64) (<-chan Event, error)
	// Peek gives the newest rows on an edge, at most rows per batch. While nobody takes snapshots, and nobody has
	// peeked at an edge for some seconds, nothing is kept for it.
	Peek(ctx context.Context, edge string, rows int) (Preview, error)
	// Do carries a command out and returns when it has been accepted.
	Do(ctx context.Context, c Command) error
}

// Command is what a watcher can ask of a run.
type Command string

// The commands. Pause stops the sources reading and lets everything on the way flow out; Resume undoes it. Drain stops
// the sources, lets everything flow out, commits, and ends the run well; Stop ends it at once.
const (
	Pause  Command = "pause"
	Resume Command = "resume"
	Drain  Command = "drain"
	Stop   Command = "stop"
)
