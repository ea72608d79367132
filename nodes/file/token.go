package file

import (
	"encoding/binary"
	"errors"
	"time"

	"flowrun/dag/op"
)

// extent is so much of a file that is to show under a name in the sink's directory.
type extent struct {
	name string
	size int64
	sum  uint32
}

// token is what a commit makes of a sink's files. It says all that a later run has to know, and not only what is new.
type token struct {
	id     commitID
	dir    string // where the files are, as written in the pipeline
	format string // of the rows
	shape  uint64 // of format, its options, columns and compression: only rows of the same go on in an open file
	next   int    // number of the next part
	done   []extent
	// open is the file that rows are still written to; without a name there is none. staged: it is the length of the file's stage.
	// over: one file, of which this is all; it shows at the commit.
	open         extent
	begun        time.Time // when the first row of open came
	staged, over bool
	single       bool
}

// commitID tells commits apart, also those of different runs.
type commitID [16]byte

const tokenVersion = 1

// maxDone is how many parts can wait for one commit. Once they are so many a part grows beyond roll.size.
const maxDone = 1000

func (t *token) encode() op.Prepared {
	b := append([]byte{tokenVersion}, t.id[:]...)
	b = appendText(b, t.dir)
	b = appendText(b, t.format)
	b = binary.BigEndian.AppendUint64(b, t.shape)
	b = binary.AppendUvarint(b, uint64(t.next))
	b = binary.AppendUvarint(b, uint64(len(t.done)))
	for _, d := range t.done {
		b = d.append(b)
	}
	b = t.open.append(b)
	b = binary.BigEndian.AppendUint64(b, uint64(t.begun.UnixNano()))
	return append(b, bit(t.staged)|bit(t.over)<<1|bit(t.single)<<2)
}

func (p extent) append(b []byte) []byte {
	b = appendText(b, p.name)
	b = binary.AppendUvarint(b, uint64(p.size))
	return binary.BigEndian.AppendUint32(b, p.sum)
}

func appendText(b []byte, text string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(text))), text...)
}

func bit(yes bool) byte {
	if yes {
		return 1
	}
	return 0
}

var errToken = errors.New("what the checkpoint says of this sink's files is damaged, or of another version of flowrun")

func parseToken(b op.Prepared) (*token, error) {
	p := parser{rest: b}
	t := &token{}
	if version := p.bytes(1); p.bad || version[0] != tokenVersion {
		return nil, errToken
	}
	copy(t.id[:], p.bytes(int64(len(t.id))))
	t.dir, t.format = p.text(), p.text()
	t.shape = uint64(p.fixed(8))
	t.next = int(p.number())
	n := p.number()
	for i := int64(0); i < n && !p.bad; i++ {
		t.done = append(t.done, p.extent())
	}
	t.open = p.extent()
	t.begun = time.Unix(0, p.fixed(8))
	if flags := p.bytes(1); !p.bad {
		t.staged, t.over, t.single = flags[0]&1 != 0, flags[0]&2 != 0, flags[0]&4 != 0
	}
	if p.bad || len(p.rest) > 0 {
		return nil, errToken
	}
	return t, nil
}

func (p *parser) text() string { return string(p.bytes(p.number())) }

func (p *parser) extent() extent { return extent{p.text(), p.number(), uint32(p.fixed(4))} }

// fixed is a number of so many bytes.
func (p *parser) fixed(bytes int64) (n int64) {
	for _, b := range p.bytes(bytes) {
		n = n<<8 | int64(b)
	}
	return n
}
