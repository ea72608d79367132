package file

import (
	"errors"
	"slices"
)

// rowsVersion is the first byte of an encoded position that counts rows: a file of columns has no place for a reader but
// between two of its rows. The rest is as in a position of bytes, where packed is the size of a file that was read to its end.
const rowsVersion = 2

var (
	errOfRows  = errors.New("the saved position counts the rows of a format such as parquet, and the format is another one now")
	errOfBytes = errors.New("the saved position counts bytes of lines, and the format is another one now")
)

// rowsPosition is a position that counts rows.
type rowsPosition struct{ position }

func (p rowsPosition) AppendBinary(dst []byte) ([]byte, error) {
	at := len(dst)
	dst, err := p.position.AppendBinary(dst)
	if err == nil {
		dst[at] = rowsVersion
	}
	return dst, err
}

// parseRows reads the marks of an encoded position that counts rows.
func parseRows(b []byte) ([]*mark, error) {
	switch {
	case len(b) > 0 && b[0] == positionVersion:
		return nil, errOfBytes
	case len(b) == 0 || b[0] != rowsVersion:
		return nil, errDamaged
	}
	b = slices.Clone(b)
	b[0] = positionVersion
	return parsePosition(b)
}
