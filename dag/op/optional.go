package op

// ByteCounter is a [Source] that knows how many bytes it took from outside since Open. It may be asked at any time, from
// any goroutine.
type ByteCounter interface{ BytesRead() uint64 }
