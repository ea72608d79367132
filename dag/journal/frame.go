package journal

import (
	"encoding/binary"
	"hash/crc32"
	"time"
)

const frameSize = 40 // of a record, before its payload

// frame is a record as it stands in a segment.
type frame struct {
	seq, durable, trimmed uint64
	arrived               int64
	payload               []byte
}

func (f *frame) time() time.Time { return time.Unix(0, f.arrived).UTC() }

// seed is the checksum that those of a segment's records go on from, so that a record of another segment is none of this one.
func seed(first uint64) uint32 {
	return crc32.Checksum(binary.LittleEndian.AppendUint64(nil, first), castagnoli)
}

// appendFrame appends a record without its checksum, which depends on the segment.
func appendFrame(dst []byte, f frame) []byte {
	dst = append(dst, 0, 0, 0, 0)
	dst = binary.LittleEndian.AppendUint32(dst, uint32(len(f.payload)))
	dst = binary.LittleEndian.AppendUint64(dst, f.seq)
	dst = binary.LittleEndian.AppendUint64(dst, uint64(f.arrived))
	dst = binary.LittleEndian.AppendUint64(dst, f.durable)
	dst = binary.LittleEndian.AppendUint64(dst, f.trimmed)
	return append(dst, f.payload...)
}

// sign puts the checksums of a segment into whole records, one after the other.
func sign(frames []byte, seed uint32) {
	for len(frames) > 0 {
		end := frameSize + int(binary.LittleEndian.Uint32(frames[4:]))
		binary.LittleEndian.PutUint32(frames, crc32.Update(seed, castagnoli, frames[4:end]))
		frames = frames[end:]
	}
}

// parseFrame reads the record that b begins with; false: there is no whole one. The payload stays a part of b.
func parseFrame(b []byte, seed uint32) (f frame, ok bool) {
	if len(b) < frameSize {
		return f, false
	}
	length := int64(binary.LittleEndian.Uint32(b[4:]))
	if length > int64(len(b)-frameSize) {
		return f, false
	}
	end := frameSize + int(length)
	f = frame{
		seq:     binary.LittleEndian.Uint64(b[8:]),
		arrived: int64(binary.LittleEndian.Uint64(b[16:])),
		durable: binary.LittleEndian.Uint64(b[24:]),
		trimmed: binary.LittleEndian.Uint64(b[32:]),
		payload: b[frameSize:end:end],
	}
	if f.seq == 0 || f.durable >= f.seq || f.trimmed >= f.seq { // cheap, and zeros end here
		return f, false
	}
	return f, crc32.Update(seed, castagnoli, b[4:end]) == binary.LittleEndian.Uint32(b)
}

// proof looks for a whole record anywhere in b of which is known that the record numbered lost was durable when it was written.
func proof(b []byte, seed uint32, lost uint64) bool {
	for i := 0; i+frameSize <= len(b); i++ {
		if d := binary.LittleEndian.Uint64(b[i+24:]); d < lost || d-lost > 1<<40 { // so that most of any bytes cost no more than this
			continue
		}
		if _, ok := parseFrame(b[i:], seed); ok {
			return true
		}
	}
	return false
}
