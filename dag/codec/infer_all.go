package codec

import (
	"github.com/apache/arrow-go/v18/arrow"
	"github.com/zeebo/xxh3"
)

// Inference finds the columns of all records that it is shown, of json or kv, where [Infer] goes by the first ones.
type Inference struct {
	o       DecoderOptions
	all     *Shape
	check   jsonDecoder
	records int
	seen    map[uint64]struct{} // forms of records that said all that they have to say
	form    []byte
	lines   [][]byte // of kv, that wait
}

// maxForms bounds the forms that are remembered; a record of one more is looked at again.
const maxForms = 1 << 16

// NewInference makes an Inference. Only Format and Config of o are used.
func NewInference(o DecoderOptions) *Inference {
	return &Inference{o: o, all: &Shape{Loose: o.Format == kvFormat}, seen: map[uint64]struct{}{}}
}

// Add takes one more record into account. The error is a *[Problem]: it has a value whose type cannot be that of those before.
func (n *Inference) Add(record []byte) error {
	n.records++
	if n.o.Format == kvFormat {
		n.lines = append(n.lines, append([]byte(nil), record...))
		if len(n.lines) < InferRecords {
			return nil
		}
		return n.text()
	}
	if n.records > InferRecords { // what form a text has is seen of the first ones only, as by Infer
		n.form = formOf(n.form[:0], record)
		form := xxh3.Hash(n.form)
		if _, ok := n.seen[form]; ok {
			return nil
		}
		if len(n.seen) < maxForms {
			n.seen[form] = struct{}{}
		}
	}
	if !n.check.isObject(record) {
		return nil
	}
	return addJSON(n.all, record, n.records)
}

// text takes the lines of kv that wait into account.
func (n *Inference) text() error {
	if len(n.lines) == 0 {
		return nil
	}
	some, err := inferKV(n.lines, n.o)
	n.lines = n.lines[:0]
	if err == ErrNoRecord {
		return nil
	}
	if err != nil {
		return err
	}
	for _, name := range some.names {
		if err := n.all.Field(name).Add(some.fields[name].class, name); err != nil {
			return err
		}
	}
	return nil
}

// Schema gives the columns, or [ErrNoRecord] or a *[Problem].
func (n *Inference) Schema() (*arrow.Schema, error) {
	if err := n.text(); err != nil {
		return nil, err
	}
	return columnsOf(n.all)
}

// formOf appends what the names and the kinds of values of a record are, without the values. Of elements that follow one another in a list
// and are of one kind, one counts. Where the record is no JSON it appends something.
func formOf(form, b []byte) []byte {
	var last byte // the kind of the value before, in the same list
	value := func(kind byte) {
		if kind != last {
			form = append(form, kind)
		}
		last = kind
	}
	for i := 0; i < len(b); i++ {
		switch c := b[i]; {
		case c == '"':
			from := i + 1
			for i++; i < len(b) && b[i] != '"'; i++ {
				if b[i] == '\\' {
					i++
				}
			}
			end := min(i, len(b))
			next := end + 1
			for next < len(b) && b[next] <= ' ' {
				next++
			}
			if next < len(b) && b[next] == ':' {
				form = append(append(append(form, '"'), b[from:end]...), ':')
				last, i = 0, next
			} else {
				value('s')
			}
		case c == '{', c == '[', c == '}', c == ']':
			form, last = append(form, c), 0
		case c == '-' || c-'0' <= 9:
			kind, digits := byte('i'), 0
			for ; i < len(b) && (b[i]-'0' <= 9 || b[i] == '-' || b[i] == '+' || b[i] == '.' || b[i]|' ' == 'e'); i++ {
				if digits++; b[i] == '.' || b[i]|' ' == 'e' {
					kind = 'f'
				}
			}
			if i--; digits > 18 {
				kind = 'f' // it may be beyond 64 bits
			}
			value(kind)
		case c == 't', c == 'f', c == 'n':
			kind := byte('b')
			if c == 'n' {
				kind = 'n'
			}
			for i+1 < len(b) && b[i+1]-'a' <= 'z'-'a' {
				i++
			}
			value(kind)
		}
	}
	return form
}
