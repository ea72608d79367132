package generate

import (
	"encoding/binary"
	"errors"
)

// position is the number of the next row, and the time of row 0 in microseconds, which a later run has to keep to.
type position struct {
	next  int64
	start int64
}

// AppendBinary appends both as varints.
func (p position) AppendBinary(dst []byte) ([]byte, error) {
	return binary.AppendVarint(binary.AppendUvarint(dst, uint64(p.next)), p.start), nil
}

func parsePosition(b []byte) (position, error) {
	next, n := binary.Uvarint(b)
	if n > 0 && int64(next) >= 0 {
		if start, m := binary.Varint(b[n:]); m > 0 && n+m == len(b) {
			return position{int64(next), start}, nil
		}
	}
	return position{}, errors.New("the saved position is damaged")
}
