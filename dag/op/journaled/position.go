package journaled

import (
	"encoding/binary"
	"fmt"
)

// position is the number of a record of the journal: just behind it.
type position uint64

func (p position) AppendBinary(b []byte) ([]byte, error) {
	return binary.BigEndian.AppendUint64(b, uint64(p)), nil
}

func parsePosition(b []byte) (position, error) {
	if len(b) != 8 {
		return 0, fmt.Errorf("the position in the checkpoint is none of a journal (%d bytes): the source had no journal when it was written; --fresh starts anew", len(b))
	}
	return position(binary.BigEndian.Uint64(b)), nil
}
