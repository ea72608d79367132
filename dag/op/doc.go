// Package op is the contract between the engine and everything that reads, changes or writes rows: [Source],
// [Transform], [Sink], and the [Runtime] and [Emitter] that the engine lends them.
//
// Each instance is driven by one goroutine. An implementation never sees a channel, a barrier message or a meter: the
// runner aligns barriers, merges watermarks, meters, and routes rejects. An operator whose Open failed is not closed: Open
// gives back what it took.
package op
