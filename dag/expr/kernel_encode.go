package expr

import (
	"encoding/base64"
	"encoding/binary"
	"math"
	"regexp"
	"slices"
	"unicode/utf8"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/zeebo/xxh3"
)

// planHash makes hash(x) of simple values: XXH3 over the bytes that hashValue says.
func planHash(t *Typed) builder {
	switch kindOf(t.Args[0].Type) {
	case kindBool:
		yes, no := hashValue(true), hashValue(false)
		return light(strictOf(func(f *frame, args []column, out *column) {
			n := f.intsOut(out)
			for i, v := range args[0].bools[:f.n] {
				n[i] = no
				if v {
					n[i] = yes
				}
			}
		}))
	case kindInt:
		return light(strictOf(func(f *frame, args []column, out *column) {
			var b [8]byte
			n := f.intsOut(out)
			for i, v := range args[0].ints[:f.n] {
				binary.LittleEndian.PutUint64(b[:], uint64(v))
				n[i] = int64(xxh3.Hash(b[:]))
			}
		}))
	case kindFloat:
		return light(strictOf(func(f *frame, args []column, out *column) {
			var b [8]byte
			n := f.intsOut(out)
			for i, v := range args[0].floats[:f.n] {
				binary.LittleEndian.PutUint64(b[:], math.Float64bits(oneNaN(v)))
				n[i] = int64(xxh3.Hash(b[:]))
			}
		}))
	case kindText:
		return light(strictOf(func(f *frame, args []column, out *column) {
			n := f.intsOut(out)
			for i := range n {
				n[i] = int64(xxh3.Hash(args[0].text.at(i)))
			}
		}))
	}
	return nil
}

// planType makes type(x), which is known before the run but for null.
func planType(t *Typed) builder {
	name := []byte(typeWordOf(t.Args[0].Type))
	return light(strictOf(func(f *frame, _ []column, out *column) {
		s := &f.e.scratch
		out.text = text{data: name, start: s.places.zeroed(f.n), end: fill(s.places.get(f.n), int32(len(name)))}
	}))
}

func planToBase64(t *Typed) builder {
	if !t.is(arrow.STRING) && !t.is(arrow.BINARY) {
		return nil
	}
	return format(func(b []byte, c *column, i int) []byte { return base64.StdEncoding.AppendEncode(b, c.text.at(i)) })
}

// tryTexts makes texts of texts. appendTo adds to b what it makes of s.
func tryTexts(appendTo func(b, s []byte) ([]byte, error)) builder {
	return may(strictOf(func(f *frame, args []column, out *column) {
		w := f.newText()
		for i := range f.n {
			if out.nulls != nil && out.nulls[i] {
				w.none(i)
				continue
			}
			at := len(w.out.data)
			b, err := appendTo(w.out.data, args[0].text.at(i))
			if err != nil {
				f.fail(i, err)
				b = b[:at]
			}
			w.out.data = b
			w.set(i, at)
		}
		out.text = w.done()
	}))
}

var fromBase64Texts = tryTexts(func(b, s []byte) ([]byte, error) {
	at := len(b)
	b, err := base64.StdEncoding.AppendDecode(b, s)
	if err != nil {
		return b, reject(reasonBase64, "fromBase64(%s)", quoteShort(string(s)))
	}
	if !utf8.Valid(b[at:]) {
		_, err = textOfBytes(slices.Clone(b[at:]))
	}
	return b, err
})

// textsOfBytes is string(bytes), which takes no copy.
var textsOfBytes = may(light(strictOf(func(f *frame, args []column, out *column) {
	out.text = args[0].text
	for i := range f.n {
		if b := out.text.at(i); !utf8.Valid(b) && (out.nulls == nil || !out.nulls[i]) {
			_, err := textOfBytes(slices.Clone(b))
			f.fail(i, err)
		}
	}
})))

// repeatTexts is repeat(text, n).
var repeatTexts = may(strictWith(secondOne, func(f *frame, args []column, out *column) {
	w := f.newText()
	for i := range f.n {
		if out.nulls != nil && out.nulls[i] {
			w.none(i)
			continue
		}
		s, n := args[0].text.at(i), args[1].ints[args[1].at(i)]
		if err := repeats(len(s), n); err != nil {
			w.none(i)
			f.fail(i, err)
			continue
		}
		at := len(w.out.data)
		for range n {
			w.out.data = append(w.out.data, s...)
		}
		w.set(i, at)
	}
	out.text = w.done()
}))

// planCapture makes capture(text, pattern, group) with a literal pattern.
func planCapture(t *Typed) builder {
	if !t.is(arrow.STRING, arrow.STRING, arrow.INT64) {
		return nil
	}
	re := t.Args[1].pattern()
	if re == nil {
		return nil
	}
	b := strictWith([]bool{false, true, true}, func(f *frame, args []column, out *column) {
		a, s, group := args[0].text, &f.e.scratch, args[2]
		start, end := s.places.zeroed(f.n), s.places.zeroed(f.n)
		nulls := out.nulls
		for i := range start {
			if out.nulls != nil && out.nulls[i] {
				continue
			}
			g := group.ints[group.at(i)]
			if g < 0 || g > int64(re.NumSubexp()) {
				_, err := capture(re, "", g)
				f.fail(i, err)
				continue
			}
			at := re.FindSubmatchIndex(a.at(i))
			if at == nil || at[2*g] < 0 {
				nulls = f.also(out.nulls, nulls, i)
				continue
			}
			start[i], end[i] = a.start[i]+int32(at[2*g]), a.start[i]+int32(at[2*g+1])
		}
		out.nulls, out.text = nulls, text{data: a.data, start: start, end: end}
	})
	return may(b)
}

// pattern compiles a literal pattern; nil: it is none.
func (t *Typed) pattern() *regexp.Regexp {
	p, ok := t.Value.(string)
	if !ok || t.Form != FormLiteral {
		return nil
	}
	re, err := regexp.Compile(p)
	if err != nil {
		return nil
	}
	return re
}

func init() {
	functionKernels["hash"] = planHash
	functionKernels["type"] = planType
	functionKernels["toBase64"] = planToBase64
	functionKernels["fromBase64"] = on(fromBase64Texts, arrow.STRING)
	functionKernels["repeat"] = on(repeatTexts, arrow.STRING, arrow.INT64)
	functionKernels["capture"] = planCapture
}
