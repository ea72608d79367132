package file

import (
	"encoding/binary"
	"errors"
)

// position is the byte offset just behind a line.
type position int64

// AppendBinary appends the offset as a varint.
func (p position) AppendBinary(dst []byte) ([]byte, error) {
	return binary.AppendUvarint(dst, uint64(p)), nil
}

func parsePosition(b []byte) (int64, error) {
	v, n := binary.Uvarint(b)
	if n != len(b) || n <= 0 || int64(v) < 0 {
		return 0, errors.New("the saved position is damaged")
	}
	return int64(v), nil
}
