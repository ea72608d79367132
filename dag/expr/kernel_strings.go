package expr

import (
	"bytes"
	"encoding/binary"
	"strings"
	"unicode/utf8"
	"unsafe"
)

// str views bytes as a string for the functions of Go that only read it.
func str(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

// testTexts asks a question of two texts; the second one is often a literal.
func testTexts(ask func(a, b []byte) bool) builder {
	return light(strictWith([]bool{false, true}, func(f *frame, args []column, out *column) {
		a, b, truths := args[0].text, args[1].text, f.boolsOut(out)
		if args[1].one {
			want := b.at(0)
			for i := range truths {
				truths[i] = ask(a.at(i), want)
			}
			return
		}
		for i := range truths {
			truths[i] = ask(a.at(i), b.at(i))
		}
	}))
}

// cutTexts makes texts that are parts of the first argument, without a copy. cut gives the part within its argument.
func cutTexts(cut func(b, arg []byte) []byte) builder {
	return light(strictWith([]bool{false, true}, func(f *frame, args []column, out *column) {
		a := args[0].text
		s := &f.e.scratch
		out.text = text{data: a.data, start: s.places.get(f.n), end: s.places.get(f.n)}
		for i := range out.text.start {
			var arg []byte
			if len(args) > 1 {
				j := i
				if args[1].one {
					j = 0
				}
				arg = args[1].text.at(j)
			}
			from, to := a.start[i], a.end[i]
			part := cut(a.data[from:to:to], arg)
			// A part of a slice whose capacity ends with it: what is left of the capacity tells where the part starts.
			if part == nil {
				out.text.start[i], out.text.end[i] = from, from
				continue
			}
			at := to - int32(cap(part))
			out.text.start[i], out.text.end[i] = at, at+int32(len(part))
		}
	}))
}

// trimSpaces is the loop of trim with one argument.
func trimSpaces(f *frame, args []column, out *column) {
	a := args[0].text
	s := &f.e.scratch
	start, end := s.places.get(f.n), s.places.get(f.n)
	data := a.data
	for i := range start {
		from, to := a.start[i], a.end[i]
		for from < to && asciiSpace(data[from]) {
			from++
		}
		for from < to && asciiSpace(data[to-1]) {
			to--
		}
		if from < to && (data[from] >= utf8.RuneSelf || data[to-1] >= utf8.RuneSelf) {
			// There are spaces beyond ASCII.
			part := data[from:to:to]
			left := bytes.TrimLeft(part, unicodeSpaces)
			from = to - int32(cap(left))
			if len(left) == 0 {
				from = to
			} else {
				to = from + int32(len(bytes.TrimRight(left, unicodeSpaces)))
			}
		}
		start[i], end[i] = from, to
	}
	out.text = text{data: data, start: start, end: end}
}

func asciiSpace(c byte) bool { return c == ' ' || c-'\t' < 5 }

// unicodeSpaces is what unicode.IsSpace knows.
const unicodeSpaces = "\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000"

// caseTexts makes upper or lower case.
func caseTexts(upper bool) builder {
	whole := strings.ToLower
	if upper {
		whole = strings.ToUpper
	}
	return strictOf(func(f *frame, args []column, out *column) {
		a := args[0].text
		if f.n == 0 {
			out.text = a
			return
		}
		// The bytes of all entries are changed at once, in place of one entry after another, where few lie between them and
		// all are ASCII. The entries keep their places then.
		from, to, size := a.span(f.n)
		if size*2 >= int(to-from) {
			data := f.e.scratch.bytes.get(int(to))
			if caseASCII(data[from:to], a.data[from:to], upper) {
				out.text = text{data: data, start: a.start, end: a.end}
				return
			}
		}
		w := f.newText()
		for i := range f.n {
			b := a.at(i)
			at := len(w.out.data)
			w.out.data = append(w.out.data, b...)
			if caseASCII(w.out.data[at:], b, upper) {
				w.set(i, at)
				continue
			}
			w.out.data = append(w.out.data[:at], whole(str(b))...)
			w.set(i, at)
		}
		out.text = w.done()
	})
}

// span gives the part of the data in which all entries lie, and the sum of their lengths.
func (t text) span(n int) (from, to int32, size int) {
	if n == 0 {
		return 0, 0, 0
	}
	from, to = t.start[0], t.end[0]
	for i := range n {
		s, e := t.start[i], t.end[i]
		from, to = min(from, s), max(to, e)
		size += int(e - s)
	}
	return from, to, size
}

// caseASCII writes src in upper or lower case to dst, which is as long, eight bytes at a time. It gives up at the first byte that
// is not ASCII.
func caseASCII(dst, src []byte, upper bool) bool {
	const highs = 0x8080808080808080
	first, last := uint64('A'), uint64('Z')
	if upper {
		first, last = 'a', 'z'
	}
	fromFirst, beyondLast := (0x80-first)*ones, (0x7f-last)*ones
	change := func(w uint64) uint64 {
		// The high bit of each byte of in says whether the letter lies between first and last. Cases differ in 0x20.
		in := ((w + fromFirst) ^ (w + beyondLast)) & highs
		return w ^ in>>2
	}
	i := 0
	for ; i+8 <= len(src); i += 8 {
		w := binary.LittleEndian.Uint64(src[i:])
		if w&highs != 0 {
			return false
		}
		binary.LittleEndian.PutUint64(dst[i:], change(w))
	}
	for ; i < len(src); i++ {
		if src[i] >= utf8.RuneSelf {
			return false
		}
		dst[i] = byte(change(uint64(src[i])))
	}
	return true
}

// lenTexts counts characters.
func lenTexts(f *frame, args []column, out *column) {
	a, n := args[0].text, f.intsOut(out)
	for i := range n {
		n[i] = int64(utf8.RuneCount(a.at(i)))
	}
}

// lenLists counts elements.
func lenLists(f *frame, args []column, out *column) {
	n := f.intsOut(out)
	c := args[0]
	if c.array == nil { // null throughout
		clear(n)
		return
	}
	offsets := c.array.(interface{ Offsets() []int32 }).Offsets()
	shift := c.array.Data().Offset()
	for i := range n {
		j := i
		if c.index != nil {
			j = int(c.index[i])
		}
		n[i] = int64(offsets[shift+j+1] - offsets[shift+j])
	}
}

// indexTexts finds the first place of a text, in bytes, as expr counts it.
func indexTexts(find func(s, sub []byte) int) builder {
	return light(strictOf(func(f *frame, args []column, out *column) {
		a, b, n := args[0].text, args[1].text, f.intsOut(out)
		for i := range n {
			n[i] = int64(find(a.at(i), b.at(i)))
		}
	}))
}

// concatTexts is string + string.
func concatTexts(f *frame, args []column, out *column) {
	a, b, w := args[0].text, args[1].text, f.newText()
	for i := range f.n {
		x, y := a.at(i), b.at(i)
		if out.nulls != nil && out.nulls[i] {
			w.none(i)
			continue
		}
		if len(x)+len(y) > maxText {
			w.none(i)
			f.fail(i, tooLarge("+"))
			continue
		}
		at := len(w.out.data)
		w.out.data = append(append(w.out.data, x...), y...)
		w.set(i, at)
	}
	out.text = w.done()
}

// replaceTexts is replace(text, old, new).
var replaceTexts = may(strictWith([]bool{false, true, true}, func(f *frame, args []column, out *column) {
	w := f.newText()
	for i := range f.n {
		if out.nulls != nil && out.nulls[i] {
			w.none(i)
			continue
		}
		s, old, with := args[0].text.at(i), args[1].text.at(args[1].at(i)), args[2].text.at(args[2].at(i))
		if len(with) > len(old) && len(s)+(len(with)-len(old))*bytes.Count(s, old) > maxText {
			w.none(i)
			f.fail(i, tooLarge("replace"))
			continue
		}
		at := len(w.out.data)
		if len(old) == 0 {
			w.out.data = append(w.out.data, strings.ReplaceAll(str(s), "", str(with))...)
			w.set(i, at)
			continue
		}
		for {
			hit := bytes.Index(s, old)
			if hit < 0 {
				break
			}
			w.out.data = append(append(w.out.data, s[:hit]...), with...)
			s = s[hit+len(old):]
		}
		w.out.data = append(w.out.data, s...)
		w.set(i, at)
	}
	out.text = w.done()
}))
