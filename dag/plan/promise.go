package plan

import "strings"

// Promise is what a sink can promise for the rows of a source.
type Promise int

// The promises.
const (
	AtMostOnce  Promise = iota // what is on the way when the run dies is lost
	AtLeastOnce                // nothing is lost; a restart may send rows again
	ExactlyOnce                // each row shows once
)

// String gives the words used in messages.
func (p Promise) String() string {
	return [...]string{"at most once", "at least once", "exactly once"}[p]
}

// PromiseOf is the promise for a pair: exactly once from a source that replays, itself or from its journal, in a run with a checkpoint, to a sink that is
// transactional; at least once to any other; at most once from a source that cannot replay.
func PromiseOf(s *Scan, w *Write) Promise {
	switch {
	case !s.CanReplay():
		return AtMostOnce
	case w.Transactional && w.Checkpointed:
		return ExactlyOnce
	}
	return AtLeastOnce
}

// PromiseOfSink is a sink's promise in a few words: how it shows rows, or the weakest promise over its sources.
func PromiseOfSink(n *Node) string {
	w := n.Op.(*Write)
	if w.Shown {
		return "prints by epoch"
	}
	weakest := ExactlyOnce
	for _, s := range Sources(n) {
		if scan, ok := s.Op.(*Scan); ok {
			weakest = min(weakest, PromiseOf(scan, w))
		}
	}
	return strings.ReplaceAll(weakest.String(), " ", "-")
}
