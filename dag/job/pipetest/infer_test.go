package pipetest_test

import (
	"strings"
	"testing"

	"flowrun/dag/job/pipetest"
)

func TestTypesAreInferredFromAllRows(t *testing.T) {
	for _, c := range []struct{ rows, expr, want string }{
		{`{"a":1}`, "a", "int"},
		{`{"a":1} {"a":1.0}`, "a", "float"},
		{`{"a":1.5} {"a":1}`, "a", "float"},
		{`{"a":123456789012345678901}`, "a", "float"},
		{`{"a":true}`, "a", "bool"},
		{`{"a":"1"}`, "a", "string"},
		{`{"a":"2026-01-01T00:00:00Z"}`, "a", "string"},
		{`{"a":null}`, "a", "string"},
		{`{"a":null} {"a":7}`, "a", "int"},
		{`{} {"a":7}`, "a", "int"},
		{`{"a":[]}`, "a", "list<string>"},
		{`[{"a":[]}, {"a":[null, 1, 2.5]}]`, "a", "list<float>"},
		{`{"a":{"b":1}} {"a":{"c":"x"}}`, "a", "{b: int, c: string}"},
		{`{"a":[{"b":1}]}`, "a[0].b", "int"},
	} {
		e, list, err := pipetest.Evaluate(c.expr, "rows", []byte(c.rows), true)
		if err != nil || list.HasErrors() {
			t.Error(c.rows, err, list)
			continue
		}
		if e.Type != c.want {
			t.Errorf("%s: %s is of type %s, want %s", c.rows, c.expr, e.Type, c.want)
		}
	}
	for rows, want := range map[string]string{
		`{"a":1} {"a":"x"}`:          "a in row 2 is of type string, but a in row 1 is of type int",
		`{"a":[1,"x"]}`:              "[1] of a in row 1 is of type string, but [0] of a in row 1 is of type int",
		`{"a":1} 7`:                  "row 2 is a single value, not an object",
		"{\"a\":1}\n{\"a\":\n":       "rows:2: unexpected EOF",
		`{"a":1}}`:                   "rows:1: ",
		`{"a":{"b":1}} {"a":[true]}`: "a in row 2 is of type a list",
	} {
		_, _, err := pipetest.Evaluate("1", "rows", []byte(rows), true)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", rows, err, want)
		}
	}
}

func FuzzEvaluateReadsAnyRows(f *testing.F) {
	f.Add(`{"a":1}`)
	f.Add(`[{"a":[{"b":null}]},{"a":null}]`)
	f.Fuzz(func(t *testing.T, rows string) {
		e, _, err := pipetest.Evaluate("1 + 1", "rows", []byte(rows), true)
		if err != nil {
			return
		}
		for _, r := range e.Rows {
			if r.Text != "2" {
				t.Errorf("%+v", r)
			}
		}
	})
}
