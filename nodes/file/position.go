package file

import (
	"encoding/binary"
	"errors"
	"slices"
)

// mark is how far one file was read. It is not changed once it stands in a position.
type mark struct {
	name string
	id   identity
	head head
	at   int64 // just behind the last whole line, of a compressed file in what it holds
	// packed is the length of a compressed file that was read to its end, so that a run which goes on need not unpack it
	// again; 0 otherwise.
	packed int64
}

// position is how far every file was read. Positions share what they have in common, so that one of a thousand files costs
// little more than one of a single file.
type position struct{ chunks [][]*mark }

const chunkMarks = 256

var noMarks = make([]*mark, chunkMarks)

// with is the position in which the mark of one slot is another; nil: the slot is free.
func (p position) with(slot int, m *mark) position {
	c := slot / chunkMarks
	chunks := slices.Clone(p.chunks)
	for c >= len(chunks) {
		chunks = append(chunks, noMarks)
	}
	chunks[c] = slices.Clone(chunks[c])
	chunks[c][slot%chunkMarks] = m
	return position{chunks}
}

// positionVersion is the first byte of an encoded position.
const positionVersion = 1

// AppendBinary appends the marks, each with its name first.
func (p position) AppendBinary(dst []byte) ([]byte, error) {
	dst = append(dst, positionVersion)
	for _, chunk := range p.chunks {
		for _, m := range chunk {
			if m == nil {
				continue
			}
			dst = binary.AppendUvarint(dst, uint64(len(m.name)))
			dst = append(dst, m.name...)
			dst = binary.AppendUvarint(dst, m.id.device)
			dst = binary.AppendUvarint(dst, m.id.number)
			dst = binary.AppendUvarint(dst, uint64(m.head.size))
			dst = binary.BigEndian.AppendUint64(dst, m.head.sum)
			dst = binary.AppendUvarint(dst, uint64(m.at))
			dst = binary.AppendUvarint(dst, uint64(m.packed))
		}
	}
	return dst, nil
}

// parsePosition reads the marks of an encoded position.
func parsePosition(b []byte) ([]*mark, error) {
	p := parser{rest: b}
	version := p.bytes(1)
	if !p.bad && version[0] == rowsVersion {
		return nil, errOfRows
	}
	if p.bad || version[0] != positionVersion {
		return nil, errDamaged
	}
	var marks []*mark
	for len(p.rest) > 0 {
		m := &mark{name: string(p.bytes(p.number()))}
		m.id = identity{device: p.uvarint(), number: p.uvarint()}
		m.head.size = int(p.number())
		if sum := p.bytes(8); !p.bad {
			m.head.sum = binary.BigEndian.Uint64(sum)
		}
		m.at, m.packed = p.number(), p.number()
		if p.bad || m.name == "" || m.head.size > maxHead {
			return nil, errDamaged
		}
		marks = append(marks, m)
	}
	return marks, nil
}

var errDamaged = errors.New("the saved position is damaged")

// parser reads an encoded position; bad says that it could not.
type parser struct {
	rest []byte
	bad  bool
}

func (p *parser) uvarint() uint64 {
	v, n := binary.Uvarint(p.rest)
	if n <= 0 {
		p.bad, p.rest = true, nil
		return 0
	}
	p.rest = p.rest[n:]
	return v
}

// number is a uvarint that is a length or an offset.
func (p *parser) number() int64 {
	v := int64(p.uvarint())
	if v < 0 {
		p.bad = true
		return 0
	}
	return v
}

func (p *parser) bytes(n int64) []byte {
	if n > int64(len(p.rest)) {
		p.bad, p.rest = true, nil
		return nil
	}
	b := p.rest[:n]
	p.rest = p.rest[n:]
	return b
}
