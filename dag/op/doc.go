// Package op is the contract between the engine and everything that reads, changes or writes rows: [Source],
// [Transform], [Sink], and the [Runtime] and [Emitter] that the engine lends them.
//
// # Rows that were skipped
//
// A filter may be answered further up (see plan.Rewrite); then a batch stands for rows that are not in it any more,
// [batch.Batch.Skipped], and only operators that know of it are given such a batch. One that passes them on counts
// Pass(in.Skipped) and sets Skipped of one batch that it emits, also where that holds no row; the filter that was answered
// counts Filter(in.Skipped). The runner holds every operator to in = [batch.Batch.Count], and to skipped rows being either
// handed on or filtered, so that one which does not know of them ends the run as a bug and loses nothing in silence. No
// batch with skipped rows may reach a sink.
//
// # Driving
//
// Each instance is driven by one goroutine. An implementation never sees a channel, a barrier message or a meter: the
// runner aligns barriers, merges watermarks, meters, and routes rejects. An operator whose Open failed is not closed: Open
// gives back what it took.
package op
