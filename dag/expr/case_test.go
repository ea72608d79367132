package expr

import (
	"flag"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"flowrun/dag/batch"
	"flowrun/dag/diag"
	"flowrun/dag/schema"
)

var update = flag.Bool("update", false, "write what the cases give into testdata")

// caseColumns are the columns of the text cases, with their value in the one row that there is.
var caseColumns = []struct {
	name     string
	typ      arrow.DataType
	nullable bool
	value    any
}{
	{"i", schema.Int, true, int64(7)},
	{"zero", schema.Int, false, int64(0)},
	{"big", schema.Int, true, int64(math.MaxInt64)},
	{"small", schema.Int, true, int64(math.MinInt64)},
	{"f", schema.Float, true, 2.5},
	{"nan", schema.Float, true, math.NaN()},
	{"s", schema.String, true, "Hello, wörld"},
	{"num", schema.String, true, "42"},
	{"yes", schema.Bool, true, true},
	{"no", schema.Bool, true, false},
	{"b", schema.Bytes, true, []byte("ab\xff")},
	{"at", schema.Timestamp, true, time.Date(2026, 3, 29, 1, 30, 15, 123456000, time.UTC)},
	{"day", schema.Date, true, time.Date(2026, 3, 29, 0, 0, 0, 0, time.UTC)},
	{"d", schema.Duration, true, micros(90 * microsPerMinute)},
	{"xs", schema.List(schema.Int), true, []any{int64(3), nil, int64(1), int64(2)}},
	{"fs", schema.List(schema.Float), true, []any{1.5, 2.5}},
	{"words", schema.List(schema.String), true, []any{"b", "a", nil, "b"}},
	{"m", schema.Map(schema.Int), true, map[string]any{"one": int64(1), "two": int64(2)}},
	{"pos", schema.Struct(arrow.Field{Name: "lat", Type: schema.Float}, arrow.Field{Name: "name", Type: schema.String, Nullable: true}), true,
		map[string]any{"lat": 52.5, "name": nil}},
	{"users", schema.List(schema.Struct(arrow.Field{Name: "name", Type: schema.String}, arrow.Field{Name: "age", Type: schema.Int, Nullable: true})), true,
		[]any{map[string]any{"name": "ann", "age": int64(30)}, map[string]any{"name": "bob", "age": nil}, map[string]any{"name": "cy", "age": int64(20)}}},
	{"js", schema.String, true, `{"a": 1.5, "b": [1, "x", true], "c": {"d": "5"}, "n": null}`},
	{"count", schema.Int, true, int64(5)},
	{"date", schema.Date, true, time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)},
	{"user id", schema.String, true, "u1"},
	{"ni", schema.Int, true, nil},
	{"nf", schema.Float, true, nil},
	{"ns", schema.String, true, nil},
	{"nb", schema.Bool, true, nil},
	{"nat", schema.Timestamp, true, nil},
	{"nday", schema.Date, true, nil},
	{"nd", schema.Duration, true, nil},
	{"nxs", schema.List(schema.Int), true, nil},
	{"nm", schema.Map(schema.Int), true, nil},
	{"npos", schema.Struct(arrow.Field{Name: "lat", Type: schema.Float}), true, nil},
}

func caseEnv() *Env {
	fields := make([]arrow.Field, len(caseColumns))
	for i, c := range caseColumns {
		fields[i] = arrow.Field{Name: c.name, Type: c.typ, Nullable: c.nullable}
	}
	return &Env{Schema: arrow.NewSchema(fields, nil), Of: "rows"}
}

func caseBatch(t testing.TB, env *Env) *batch.Batch {
	t.Helper()
	b := array.NewRecordBuilder(memory.DefaultAllocator, env.Schema)
	for i, c := range caseColumns {
		if err := appendValue(b.Field(i), c.value); err != nil {
			t.Fatal(err)
		}
	}
	rows := batch.New(b.NewRecordBatch())
	rows.Arrived = time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	return rows
}

// TestCases runs the expressions of testdata/*.txt over the one row of caseColumns, on the machine and by column. A line
// that begins with a blank is what the expression before it gives.
func TestCases(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal("no cases", err)
	}
	env := caseEnv()
	rows := caseBatch(t, env)
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			golden(t, file, func(text string) string {
				text = strings.ReplaceAll(text, "⏎", "\n")
				if strings.HasPrefix(filepath.Base(file), "take") {
					return renderTake(text, env)
				}
				return renderCase(t, text, env, rows)
			})
		})
	}
}

// golden compares what give makes of each expression of a file with the lines below it.
func golden(t *testing.T, file string, give func(text string) string) {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	lines := strings.Split(strings.TrimRight(string(data), "\n"), "\n")
	for i := 0; i < len(lines); i++ {
		line := lines[i]
		out.WriteString(line + "\n")
		if line == "" || strings.HasPrefix(line, "## ") {
			continue
		}
		var want strings.Builder
		for i+1 < len(lines) && strings.HasPrefix(lines[i+1], "  ") {
			i++
			want.WriteString(lines[i] + "\n")
		}
		got := give(strings.TrimSuffix(line, "¶"))
		out.WriteString(got)
		if got != want.String() && !*update {
			t.Errorf("%s:\n got:\n%s want:\n%s", line, got, want.String())
		}
	}
	if *update {
		if err := os.WriteFile(file, []byte(out.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func renderCase(t *testing.T, text string, env *Env, rows *batch.Batch) string {
	t.Helper()
	p, list := Compile(diag.Text{Value: text, At: diag.Span{File: "x.yaml", Line: 1, Column: 1}}, env)
	out := renderDiagnostics(text, list)
	if p == nil {
		if !list.HasErrors() {
			t.Errorf("%s: no program and no error", text)
		}
		return out
	}
	m, err := newMachine(p.root.AST, env, p.Type())
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	v, failure := m.Row(rows, 0, 0)
	mark := ""
	if p.Nullable() {
		mark = "?"
	}
	result := "null"
	switch {
	case failure != nil:
		result = "reject: " + failure.Reason
		if failure.Detail != "" {
			result += ": " + failure.Detail
		}
	case v != nil:
		result = renderValue(v)
	}
	if v == nil && failure == nil && !p.Nullable() {
		t.Errorf("%s is null and was proven not to be", text)
	}
	byColumn(t, text, p, rows, v, failure)
	return out + fmt.Sprintf("  %s%s  %s\n", schema.Name(p.Type()), mark, result)
}

// byColumn checks that the evaluator gives what the machine gave.
func byColumn(t *testing.T, text string, p *Program, rows *batch.Batch, want any, failure *batch.Failure) {
	t.Helper()
	e := p.Evaluator(memory.DefaultAllocator)
	defer e.Close()
	values, failed, err := e.Eval(rows)
	if err != nil {
		t.Errorf("%s: %v", text, err)
		return
	}
	defer values.Release()
	if failure != nil {
		if len(failed) != 1 || failed[0] != *failure {
			t.Errorf("%s: by column it fails with %+v, by row with %+v", text, failed, *failure)
		}
		return
	}
	got, err := readValue(values, 0)
	if err != nil || len(failed) > 0 || renderValue(got) != renderValue(want) {
		t.Errorf("%s: by column it is %s (failed %v, %v), by row %s", text, renderValue(got), failed, err, renderValue(want))
	}
}

func renderValue(v any) string {
	switch v := v.(type) {
	case nil:
		return "null"
	case string:
		return strconv.Quote(v)
	case []byte:
		return fmt.Sprintf("b%q", v)
	case float64:
		s := strconv.FormatFloat(v, 'g', -1, 64)
		if !strings.ContainsAny(s, ".eIN") {
			s += ".0"
		}
		return s
	case time.Time:
		return v.Format(time.RFC3339Nano)
	case []any:
		parts := make([]string, len(v))
		for i, e := range v {
			parts[i] = renderValue(e)
		}
		return "[" + strings.Join(parts, ", ") + "]"
	case map[string]any:
		var parts []string
		for _, k := range sortedKeys(v) {
			parts = append(parts, k+": "+renderValue(v[k]))
		}
		return "{" + strings.Join(parts, ", ") + "}"
	}
	return fmt.Sprint(v)
}

// renderDiagnostics draws a caret line under the text for each diagnostic.
func renderDiagnostics(text string, list diag.List) string {
	var out strings.Builder
	for _, d := range list {
		if !strings.Contains(text, "\n") && len(text) < 200 {
			fmt.Fprintf(&out, "  %s\n  %s%s\n", text, strings.Repeat(" ", max(d.At.Column-1, 0)), strings.Repeat("^", d.At.Length))
		}
		fmt.Fprintf(&out, "  %s[%s]: %s\n", d.Severity, d.Code, d.Message)
		if d.Hint != "" {
			fmt.Fprintf(&out, "  hint: %s\n", d.Hint)
		}
	}
	return out.String()
}

func renderTake(text string, env *Env) string {
	take, list := CompileTake(diag.Text{Value: text, At: diag.Span{File: "x.yaml", Line: 1, Column: 1}}, env)
	out := renderDiagnostics(text, list)
	if take == nil {
		return out
	}
	for _, c := range take.Calls {
		var args []string
		for _, a := range c.Args {
			args = append(args, schema.Name(a.Type())+" "+a.Text())
		}
		line := fmt.Sprintf("  %s(%s)", c.Func, strings.Join(args, "; "))
		if c.Func == "quantile" || c.Func == "quantile_approx" {
			line += fmt.Sprintf(" p=%v", c.Quantile)
		}
		if c.If != nil {
			line += " if " + c.If.Text()
		}
		out += line + " " + nullableName(c.Type, c.Nullable) + "\n"
	}
	if take.Post != nil {
		out += fmt.Sprintf("  post over %d\n", len(take.Post.Columns()))
	}
	return out + "  = " + nullableName(take.Type, take.Nullable) + "\n"
}

func nullableName(t arrow.DataType, nullable bool) string {
	if nullable {
		return schema.Name(t) + "?"
	}
	return schema.Name(t)
}
