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
		i := space(line, 0)
		if i == len(line) || line[i] != '{' || records == InferRecords {
			continue
		}
		if end := check.skip(line, i, 0); end < 0 || space(line, end) < len(line) {
			continue
		}
		records++
		w := shapeWalk{d: json.NewDecoder(bytes.NewReader(line))}
		w.d.UseNumber()
		if err := w.value(all, fmt.Sprintf("line %d", n+1)); err != nil {
			return nil, &Problem{Message: err.Error(), Hint: "write the columns; one that is left out is not read"}
		}
	}
	return all, nil
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
