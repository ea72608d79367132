package journal

import (
	"encoding/binary"
	"hash/crc32"
	"io"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// resum gives a header the checksum that it ought to have.
func resum(head []byte) []byte {
	head = head[:len(head)-sumSize]
	return binary.LittleEndian.AppendUint32(head, crc32.Checksum(head, castagnoli))
}

// Whatever the bytes of a segment are, reading them ends, and gives records in order or an error.
func FuzzJournal(f *testing.F) {
	fs := vfs.NewMem()
	filled(f, fs, 5, Options{SegmentBytes: 250, Meta: []byte("m")})
	whole := files(f, fs)
	f.Add(whole[segmentName(1)], whole[segmentName(5)], false)
	f.Add(whole[segmentName(1)], []byte{}, true)
	f.Fuzz(func(t *testing.T, one, two []byte, mend bool) {
		if mend { // so that what is behind the checksums is reached
			if n := headerLength(one); n > 0 && n <= len(one) {
				copy(one[n-sumSize:n], resum(append([]byte(nil), one[:n]...))[n-sumSize:])
				for at := n; len(one)-at >= frameSize; {
					length := int(binary.LittleEndian.Uint32(one[at+4:]))
					if length > len(one)-at-frameSize {
						break
					}
					sign(one[at:at+frameSize+length], seed(1))
					at += frameSize + length
				}
			}
		}
		all := map[string][]byte{segmentName(1): one}
		if len(two) > 0 {
			all[segmentName(5)] = two
		}
		j, err := Open(put(t, all), "dir", Options{})
		if err != nil {
			return
		}
		defer j.Close()
		for _, after := range []uint64{j.Trimmed(), 0} {
			r, err := j.Read(after)
			if err != nil {
				continue
			}
			for n := after + 1; ; n++ {
				rec, err := r.Next()
				if err == io.EOF && n-1 != j.Last() || err == nil && rec.Seq != n {
					t.Fatalf("record %d of %d came as %d: %v", n, j.Last(), rec.Seq, err)
				}
				if err != nil {
					break
				}
			}
			r.Close()
		}
	})
}
