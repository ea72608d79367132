package expr

import (
	"errors"
	"math"
)

// errTextLimit ends a batch whose texts together do not fit into one Arrow column.
var errTextLimit = errors.New("the texts of one batch make more than 2 GiB")

// textWriter writes a new column of texts, entry by entry in any order.
type textWriter struct {
	f    *frame
	slot int
	out  text
}

// textWriter starts a column whose entries are out's: start and end for each entry of the frame.
func (f *frame) textWriter(out text) *textWriter {
	w := &textWriter{f: f, out: out}
	w.slot, w.out.data = f.e.scratch.bytes.grow(0)
	return w
}

// newText starts a column of texts of the frame.
func (f *frame) newText() *textWriter {
	s := &f.e.scratch
	return f.textWriter(text{start: s.places.get(f.n), end: s.places.get(f.n)})
}

// set ends entry i, whose bytes are those from at on.
func (w *textWriter) set(i, at int) {
	if len(w.out.data) > math.MaxInt32 {
		w.f.e.abort(errTextLimit)
		w.out.data = w.out.data[:at]
	}
	w.out.start[i], w.out.end[i] = int32(at), int32(len(w.out.data))
}

// put writes entry i.
func (w *textWriter) put(i int, b []byte) {
	at := len(w.out.data)
	w.out.data = append(w.out.data, b...)
	w.set(i, at)
}

func (w *textWriter) putString(i int, s string) {
	at := len(w.out.data)
	w.out.data = append(w.out.data, s...)
	w.set(i, at)
}

// none writes an empty entry, for a row whose value does not matter.
func (w *textWriter) none(i int) { w.out.start[i], w.out.end[i] = 0, 0 }

// place copies the entries of a column computed in a part of the frame to their places.
func (w *textWriter) place(c column, at []int32) {
	if c.text.start == nil {
		return
	}
	if c.one {
		from := len(w.out.data)
		w.out.data = append(w.out.data, c.text.at(0)...)
		for _, p := range at {
			w.set(int(p), from)
		}
		return
	}
	for i, p := range at {
		if c.nulls != nil && c.nulls[i] {
			w.none(int(p))
			continue
		}
		w.put(int(p), c.text.at(i))
	}
}

func (w *textWriter) done() text {
	w.f.e.scratch.bytes.keep(w.slot, w.out.data)
	return w.out
}
