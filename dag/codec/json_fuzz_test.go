package codec

import (
	"bytes"
	"encoding/json"
	"io"
	"math"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"flowrun/dag/schema"
)

// fuzzed is a schema of types whose values encoding/json can judge.
var fuzzed = arrow.NewSchema([]arrow.Field{
	column("b", schema.Bool),
	column("i", schema.Int),
	column("f", schema.Float),
	column("s", schema.String),
	column("l", schema.List(schema.Int)),
	column("m", schema.Map(schema.String)),
	column("o", schema.Struct(column("s", schema.String), column("f", schema.Float))),
}, nil)

// oracle decodes a record by encoding/json and our own rules on top of its tokens; ok says that it is a row.
func oracle(record []byte) (row map[string]any, ok bool) {
	if !json.Valid(record) || !utf8.Valid(record) || halfSurrogate(record) || depth(record) > maxDepth {
		return nil, false
	}
	dec := json.NewDecoder(bytes.NewReader(record))
	dec.UseNumber()
	if token, _ := dec.Token(); token != json.Delim('{') {
		return nil, false
	}
	return members(dec, fuzzed.Fields())
}

// members reads an object whose brace was read. Keys are compared exactly, and a declared one may come only once.
func members(dec *json.Decoder, fields []arrow.Field) (map[string]any, bool) {
	row := map[string]any{}
	for _, f := range fields {
		row[f.Name] = nil
	}
	seen := map[string]bool{}
	ok := true
	for dec.More() {
		key, _ := dec.Token()
		name := key.(string)
		_, declared := row[name]
		if !declared {
			var skipped json.RawMessage
			if dec.Decode(&skipped) != nil {
				return nil, false
			}
			continue
		}
		var raw json.RawMessage
		if dec.Decode(&raw) != nil || seen[name] {
			return nil, false
		}
		seen[name] = true
		for _, f := range fields {
			if f.Name == name {
				v, fits := wanted(f.Type, raw)
				row[name], ok = v, ok && fits
			}
		}
	}
	_, err := dec.Token()
	return row, ok && err == nil
}

func wanted(t arrow.DataType, raw []byte) (any, bool) {
	raw = bytes.TrimSpace(raw)
	if string(raw) == "null" {
		return nil, true
	}
	switch t := t.(type) {
	case *arrow.BooleanType:
		return string(raw) == "true", string(raw) == "true" || string(raw) == "false"
	case *arrow.Int64Type:
		v, err := strconv.ParseInt(string(raw), 10, 64)
		return v, err == nil
	case *arrow.Float64Type:
		if raw[0] != '-' && (raw[0] < '0' || raw[0] > '9') {
			return nil, false
		}
		v, err := strconv.ParseFloat(string(raw), 64)
		return v, err == nil
	case *arrow.StringType:
		var s string
		if raw[0] != '"' || json.Unmarshal(raw, &s) != nil {
			return nil, false
		}
		return s, true
	case *arrow.ListType:
		var elems []json.RawMessage
		if raw[0] != '[' || json.Unmarshal(raw, &elems) != nil {
			return nil, false
		}
		out := []any{}
		for _, e := range elems {
			v, ok := wanted(t.Elem(), e)
			if !ok {
				return nil, false
			}
			out = append(out, v)
		}
		return out, true
	case *arrow.MapType:
		if raw[0] != '{' {
			return nil, false
		}
		dec := json.NewDecoder(bytes.NewReader(raw))
		dec.Token()
		out := map[string]any{}
		for dec.More() {
			key, _ := dec.Token()
			var value json.RawMessage
			if _, twice := out[key.(string)]; twice || dec.Decode(&value) != nil {
				return nil, false
			}
			v, ok := wanted(t.ItemType(), value)
			if !ok {
				return nil, false
			}
			out[key.(string)] = v
		}
		return out, true
	case *arrow.StructType:
		if raw[0] != '{' {
			return nil, false
		}
		dec := json.NewDecoder(bytes.NewReader(raw))
		dec.UseNumber()
		dec.Token()
		return members(dec, t.Fields())
	}
	panic(t)
}

// halfSurrogate reports whether a valid JSON text has an escape that is half a surrogate pair.
func halfSurrogate(b []byte) bool {
	for i := 0; i < len(b); i++ {
		if b[i] != '\\' {
			continue
		}
		i++
		if b[i] != 'u' {
			continue
		}
		v, _ := strconv.ParseUint(string(b[i+1:i+5]), 16, 32)
		i += 4
		if v < 0xd800 || v > 0xdfff {
			continue
		}
		if v > 0xdbff || i+6 >= len(b) || b[i+1] != '\\' || b[i+2] != 'u' {
			return true
		}
		if w, _ := strconv.ParseUint(string(b[i+3:i+7]), 16, 32); w < 0xdc00 || w > 0xdfff {
			return true
		}
		i += 6
	}
	return false
}

// depth is how deep a valid JSON text is nested.
func depth(b []byte) (deepest int) {
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.UseNumber()
	at := 0
	for {
		token, err := dec.Token()
		if err == io.EOF {
			return deepest
		}
		switch token {
		case json.Delim('{'), json.Delim('['):
			at++
			deepest = max(deepest, at)
		case json.Delim('}'), json.Delim(']'):
			at--
		}
	}
}

// value is the value of an array as the oracle has it.
func value(arr arrow.Array, i int) any {
	if arr.IsNull(i) {
		return nil
	}
	switch a := arr.(type) {
	case *array.Boolean:
		return a.Value(i)
	case *array.Int64:
		return a.Value(i)
	case *array.Float64:
		return a.Value(i)
	case *array.String:
		return a.Value(i)
	case *array.Map:
		out := map[string]any{}
		for from, to := a.ValueOffsets(i); from < to; from++ {
			out[a.Keys().(*array.String).Value(int(from))] = value(a.Items(), int(from))
		}
		return out
	case *array.List:
		out := []any{}
		for from, to := a.ValueOffsets(i); from < to; from++ {
			out = append(out, value(a.ListValues(), int(from)))
		}
		return out
	case *array.Struct:
		out := map[string]any{}
		for j, f := range a.DataType().(*arrow.StructType).Fields() {
			out[f.Name] = value(a.Field(j), i)
		}
		return out
	}
	panic(arr)
}

// same compares values; of floats also the sign of zero.
func same(a, b any) bool {
	switch a := a.(type) {
	case float64:
		b, ok := b.(float64)
		return ok && math.Float64bits(a) == math.Float64bits(b)
	case []any:
		b, ok := b.([]any)
		if !ok || len(a) != len(b) {
			return false
		}
		for i := range a {
			if !same(a[i], b[i]) {
				return false
			}
		}
		return true
	case map[string]any:
		b, ok := b.(map[string]any)
		if !ok || len(a) != len(b) {
			return false
		}
		for k := range a {
			if !same(a[k], b[k]) {
				return false
			}
		}
		return true
	}
	return a == b
}

// FuzzJSON holds the decoder against encoding/json: what is a row, and with which values. The record is decoded between
// two others, so that it is seen if it spoils them, and twice, since the decoder learns the order of keys.
func FuzzJSON(f *testing.F) {
	for _, v := range append(append([]string{}, validValues...), invalidValues...) {
		f.Add([]byte(`{"x":` + v + `,"l":[1]}`))
	}
	for _, seed := range []string{
		`{"b":true,"i":-12,"f":1.5e-3,"s":"a\u0041\n","l":[1,null],"m":{"k":"v","l":null},"o":{"s":"x","f":2}}`,
		`{"o":{"f":1,"f":2}}`, `{"m":{"a":"1","\u0061":"2"}}`, `{"i":1.0}`, `{"i":9223372036854775808}`, `{"f":-0}`,
		`{"f":0.1234567890123456789012345678901234567890e-5}`, `{"i":1,"I":2}`, `{"s":"\ud83d\ude39 é"}`, `{"l":[[1]]}`, ` `, `{}{}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, record []byte) {
		d := decoder(t, "json", fuzzed)
		before, after := []byte(`{"s":"before","l":[7]}`), []byte(`{"m":{"a":"after"},"o":{"f":1}}`)
		for _, r := range [][]byte{before, record, after, record} {
			d.Decode(r)
		}
		b := d.Batch(noon)
		defer b.Release()
		for i, c := range b.Record.Columns() {
			if err := array.ValidateFull(c); err != nil {
				t.Fatalf("column %d: %v", i, err)
			}
		}
		got := rows(b)
		nulls := `"b":null,"i":null,"f":null,`
		if got[0] != `{`+nulls+`"s":"before","l":[7],"m":null,"o":null}` {
			t.Fatalf("the row before it: %s", got[0])
		}
		want, ok := oracle(record)
		if strings.Trim(string(record), " \t\r\n") == "" {
			if len(got) != 2 || len(b.Rejects) != 0 {
				t.Fatalf("a blank record: %s, %+v", got, b.Rejects)
			}
			return
		}
		if !ok {
			if len(got) != 2 || len(b.Rejects) != 2 {
				t.Fatalf("should be rejected: %s", got)
			}
			if r := b.Rejects[0]; r.Reason == "" || !utf8.ValidString(r.Detail) || !bytes.Equal(r.Raw, record) {
				t.Fatalf("reject: %+v", r)
			}
			return
		}
		if len(got) != 4 {
			t.Fatalf("should be a row, but: %+v", b.Rejects)
		}
		if got[2] != `{`+nulls+`"s":null,"l":null,"m":{"a":"after"},"o":{"s":null,"f":1.0}}` {
			t.Fatalf("the row behind it: %s", got[2])
		}
		for _, row := range []int{1, 3} {
			for i, field := range fuzzed.Fields() {
				if v := value(b.Record.Column(i), row); !same(v, want[field.Name]) {
					t.Fatalf("%s is %#v, want %#v", field.Name, v, want[field.Name])
				}
			}
			// What is written must be what was read.
			var back any
			if err := json.Unmarshal([]byte(got[row]), &back); err != nil {
				t.Fatalf("written: %s: %v", got[row], err)
			}
		}
	})
}
