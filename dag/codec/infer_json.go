package codec

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// inferJSON finds the shape of lines of objects.
func inferJSON(lines [][]byte) (*Shape, error) {
	all := &Shape{}
	var check jsonDecoder
	records := 0
	for n, line := range lines {
		if records == InferRecords || !check.isObject(line) {
			continue
		}
		records++
		if err := addJSON(all, line, n+1); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// addJSON takes the n-th line, which is an object, into account.
func addJSON(all *Shape, line []byte, n int) error {
	w := shapeWalk{d: json.NewDecoder(bytes.NewReader(line))}
	w.d.UseNumber()
	if err := w.value(all, fmt.Sprintf("line %d", n)); err != nil {
		return &Problem{Message: err.Error(), Hint: "write the columns; one that is left out is not read"}
	}
	return nil
}

// isObject reports whether a record is an object by the grammar.
func (d *jsonDecoder) isObject(record []byte) bool {
	b := d.alone(record)
	i := d.space(b, 0)
	if b[i] != '{' {
		return false
	}
	end := d.skip(b, i, 0)
	return end >= 0 && d.ended(b, d.space(b, end))
}

// shapeWalk goes over one record, whose grammar has been checked.
type shapeWalk struct{ d *json.Decoder }

func (w shapeWalk) value(s *Shape, where string) error {
	token, err := w.d.Token()
	if err != nil {
		return err
	}
	class := NullClass
	switch t := token.(type) {
	case bool:
		class = BoolClass
	case json.Number:
		class = NumberClass(t.String())
	case string:
		class = timeClass([]byte(t))
	case json.Delim:
		if t == '{' {
			return w.object(s, where)
		}
		return w.list(s, where)
	}
	return s.Add(class, where)
}

// object leaves out a field whose name is empty: no column can have that name.
func (w shapeWalk) object(s *Shape, where string) error {
	if err := s.Add(ObjectClass, where); err != nil {
		return err
	}
	for w.d.More() {
		token, err := w.d.Token()
		if err != nil {
			return err
		}
		name := token.(string)
		field := &Shape{}
		if name != "" {
			field = s.Field(name)
		}
		if err := w.value(field, name+" in "+where); err != nil {
			return err
		}
	}
	_, err := w.d.Token()
	return err
}

func (w shapeWalk) list(s *Shape, where string) error {
	if err := s.Add(ListClass, where); err != nil {
		return err
	}
	for i := 0; w.d.More(); i++ {
		if err := w.value(s.Elem(), fmt.Sprintf("[%d] of %s", i, where)); err != nil {
			return err
		}
	}
	_, err := w.d.Token()
	return err
}

// timeClass is the class of a text.
func timeClass(text []byte) Class {
	if _, ok := parseTimestamp(text); ok {
		return TimestampClass
	}
	if _, ok := parseDate(text); ok {
		return DateClass
	}
	return TextClass
}
