package op

// What follows an operator may implement beside its contract; the runner asks for it once.

// Finisher is a [Transform] that can know that it needs no more input, as a limit does.
//
// The runner asks after Open and after every Process. Once Finished is true it stays true: Process is not called again,
// rows that still arrive count as filtered, the inputs are closed, and Watermark is called with [EndOfTime], as at the
// end of a bounded input. Barriers still come. A node upstream of which every output is closed so stops too, and a source
// stops reading.
type Finisher interface{ Finished() bool }

// ByteCounter is a [Source] that knows how many bytes it took from outside since Open. It may be asked at any time, from
// any goroutine.
type ByteCounter interface{ BytesRead() uint64 }
