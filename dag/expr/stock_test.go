package expr

import (
	"fmt"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/expr-lang/expr"
	"pgregory.net/rapid"

	"flowrun/dag/batch"
	"flowrun/dag/schema"
)

// Plain expr is the oracle for rows without null and without overflow.

// stockRow is a row for both: what plain expr sees, and the same in a batch.
type stockRow struct {
	I, J   int
	F, G   float64
	S, T   string
	B, C   bool
	L      []int
	W      []string
	At     time.Time
	Dur    time.Duration
	Person struct {
		Name string
		Age  int
	}
}

var stockSchema = arrow.NewSchema([]arrow.Field{
	{Name: "I", Type: schema.Int}, {Name: "J", Type: schema.Int}, {Name: "F", Type: schema.Float}, {Name: "G", Type: schema.Float},
	{Name: "S", Type: schema.String}, {Name: "T", Type: schema.String}, {Name: "B", Type: schema.Bool}, {Name: "C", Type: schema.Bool},
	{Name: "L", Type: schema.List(schema.Int)}, {Name: "W", Type: schema.List(schema.String)},
	{Name: "At", Type: schema.Timestamp}, {Name: "Dur", Type: schema.Duration},
	{Name: "Person", Type: schema.Struct(arrow.Field{Name: "Name", Type: schema.String}, arrow.Field{Name: "Age", Type: schema.Int})},
}, nil)

func (r stockRow) batch(t reporter) *batch.Batch {
	t.Helper()
	b := array.NewRecordBuilder(memory.DefaultAllocator, stockSchema)
	for i, v := range []any{r.I, r.J, r.F, r.G, r.S, r.T, r.B, r.C, r.L, r.W, r.At, r.Dur, r.Person} {
		if err := appendValue(b.Field(i), ours(v)); err != nil {
			t.Fatalf("%v", err)
		}
	}
	return batch.New(b.NewRecordBatch())
}

// ours makes a value of plain expr one of the machine.
func ours(v any) any {
	switch v := v.(type) {
	case nil, bool, string, float64, int64, []byte:
		return v
	case time.Time:
		return time.UnixMicro(v.UnixMicro()).UTC()
	case time.Duration:
		return microsOf(v)
	}
	r := reflect.ValueOf(v)
	switch r.Kind() {
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return r.Int()
	case reflect.Uint8:
		return int64(r.Uint())
	case reflect.Slice, reflect.Array:
		list := make([]any, r.Len())
		for i := range list {
			list[i] = ours(r.Index(i).Interface())
		}
		return list
	case reflect.Map:
		m := map[string]any{}
		for _, k := range r.MapKeys() {
			m[fmt.Sprint(k.Interface())] = ours(r.MapIndex(k).Interface())
		}
		return m
	case reflect.Struct:
		m := map[string]any{}
		for i := range r.NumField() {
			m[r.Type().Field(i).Name] = ours(r.Field(i).Interface())
		}
		return m
	}
	return fmt.Sprintf("%T", v)
}

// likeStock compares values; an int of expr's may be a float of ours, where ours took the common type.
func likeStock(a, b any) bool {
	switch x := a.(type) {
	case int64:
		if y, ok := b.(float64); ok {
			return float64(x) == y
		}
	case float64:
		if y, ok := b.(int64); ok {
			return x == float64(y)
		}
		if y, ok := b.(float64); ok && math.IsNaN(x) {
			return math.IsNaN(y)
		}
	case []any:
		y, ok := b.([]any)
		if !ok || len(x) != len(y) {
			return false
		}
		for i := range x {
			if !likeStock(x[i], y[i]) {
				return false
			}
		}
		return true
	case map[string]any:
		y, ok := b.(map[string]any)
		if !ok || len(x) != len(y) {
			return false
		}
		for k := range x {
			if !likeStock(x[k], y[k]) {
				return false
			}
		}
		return true
	}
	return equalValues(a, b)
}

type reporter interface {
	Helper()
	Fatalf(string, ...any)
}

// againstStock runs a text on both.
func againstStock(t reporter, text string, row stockRow, rows *batch.Batch) {
	t.Helper()
	againstStockIn(t, text, stockRow{}, row, stockSchema, rows)
}

func againstStockIn(t reporter, text string, env, row any, columns *arrow.Schema, rows *batch.Batch) {
	t.Helper()
	program, err := expr.Compile(text, expr.Env(env), expr.Optimize(false))
	if err != nil {
		t.Fatalf("plain expr refuses %s: %v", text, err)
	}
	want, stockErr := expr.Run(program, row)
	p, list := Compile(plainText(text), &Env{Schema: columns})
	if p == nil {
		t.Fatalf("%s: %v", text, list)
	}
	m, err := newMachine(p.root.AST, p.env, p.Type())
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	got, failure := m.Row(rows, 0, 0)
	kernelsGive(t, p, rows, got, failure)
	switch {
	case failure != nil && wraps(*failure): // where plain expr computes something without a meaning
	case stockErr != nil && failure == nil:
		t.Fatalf("%s over %+v: plain expr fails with %v, the machine gives %s", text, row, stockErr, renderValue(got))
	case stockErr == nil && failure != nil:
		t.Fatalf("%s over %+v: plain expr gives %v, the machine fails with %+v", text, row, want, *failure)
	case stockErr == nil && !likeStock(ours(want), got):
		t.Fatalf("%s over %+v: plain expr gives %v, the machine %s", text, row, want, renderValue(got))
	}
}

// kernelsGive holds what the evaluator makes of the first row to what the machine made of it.
func kernelsGive(t reporter, p *Program, rows *batch.Batch, want any, failure *batch.Failure) {
	t.Helper()
	e := p.Evaluator(memory.DefaultAllocator)
	defer e.Close()
	values, failed, err := e.Eval(rows)
	if err != nil {
		t.Fatalf("%s: %v", p.Text(), err)
	}
	defer values.Release()
	switch {
	case failure != nil && len(failed) == 1 && failed[0] == *failure:
		return
	case failure != nil || len(failed) > 0:
		t.Fatalf("%s: the machine fails with %v, the evaluator with %v", p.Text(), failure, failed)
	}
	b := array.NewBuilder(memory.DefaultAllocator, values.DataType())
	defer b.Release()
	if err := appendValue(b, want); err != nil {
		t.Fatalf("%s: %v", p.Text(), err)
	}
	expected := b.NewArray()
	defer expected.Release()
	x, _ := readValue(values, 0)
	y, _ := readValue(expected, 0)
	if !identical(x, y) {
		t.Fatalf("%s: the machine gives %s, the evaluator %s", p.Text(), renderValue(y), renderValue(x))
	}
}

// wraps reports a rejection of what does not fit into 64 bits.
func wraps(f batch.Failure) bool {
	switch f.Reason {
	case reasonOverflow, reasonTimeRange:
		return true
	case reasonCast:
		return strings.Contains(f.Detail, "NaN") || strings.Contains(f.Detail, "Inf") || strings.Contains(f.Detail, "e+")
	}
	return false
}

func exampleRow() stockRow {
	r := stockRow{I: 7, J: -3, F: 2.5, G: 4, S: "Hello, world", T: "world", B: true, L: []int{3, 1, 2, 3}, W: []string{"b", "a", "c", "b"},
		At: time.Date(2026, 3, 29, 13, 45, 59, 123456000, time.UTC), Dur: 90*time.Minute + 30*time.Second}
	r.Person.Name, r.Person.Age = "Ann", 30
	return r
}

// TestLikePlainExpr holds every builtin and operator to what plain expr computes of values that are not null.
func TestLikePlainExpr(t *testing.T) {
	row := exampleRow()
	rows := row.batch(t)
	for _, text := range strings.Split(strings.TrimSpace(likeStockTexts), "\n") {
		if text = strings.TrimSpace(text); text != "" {
			t.Run(text, func(t *testing.T) { againstStock(t, text, row, rows) })
		}
	}
}

// texts generates expressions that both can type, by the kind of their result.
type texts struct{ t *rapid.T }

func (g texts) pick(options ...string) string { return rapid.SampledFrom(options).Draw(g.t, "option") }

// fill replaces each %k of a pattern by an expression of kind k: i f n(umber) s b l w.
func (g texts) fill(pattern string, depth int) string {
	var out strings.Builder
	for i := 0; i < len(pattern); i++ {
		if pattern[i] == '%' && i+1 < len(pattern) && strings.IndexByte("ifnsblw", pattern[i+1]) >= 0 {
			i++
			out.WriteString(g.of(pattern[i], depth-1))
			continue
		}
		out.WriteByte(pattern[i])
	}
	return out.String()
}

func (g texts) of(kind byte, depth int) string {
	leaves := map[byte][]string{
		'i': {"I", "J", "0", "1", "3", "Person.Age", "len(S)"},
		'f': {"F", "G", "0.5", "2.0"},
		'n': {"I", "F", "2", "1.5"},
		's': {"S", "T", `"a"`, `""`, "Person.Name"},
		'b': {"B", "C", "true"},
		'l': {"L", "[1, 2, 3]", "1..4"},
		'w': {"W", `["x", "a"]`},
	}[kind]
	if depth <= 0 {
		return g.pick(leaves...)
	}
	patterns := map[byte][]string{
		'i': {"(%i + %i)", "(%i - %i)", "(%i * %i)", "(%i % %i)", "-(%i)", "abs(%i)", "(%b ? %i : %i)", "int(%n)", "len(%s)", "len(%l)", "sum(%l)", "count(%l, # > %i)",
			"indexOf(%s, %s)", "lastIndexOf(%s, %s)", "(%l)[0]", "(%l)[%i]", "(find(%l, # > %i) ?? %i)", "bitand(%i, %i)", "(let v = %i; v + v)", "reduce(%l, #acc + #, %i)", "(findIndex(%l, # == %i) ?? 0)"},
		'f': {"(%n / %n)", "(%f + %n)", "(%f * %n)", "(%n - %f)", "-(%f)", "abs(%f)", "ceil(%n)", "floor(%n)", "round(%n)", "(%b ? %f : %f)", "mean(%l)", "median(%l)", "float(%i)", "max(%f, %n)"},
		'n': {"%i", "%f", "max(%i, %i)", "min(%n, %n)"},
		's': {"(%s + %s)", "upper(%s)", "lower(%s)", "trim(%s)", "trim(%s, %s)", "replace(%s, %s, %s)", "trimPrefix(%s, %s)", "string(%i)", "string(%f)", "string(%b)", "join(%w, %s)", "(%b ? %s : %s)", "(%s)[%i:]", "(%s)[:%i]", "(%w)[0]",
			"(first(%w) ?? %s)", "toBase64(%s)", "string(%l)", "toJSON(%i)"},
		'b': {"(%b and %b)", "(%b || %b)", "not (%b)", "%n < %n", "%n >= %n", "%i == %i", "%f != %n", "%s == %s", "%s < %s", "%s contains %s", "%s startsWith %s", "%i in %l", "%s in %w", "any(%l, # > %i)", "all(%w, # != %s)", "none(%l, # == %i)", "(%b ? %b : %b)",
			"hasSuffix(%s, %s)", "%l == %l", "(%i in 1..%i)", "%s matches \"^[a-h]\""},
		'l': {"filter(%l, # > %i)", "map(%l, # * 2 - %i)", "map(%w, len(#))", "concat(%l, %l)", "reverse(%l)", "sort(%l)", "uniq(%l)", "take(%l, 2)", "(%l)[1:]", "(%l)[:%i]", "[%i, %i]", "map(%l, #index)", "sortBy(%l, -#)", "flatten([%l, %l])"},
		'w': {"split(%s, %s)", "filter(%w, # != %s)", "map(%w, upper(#))", "sort(%w)", "concat(%w, %w)", "[%s, %s]", "map(%l, string(#))", "uniq(%w)"},
	}[kind]
	return g.fill(g.pick(patterns...), depth)
}

// TestMachineIsPlainExpr compares the rewritten machine with plain expr on random expressions and rows.
func TestMachineIsPlainExpr(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		words := rapid.SampledFrom([]string{"", "a", "b", "Hello", "a,b", " x ", "abc"})
		row := stockRow{
			I: rapid.IntRange(-5, 9).Draw(t, "I"), J: rapid.IntRange(-1000, 1000).Draw(t, "J"),
			F: float64(rapid.IntRange(-8, 8).Draw(t, "F")) / 4, G: rapid.Float64Range(-1e6, 1e6).Draw(t, "G"),
			S: words.Draw(t, "S"), T: words.Draw(t, "T"), B: rapid.Bool().Draw(t, "B"), C: rapid.Bool().Draw(t, "C"),
			L: rapid.SliceOfN(rapid.IntRange(-3, 5), 0, 5).Draw(t, "L"), W: rapid.SliceOfN(words, 0, 4).Draw(t, "W"),
		}
		row.Person.Name = "ann"
		text := texts{t}.of(rapid.SampledFrom([]byte("ifsblw")).Draw(t, "kind"), 3)
		againstStock(t, text, row, row.batch(t))
	})
}
