package pipetest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"flowrun/dag/batch"
	"flowrun/dag/diag"
	"flowrun/dag/plan"
	"flowrun/dag/spec"
)

// rows are the rows at one place: as written, or the file that holds them.
type rows struct {
	at    diag.Span
	items []*spec.Value
	file  string // where they stand in a file
	none  bool   // which is not there yet
}

// readRows reads `[...]` or `{file: PATH}`. create says that a file that is missing will be written.
func readRows(v *spec.Value, at diag.Span, create bool, list *diag.List) (r rows, ok bool) {
	r.at = at
	report := func(at diag.Span, message, hint string) {
		list.Add(diag.Diagnostic{Code: CodeRows, At: at, Message: message, Hint: hint})
	}
	switch {
	case v.Broken():
		return r, false
	case v.Kind == spec.List:
		r.items = v.Items
		return r, true
	case v.Kind == spec.Map && len(v.Entries) == 1 && v.Entries[0].Key == "file" && v.Entries[0].Value.Kind == spec.Scalar:
	default:
		report(at, "rows are a list, or a file that holds them", "[{word: be, count: 2}], [] for none, or {file: rows.json}")
		return r, false
	}
	path := v.Entries[0].Value.Text
	r.file = path.Value
	if !filepath.IsAbs(r.file) {
		r.file = filepath.Join(filepath.Dir(at.File), r.file)
	}
	content, err := os.ReadFile(r.file)
	if errors.Is(err, fs.ErrNotExist) && create {
		r.none = true
		return r, true
	}
	if err != nil {
		hint := ""
		if errors.Is(err, fs.ErrNotExist) {
			hint = "a relative path starts at " + filepath.Dir(at.File) + "; `flowrun test --update` writes files of expected rows"
		}
		report(path.At, "the rows cannot be read: "+err.Error(), hint)
		return r, false
	}
	if r.items, err = parseJSON(r.file, content); err != nil {
		report(path.At, r.file+err.Error(), "one JSON object a line, or an array of them")
		return r, false
	}
	return r, true
}

// parseJSON reads rows of JSON, one behind another or in an array, as values with their lines.
func parseJSON(path string, content []byte) ([]*spec.Value, error) {
	d := json.NewDecoder(bytes.NewReader(content))
	d.UseNumber()
	p := jsonRows{d: d, path: path, content: content}
	var items []*spec.Value
	for {
		v, err := p.value()
		if errors.Is(err, io.EOF) {
			return items, nil
		}
		if err != nil {
			return nil, fmt.Errorf(":%d: %w", p.place().Line, err)
		}
		if v.Kind == spec.List {
			items = append(items, v.Items...)
		} else {
			items = append(items, v)
		}
	}
}

type jsonRows struct {
	d       *json.Decoder
	path    string
	content []byte
}

func (p *jsonRows) place() diag.Span {
	to := min(int(p.d.InputOffset()), len(p.content))
	return diag.Span{File: p.path, Line: 1 + bytes.Count(p.content[:to], []byte{'\n'})}
}

func (p *jsonRows) value() (*spec.Value, error) {
	token, err := p.d.Token()
	if err != nil {
		return nil, err
	}
	v := &spec.Value{Kind: spec.Scalar, At: p.place()}
	switch t := token.(type) {
	case nil:
		v.Kind = spec.Null
	case bool:
		v.Text.Value = fmt.Sprint(t)
	case json.Number:
		v.Text.Value = t.String()
	case string:
		v.Text.Value, v.Quoted = t, true
	case json.Delim:
		v.Kind = spec.List
		if t == '{' {
			v.Kind = spec.Map
		}
		for p.d.More() {
			var e spec.Entry
			if v.Kind == spec.Map {
				key, err := p.d.Token()
				if err != nil {
					return nil, unexpected(err)
				}
				e.Key, e.KeyAt = key.(string), p.place()
			}
			if e.Value, err = p.value(); err != nil {
				return nil, unexpected(err)
			}
			if v.Kind == spec.Map {
				v.Entries = append(v.Entries, e)
			} else {
				v.Items = append(v.Items, e.Value)
			}
		}
		if _, err := p.d.Token(); err != nil {
			return nil, unexpected(err)
		}
	}
	v.Text.At = v.At
	return v, nil
}

// unexpected makes an end in the middle of a value another one than the end of the rows.
func unexpected(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// inputRows reads rows for a source. A column that a row does not name is null.
func inputRows(r rows, of string, s *arrow.Schema, list *diag.List) *batch.Batch {
	b := batch.NewBuilder(s, memory.DefaultAllocator)
	defer b.Release()
	for _, item := range r.items {
		readRow(b, item, of, true, list)
	}
	return b.Batch()
}

// row is an expected row: the columns that it names.
type row struct {
	at     diag.Span
	values object
}

// expectedRows reads rows that are expected of a node or output.
func expectedRows(r rows, of string, s *arrow.Schema, list *diag.List) []row {
	b := batch.NewBuilder(s, memory.DefaultAllocator)
	defer b.Release()
	named := make([][]string, len(r.items))
	for i, item := range r.items {
		named[i] = readRow(b, item, of, false, list)
	}
	all := b.Batch()
	defer all.Release()
	out := make([]row, len(r.items))
	for i, item := range r.items {
		full := rowOf(all, i)
		out[i] = row{at: item.At, values: make(object, 0, len(named[i]))}
		for _, name := range named[i] {
			v, _ := full.get(name)
			out[i].values = append(out[i].values, member{name, v})
		}
	}
	return out
}

// readRow appends a row and returns the columns that it names. of names the node or output for messages; given: the row is
// one of a source, so that a column that is never null has to have a value.
func readRow(b *batch.Builder, item *spec.Value, of string, given bool, list *diag.List) []string {
	s := b.Schema()
	r := cells{list}
	var known, named []string
	for _, f := range s.Fields() {
		known = append(known, f.Name)
	}
	get := item.Get
	if item.Kind != spec.Map {
		column := only(of, s)
		if column == "" {
			if !item.Broken() {
				list.Add(diag.Diagnostic{Code: CodeRow, At: item.At,
					Message: fmt.Sprintf("a row of %s has %d columns, so it is a map of them", of, len(known)),
					Hint:    "{" + strings.Join(known, ": ..., ") + ": ...}"})
			}
		} else {
			named = []string{column}
		}
		get = func(name string) *spec.Value {
			if name == column {
				return item
			}
			return nil
		}
	}
	for _, e := range item.Entries {
		if s.HasField(e.Key) {
			named = append(named, e.Key)
			continue
		}
		r.unknown(e, of, known)
	}
	for i, f := range s.Fields() {
		v := get(f.Name)
		if given && !f.Nullable && (v == nil || v.Kind == spec.Null) && !item.Broken() {
			list.Add(diag.Diagnostic{Code: CodeRow, At: item.At, Hint: "add " + f.Name + ": ...",
				Message: fmt.Sprintf("%s is never null in %s, and this row has no value for it", f.Name, of)})
		}
		r.read(b.Column(i), v, f.Name)
	}
	return named
}

// only is the column that a row means which is no map: the one there is, or the reason of a reject.
func only(of string, s *arrow.Schema) string {
	if s.NumFields() == 1 {
		return s.Field(0).Name
	}
	if strings.HasSuffix(of, "."+plan.RejectedOutput) {
		return "reason"
	}
	return ""
}
