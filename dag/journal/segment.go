package journal

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"strconv"
	"strings"
)

const (
	magic      = "flowjrnl"
	version    = 1
	headerSize = 32 // before the meta data
	sumSize    = 4
	maxMeta    = 16 << 20
	suffix     = ".journal"
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// segment is a file of records.
type segment struct {
	first uint64 // number of its first record, which it need not have yet
	size  int64  // bytes of the file
	meta  []byte
	start int64 // where its records begin
	wrong error // what is wrong with its header
}

func segmentName(first uint64) string { return fmt.Sprintf("%020d", first) + suffix }

// parseName gives the number in a segment's name.
func parseName(name string) (uint64, bool) {
	digits, ok := strings.CutSuffix(name, suffix)
	if !ok || len(digits) != 20 {
		return 0, false
	}
	first, err := strconv.ParseUint(digits, 10, 64)
	return first, err == nil && first > 0
}

func appendHeader(dst []byte, first, trimmed uint64, meta []byte) []byte {
	at := len(dst)
	dst = append(dst, magic...)
	dst = binary.LittleEndian.AppendUint32(dst, version)
	dst = binary.LittleEndian.AppendUint32(dst, uint32(len(meta)))
	dst = binary.LittleEndian.AppendUint64(dst, first)
	dst = binary.LittleEndian.AppendUint64(dst, trimmed)
	dst = append(dst, meta...)
	return binary.LittleEndian.AppendUint32(dst, crc32.Checksum(dst[at:], castagnoli))
}

// headerLength is how long the header is that b begins with, 0: it begins with none.
func headerLength(b []byte) int {
	if len(b) < headerSize || string(b[:len(magic)]) != magic {
		return 0
	}
	meta := binary.LittleEndian.Uint32(b[12:])
	if meta > maxMeta {
		return 0
	}
	return headerSize + int(meta) + sumSize
}

// parseHeader reads the header off the beginning of a segment.
func parseHeader(b []byte, first uint64) (meta []byte, trimmed uint64, problem string) {
	size := headerLength(b)
	switch {
	case size == 0:
		return nil, 0, "it does not begin like a segment of a journal"
	case size > len(b):
		return nil, 0, "its header is not whole"
	case crc32.Checksum(b[:size-sumSize], castagnoli) != binary.LittleEndian.Uint32(b[size-sumSize:]):
		return nil, 0, "the checksum of its header is wrong"
	}
	if v := binary.LittleEndian.Uint32(b[8:]); v != version {
		return nil, 0, fmt.Sprintf("it has version %d of the format, and this program knows version %d", v, version)
	}
	if n := binary.LittleEndian.Uint64(b[16:]); n != first {
		return nil, 0, fmt.Sprintf("it was written as the segment of record %d", n)
	}
	return b[headerSize : size-sumSize : size-sumSize], binary.LittleEndian.Uint64(b[24:]), ""
}
