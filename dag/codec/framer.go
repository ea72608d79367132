package codec

// Framer cuts a stream of bytes into lines at LF, with an optional CR before it. It buffers at most Max bytes.
type Framer struct {
	Max int // the longest line in bytes, without its end
}
