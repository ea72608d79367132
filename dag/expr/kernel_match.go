package expr

import "encoding/binary"

// matcher looks for the entries that are one text. It compares length and first eight bytes without a branch, since which
// entries match cannot be foreseen.
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

// test writes whether each entry is the text; not: whether it is not.
func (m matcher) test(t text, not bool, out []bool) {
	start, end := t.start[:len(out)], t.end[:len(out)]
	for i := range out {
		from := int(start[i])
		var word uint64
		if from+8 <= len(t.data) {
			word = binary.LittleEndian.Uint64(t.data[from:])
		} else {
			word = wordAt(t.data, from)
		}
		differs := (word^m.first)&m.mask | uint64(int(end[i])-from^len(m.text))
		out[i] = (differs == 0) != not
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
	n := 0
	for i := range at {
		from := int(start[i])
		var word uint64
		if from+8 <= len(t.data) {
			word = binary.LittleEndian.Uint64(t.data[from:])
		} else {
			word = wordAt(t.data, from)
		}
		differs := (word^m.first)&m.mask | uint64(int(end[i])-from^len(m.text))
		if len(m.text) > 8 && differs == 0 {
			differs = uint64(count(string(t.at(i)) != string(m.text)))
		}
		at[n] = int32(i)
		n += count((differs == 0) != not)
	}
	return at[:n]
}
