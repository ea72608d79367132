package codec

import (
	"bytes"
	"fmt"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"flowrun/dag/schema"
)

// inferCSV finds the columns of a header, or of the first record where there is none: column1, column2 and so on.
func inferCSV(lines [][]byte, o DecoderOptions) (*Shape, error) {
	config := csvOf(o.Config)
	first := true
	for i, line := range lines {
		if first {
			line, first = bytes.TrimPrefix(line, byteOrderMark), false
		}
		if len(line) == 0 {
			continue
		}
		r := csvReader{delimiter: config.byte()}
		found, ok := r.names(line)
		switch {
		case !ok && config.Header:
			return nil, &Problem{Message: fmt.Sprintf("the header cannot be read: %s: %s", r.reason, r.detail),
				Hint: "is the delimiter another one? format: {csv: {delimiter: \";\"}}"}
		case !ok:
			continue
		}
		var names []string
		seen := map[string]bool{}
		for n, name := range found {
			if !config.Header {
				name = fmt.Sprintf("column%d", n+1)
			}
			if seen[name] && name != "" {
				return nil, &Problem{Message: "the header has two columns " + quoteText([]byte(name)),
					Hint: "write the other columns: what is not declared is not read"}
			}
			if seen[name] = true; name != "" {
				names = append(names, name)
			}
		}
		return inferTexts(lines[i:], names, o)
	}
	return nil, ErrNoRecord
}

// inferKV finds the keys of the lines that can be read.
func inferKV(lines [][]byte, o DecoderOptions) (*Shape, error) {
	r := newKVReader(cells{}, o.Config)
	var names []string
	seen := map[string]bool{}
	for _, line := range lines[:min(len(lines), InferRecords)] {
		keys, ok := r.keys(line)
		if !ok {
			continue
		}
		for _, k := range keys {
			if k != "" && !seen[k] {
				seen[k] = true
				names = append(names, k)
			}
		}
	}
	return inferTexts(lines, names, o)
}

// keys are the keys of a record, in order.
func (r *kvReader) keys(b []byte) (keys []string, ok bool) {
	for i := 0; ; {
		for i < len(b) && (blank(b[i]) || r.ends(b[i])) {
			i++
		}
		if i == len(b) {
			return keys, true
		}
		key, end := r.keyAt(b, i)
		if end < 0 {
			return nil, false
		}
		keys = append(keys, string(key))
		if _, i = r.textAt(b, end, false); i < 0 {
			return nil, false
		}
	}
}

// inferTexts reads the records with each column as a text, and finds what the texts of each have in common.
func inferTexts(lines [][]byte, names []string, o DecoderOptions) (*Shape, error) {
	if len(names) == 0 {
		return nil, ErrNoRecord
	}
	fields := make([]arrow.Field, len(names))
	for i, name := range names {
		fields[i] = arrow.Field{Name: name, Type: schema.String, Nullable: true}
	}
	o.Schema, o.Allocator, o.Now = arrow.NewSchema(fields, nil), memory.DefaultAllocator, time.Now
	d := NewDecoder(o)
	defer d.Close()
	for _, line := range lines {
		if d.Decode(line); d.Pending() == InferRecords {
			break
		}
	}
	b := d.Batch(time.Time{})
	if b == nil {
		return nil, ErrNoRecord
	}
	defer b.Release()
	if b.Rows() == 0 {
		return nil, ErrNoRecord
	}
	all := &Shape{Loose: true}
	for i, name := range names {
		column, s := b.Record.Column(i).(*array.String), all.Field(name)
		for row := range column.Len() {
			class := NullClass
			if !column.IsNull(row) {
				class = textClass([]byte(column.Value(row)))
			}
			if err := s.Add(class, name); err != nil {
				return nil, err
			}
		}
	}
	return all, nil
}

// textClass is the class of a value that is written as a text without quotes that would tell a string. What a number would
// not give back as it was, a postal code or a telephone number, is a text.
func textClass(text []byte) Class {
	digits := bytes.TrimPrefix(text, []byte("-"))
	switch {
	case len(digits) == 0:
		return TextClass
	case digits[0]-'0' > 9 && digits[0] != '.':
		if _, ok := parseBool(text); ok {
			return BoolClass
		}
		return TextClass
	case len(digits) > 1 && digits[0] == '0' && digits[1]-'0' <= 9:
		return timeClass(text)
	}
	if _, err := parseInt(text); err == nil {
		return IntClass
	}
	var c cells
	if _, err := c.parseFloat(text); err == nil && bytes.ContainsAny(text, ".eE") {
		return FloatClass
	}
	return timeClass(text)
}
