// Package codec turns bytes into columns and back: [Framer] cuts a stream into lines, a [Decoder] turns records into
// batches with their rejects, an [Encoder] writes rows. Formats: text and json (one object a line).
package codec
