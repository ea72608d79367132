package expr

import (
	"bytes"
	"slices"
)

// finder looks for a text in the bytes of many entries at once.
type finder struct {
	want []byte
	rare byte // the byte of want that is likely to be rarest
	at   int  // where it stands
}

func newFinder(want []byte) *finder {
	f := &finder{want: want}
	for i, c := range want {
		if i == 0 || commonness[c] < commonness[f.rare] {
			f.rare, f.at = c, i
		}
	}
	return f
}

// commonness guesses how often each byte stands in text and in the lines of logs. It decides nothing but speed.
var commonness = func() (c [256]byte) {
	for i := range c {
		switch {
		case i >= 0x80:
			c[i] = 60
		case i < ' ':
			c[i] = 5
		default:
			c[i] = 20
		}
	}
	for i, letter := range []byte("zqxjkvbpygfwmucldrhsnioate") {
		c[letter], c[letter-'a'+'A'] = byte(100+5*i), byte(30+i)
	}
	for _, digit := range []byte("0123456789") {
		c[digit] = 170
	}
	for _, mark := range []byte(`.,:/-="_`) {
		c[mark] = 160
	}
	c[' '], c['\n'] = 255, 100
	return c
}()

// next gives the first place from which the text stands in data, at or behind from; -1: there is none.
func (f *finder) next(data []byte, from int) int {
	for misses := 0; ; misses++ {
		if from+len(f.want) > len(data) {
			return -1
		}
		i := bytes.IndexByte(data[from+f.at:], f.rare)
		if i < 0 || from+i+len(f.want) > len(data) {
			return -1
		}
		if from += i; string(data[from:from+len(f.want)]) == string(f.want) {
			return from
		}
		from++
		if misses > 8 { // the byte is not rare here
			if i = bytes.Index(data[from:], f.want); i < 0 {
				return -1
			}
			return from + i
		}
	}
}

// hits calls each with the entries of a that hold the text, ascending. Where the entries lie one behind the other the bytes are
// searched as a whole.
func (f *finder) hits(a text, n int, each func(i int)) {
	if len(f.want) == 0 || !a.dense(n) {
		for i := range n {
			if bytes.Contains(a.at(i), f.want) {
				each(i)
			}
		}
		return
	}
	start, end := a.start[:n], a.end[:n]
	data, from, row := a.data[:end[n-1]], int(start[0]), 0
	for {
		hit := f.next(data, from)
		if hit < 0 {
			return
		}
		for step := 0; row < n && int(end[row]) <= hit; row++ {
			if step++; step > 8 {
				skip, _ := slices.BinarySearch(end[row:], int32(hit+1))
				row += skip - 1
			}
		}
		if row == n {
			return
		}
		switch {
		case hit < int(start[row]): // between two entries
			from = int(start[row])
		case hit+len(f.want) <= int(end[row]):
			each(row)
			from = int(end[row])
		default: // it runs over the entry's end
			from = hit + 1
		}
	}
}

// dense reports whether the first n entries lie one behind the other with little between them.
func (t text) dense(n int) bool {
	if n == 0 {
		return false
	}
	start, end := t.start[:n], t.end[:n]
	last, size := start[0], 0
	for i, from := range start {
		if from < last {
			return false
		}
		last = end[i]
		size += int(last - from)
	}
	return size*2 >= int(last-start[0])
}

// containsKernel is `text contains literal`.
type containsKernel struct {
	arg *compiled
	*finder
}

func (k *containsKernel) eval(f *frame) column {
	a := k.arg.eval(f)
	if a.allNull() {
		return nullColumn(kindBool)
	}
	n := f.n
	if a.one {
		n = 1
	}
	out := column{kind: kindBool, one: a.one, nulls: a.nulls, bools: f.e.scratch.bools.zeroed(n)}
	k.hits(a.text, n, func(i int) { out.bools[i] = true })
	return out
}

func (k *containsKernel) selected(f *frame) []int32 {
	a := k.arg.eval(f)
	if a.one {
		return trues(f, k.eval(f))
	}
	at := f.e.scratch.places.get(f.n)[:0]
	k.hits(a.text, f.n, func(i int) { at = append(at, int32(i)) })
	if a.nulls != nil {
		at = without(at, a.nulls)
	}
	return at
}

// containing makes `text contains want`.
func containing(want string) builder {
	return func(_ *Typed, args []*compiled) *compiled {
		return &compiled{kernel: &containsKernel{arg: args[0], finder: newFinder([]byte(want))}}
	}
}
