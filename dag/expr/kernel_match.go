package expr

import (
	"encoding/binary"
	"unsafe"

	"github.com/apache/arrow-go/v18/arrow"

	"flowrun/dag/schema"
)

// matcher looks for the entries that are one text, or begin or end with it. It compares length and first eight bytes without a
// branch, since which entries match cannot be foreseen.
type matcher struct {
	text        []byte
	first, mask uint64 // the first eight bytes, and which of them there are
}

func newMatcher(b []byte) matcher {
	m := matcher{text: b, first: wordAt(b, 0), mask: ^uint64(0)}
	if len(b) < 8 {
		m.mask = 1<<(8*len(b)) - 1
	}
	return m
}

// wordIn reads the eight bytes of data from a place on.
func wordIn(data unsafe.Pointer, at int32) uint64 {
	return binary.LittleEndian.Uint64((*[8]byte)(unsafe.Add(data, at))[:])
}

// test writes whether each entry is the text; not: whether it is not.
func (m matcher) test(t text, not bool, out []bool) {
	start, end := t.start[:len(out)], t.end[:len(out)]
	data, last := unsafe.Pointer(unsafe.SliceData(t.data)), int32(len(t.data)-8)
	first, mask, size := m.first, m.mask, int32(len(m.text))
	for i, from := range start {
		var word uint64
		if uint32(from) <= uint32(last) && last >= 0 { // eight bytes are there
			word = wordIn(data, from)
		} else {
			word = wordAt(t.data, int(from))
		}
		out[i] = ((word^first)&mask|uint64(end[i]-from^size) == 0) != not
	}
	if len(m.text) <= 8 {
		return
	}
	for i, hit := range out {
		if hit != not && string(t.at(i)) != string(m.text) {
			out[i] = not
		}
	}
}

// selected lists the entries that are the text; not: those that are not. at has room for all.
func (m matcher) selected(t text, not bool, at []int32) []int32 {
	start, end := t.start[:len(at)], t.end[:len(at)]
	data, last := unsafe.Pointer(unsafe.SliceData(t.data)), int32(len(t.data)-8)
	first, mask, size := m.first, m.mask, int32(len(m.text))
	long := len(m.text) > 8
	n := 0
	for i, from := range start {
		var word uint64
		if uint32(from) <= uint32(last) && last >= 0 {
			word = wordIn(data, from)
		} else {
			word = wordAt(t.data, int(from))
		}
		differs := (word^first)&mask | uint64(end[i]-from^size)
		if long && differs == 0 {
			differs = uint64(count(string(t.at(i)) != string(m.text)))
		}
		at[n] = int32(i)
		n += count((differs == 0) != not)
	}
	return at[:n]
}

// edge makes the test whether a text begins with want, or ends with it.
func edge(want []byte, atEnd bool) builder {
	m := newMatcher(want)
	return light(func(_ *Typed, args []*compiled) *compiled {
		return light(strictOf(func(f *frame, args []column, out *column) { m.edge(args[0].text, atEnd, f.boolsOut(out)) }))(boolNode, args[:1])
	})
}

var boolNode = &Typed{Type: schema.Bool}

// planEdge makes hasPrefix and hasSuffix.
func planEdge(ask func(a, b []byte) bool, atEnd bool) func(t *Typed) builder {
	return func(t *Typed) builder {
		if !t.is(arrow.STRING, arrow.STRING) {
			return nil
		}
		if want, ok := t.Args[1].Value.(string); ok && t.Args[1].Form == FormLiteral {
			return edge([]byte(want), atEnd)
		}
		return testTexts(ask)
	}
}

// edge writes whether each entry begins with the text, or ends with it.
func (m matcher) edge(t text, atEnd bool, out []bool) {
	start, end := t.start[:len(out)], t.end[:len(out)]
	data, last := unsafe.Pointer(unsafe.SliceData(t.data)), int32(len(t.data)-8)
	first, mask, size := m.first, m.mask, int32(len(m.text))
	for i, from := range start {
		at := from
		if atEnd {
			at = max(end[i]-size, 0)
		}
		var word uint64
		if uint32(at) <= uint32(last) && last >= 0 {
			word = wordIn(data, at)
		} else {
			word = wordAt(t.data, int(at))
		}
		// Negative, so with its highest bit set, where the entry is too short.
		differs := (word^first)&mask | uint64(end[i]-from-size)>>63
		out[i] = differs == 0
	}
	if len(m.text) <= 8 {
		return
	}
	for i, hit := range out {
		if !hit {
			continue
		}
		at := start[i]
		if atEnd {
			at = end[i] - size
		}
		out[i] = string(t.data[at:at+size]) == string(m.text)
	}
}

// testAny writes whether each entry is one of several texts of at most eight bytes.
func testAny(several []matcher, t text, out []bool) {
	start, end := t.start[:len(out)], t.end[:len(out)]
	data, last := unsafe.Pointer(unsafe.SliceData(t.data)), int32(len(t.data)-8)
	for i, from := range start {
		var word uint64
		if uint32(from) <= uint32(last) && last >= 0 {
			word = wordIn(data, from)
		} else {
			word = wordAt(t.data, int(from))
		}
		size, found := int(end[i]-from), 0
		for j := range several {
			m := &several[j]
			found |= count((word^m.first)&m.mask|uint64(size^len(m.text)) == 0)
		}
		out[i] = found != 0
	}
}
