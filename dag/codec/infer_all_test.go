package codec

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"pgregory.net/rapid"
)

// The short cut for records of a form that was seen changes nothing; texts are of one form here, as what form they have is seen of the first
// records only.
func TestInferenceOfAllRecords(t *testing.T) {
	value := func(r *rapid.T) any {
		scalar := []any{nil, true, false, 1, -7, 1.5, 2e300, json.Number("123456789012345678901"), "x", `q"\`, "e,1]"}
		switch rapid.IntRange(0, 5).Draw(r, "kind") {
		case 0:
			return map[string]any{}
		case 1:
			return map[string]any{rapid.SampledFrom([]string{"x", "y"}).Draw(r, "name"): rapid.SampledFrom(scalar).Draw(r, "value")}
		case 2:
			one := rapid.SampledFrom(scalar).Draw(r, "element")
			return []any{one, one, nil, one}[:rapid.IntRange(0, 4).Draw(r, "length")]
		}
		return rapid.SampledFrom(scalar).Draw(r, "scalar")
	}
	rapid.Check(t, func(r *rapid.T) {
		some := rapid.SliceOfN(rapid.Custom(func(r *rapid.T) string {
			row := map[string]any{}
			for range rapid.IntRange(1, 3).Draw(r, "fields") {
				row[rapid.SampledFrom([]string{"a", "b", `c"d`, "e:f"}).Draw(r, "field")] = value(r)
			}
			text, err := json.Marshal(row)
			if err != nil {
				r.Fatal(err)
			}
			return string(text)
		}), 1, 8).Draw(r, "rows")
		short, long := NewInference(DecoderOptions{Format: "json"}), NewInference(DecoderOptions{Format: "json"})
		short.records = InferRecords
		give := func(n *Inference) string {
			for _, row := range append(some, some...) {
				if err := n.Add([]byte(row)); err != nil {
					text, _, _ := strings.Cut(err.Error(), " in line")
					return text
				}
			}
			s, err := n.Schema()
			return fmt.Sprint(s, err)
		}
		if a, b := give(short), give(long); a != b {
			r.Fatalf("%q: by form %s, by all %s", some, a, b)
		}
		var one *arrow.Schema
		one, err := Infer(strings.NewReader(strings.Join(some, "\n")), DecoderOptions{Format: "json"})
		if b := give(NewInference(DecoderOptions{Format: "json"})); err == nil && b != fmt.Sprint(one, nil) {
			r.Fatalf("%q: %s, and Infer gives %s", some, b, one)
		}
	})
}

func TestInferenceSeesLateColumns(t *testing.T) {
	for _, c := range []struct{ format, row, last, want string }{
		{"json", `{"a":1}`, `{"a":1.5,"late":{"x":[true]}}`, "a: type=float64, nullable late: type=struct<x: list<item: bool, nullable> nullable>, nullable"},
		{"kv", "a=1", "a=1.5 late=x", "a: type=float64, nullable late: type=utf8, nullable"},
		{"json", "", "nothing", "no record"},
	} {
		n := NewInference(DecoderOptions{Format: c.format})
		for range 3*InferRecords + 7 {
			if err := n.Add([]byte(c.row)); err != nil {
				t.Fatal(err)
			}
		}
		if err := n.Add([]byte(c.last)); err != nil {
			t.Fatal(err)
		}
		s, err := n.Schema()
		got := ""
		if err != nil {
			got = err.Error()
		} else {
			for _, f := range s.Fields() {
				got += " " + f.String()
			}
		}
		if got = strings.TrimSpace(got); got != c.want {
			t.Errorf("%s: got %s", c.format, got)
		}
	}
}
