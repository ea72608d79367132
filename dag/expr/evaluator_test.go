package expr

import (
	"fmt"
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

// compileText compiles a text over randomSchema.
func compileText(t interface{ Fatalf(string, ...any) }, text string) *Program {
	return compileOver(t, text, randomSchema)
}

func compileOver(t interface{ Fatalf(string, ...any) }, text string, s *arrow.Schema) *Program {
	p, list := Compile(diag.Text{Value: text}, &Env{Schema: s})
	if p == nil {
		t.Fatalf("%s does not compile: %v", text, list)
	}
	return p
}

// readings is a batch of four rows.
func readings(t testing.TB) *batch.Batch {
	t.Helper()
	s := arrow.NewSchema([]arrow.Field{
		{Name: "device", Type: schema.String, Nullable: true},
		{Name: "temp", Type: schema.Float, Nullable: true},
		{Name: "n", Type: schema.Int, Nullable: true},
	}, nil)
	rec, _, err := array.RecordFromJSON(memory.DefaultAllocator, s, strings.NewReader(`[
		{"device": "a", "temp": 20.5, "n": 1},
		{"device": null, "temp": 31, "n": 9223372036854775807},
		{"device": "b", "temp": null, "n": 0},
		{"device": "c", "temp": 40, "n": null}]`))
	if err != nil {
		t.Fatal(err)
	}
	b := batch.New(rec)
	b.Arrived = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	t.Cleanup(b.Release)
	return b
}

func evaluate(t *testing.T, b *batch.Batch, text string) string {
	t.Helper()
	p := compileOver(t, text, b.Schema())
	e := p.Evaluator(memory.DefaultAllocator)
	defer e.Close()
	values, failed, err := e.Eval(b)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	defer values.Release()
	shown := make([]string, values.Len())
	for row := range shown {
		shown[row] = "-" // does not count
	}
	for i := range b.Rows() {
		cut := array.NewSlice(values, int64(b.Row(i)), int64(b.Row(i)+1))
		shown[b.Row(i)] = strings.Trim(cut.String(), "[]")
		if _, list := values.(*array.List); list {
			shown[b.Row(i)] = cut.String()[1 : len(cut.String())-1]
		}
		cut.Release()
	}
	out := "[" + strings.Join(shown, " ") + "]"
	for _, f := range failed {
		out += fmt.Sprintf(" %d:%s", f.Row, f.Reason)
	}
	return out
}

func TestEval(t *testing.T) {
	for _, c := range []struct {
		text string
		sel  []int32
		want string
	}{
		{`temp > 30`, nil, `[false true (null) true]`},
		{`device == "a" or temp > 30`, nil, `[true true (null) true]`},
		{`device == "a" and temp > 30`, nil, `[false (null) false false]`},
		{`n + 1`, nil, `[2 (null) 1 (null)] 1:integer overflow`},
		{`n + 1`, []int32{0, 2}, `[2 - 1 -]`},
		{`10 % n`, nil, `[0 10 (null) (null)] 2:% by zero`},
		{`temp / 0`, nil, `[+Inf +Inf (null) +Inf]`},
		{`temp > 30 ? device : "cold"`, nil, `["cold" (null) "cold" "c"]`},
		{`device ?? "none"`, nil, `["a" "none" "b" "c"]`},
		{`device ?? "none"`, []int32{1, 3}, `[- "none" - "c"]`},
		{`n == 0 or 10 % n == 0`, nil, `[true false true (null)]`},
		{`n != 0 and 10 % n == 0`, nil, `[true false false (null)]`},
		{`device in ["a", "c"]`, nil, `[true (null) false true]`},
		{`upper(device) + "!"`, nil, `["A!" (null) "B!" "C!"]`},
		{`split("x y", " ")`, nil, `[["x" "y"] ["x" "y"] ["x" "y"] ["x" "y"]]`},
		{`1 % 0 + n`, []int32{1, 2}, `[- (null) (null) -] 1:% by zero 2:% by zero`},
		{`int("x")`, []int32{3}, `[- - - (null)] 3:not convertible`},
		{`now()`, []int32{0}, `[1772366400000000 - - -]`},
		{`len(filter(["a", device], # != "a"))`, nil, `[0 0 1 1]`},
	} {
		b := readings(t)
		if c.sel != nil {
			b = b.WithSelection(c.sel)
			defer b.Release()
		}
		if got := evaluate(t, b, c.text); got != c.want {
			t.Errorf("%s\n got %s\nwant %s", c.text, got, c.want)
		}
	}
}

// A failure of the left side of an operator is the one reported, and a row is reported once.
func TestFirstFailureOfARow(t *testing.T) {
	b := readings(t)
	for text, want := range map[string]string{
		`1 % (n - 1) + int(device)`: "% by zero",
		`int(device) + 1 % (n - 1)`: "not convertible",
	} {
		e := compileOver(t, text, b.Schema()).Evaluator(memory.DefaultAllocator)
		_, failed, err := e.Eval(b)
		if err != nil || len(failed) == 0 || failed[0].Row != 0 || failed[0].Reason != want {
			t.Errorf("%s: %v %v, want row 0 to fail first with %q", text, failed, err, want)
		}
		rows := map[int32]bool{}
		for _, f := range failed {
			if rows[f.Row] {
				t.Errorf("%s: row %d failed twice", text, f.Row)
			}
			rows[f.Row] = true
		}
	}
}

func TestSelect(t *testing.T) {
	b := readings(t)
	for _, c := range []struct {
		text string
		sel  []int32
		want string
	}{
		{`temp > 30`, nil, `[1 3] []`},
		{`temp > 30`, []int32{0, 3}, `[3] []`},
		{`temp > 30 and device == "c"`, nil, `[3] []`},
		{`temp > 30 or device == "b"`, nil, `[1 2 3] []`},
		{`not (temp > 30)`, nil, `[0] []`},
		{`true`, []int32{1, 2}, `[1 2] []`},
		{`false`, nil, `[] []`},
		{`temp > 30 and 10 % n > 0`, nil, `[1] [{2 % by zero 10 % 0}]`},
		{`10 % n == 0 or device == "b"`, nil, `[0] [{2 % by zero 10 % 0}]`},
	} {
		in := b
		if c.sel != nil {
			in = b.WithSelection(c.sel)
			defer in.Release()
		}
		e := compileOver(t, c.text, b.Schema()).Evaluator(memory.DefaultAllocator)
		sel, failed, err := e.Select(in)
		if err != nil {
			t.Fatal(err)
		}
		if failed == nil {
			failed = []batch.Failure{}
		}
		if got := fmt.Sprint(sel, failed); got != c.want || sel == nil {
			t.Errorf("%s: got %s, want %s", c.text, got, c.want)
		}
	}
}

// The result of Select must not change with the next batch.
func TestSelectionIsTheCallers(t *testing.T) {
	b := readings(t)
	e := compileOver(t, `temp > 30`, b.Schema()).Evaluator(memory.DefaultAllocator)
	first, _, _ := e.Select(b)
	cut := b.WithSelection([]int32{0, 1})
	defer cut.Release()
	if _, _, err := e.Select(cut); err != nil || fmt.Sprint(first) != "[1 3]" {
		t.Errorf("the first selection became %v", first)
	}
}

func TestBareColumnIsHandedOn(t *testing.T) {
	b := readings(t)
	values, failed, err := compileOver(t, `temp`, b.Schema()).Evaluator(memory.DefaultAllocator).Eval(b)
	if err != nil || failed != nil || values != b.Record.Column(1) {
		t.Errorf("got %v, not the column itself", values)
	}
	values.Release()
}

func TestLiteralIsMadeOnce(t *testing.T) {
	b := readings(t)
	mem := memory.NewCheckedAllocator(batch.NewPool())
	defer mem.AssertSize(t, 0)
	e := compileOver(t, `"x"`, b.Schema()).Evaluator(mem)
	defer e.Close()
	var buffers []*memory.Buffer
	for range 2 {
		values, _, err := e.Eval(b)
		if err != nil || values.String() != `["x" "x" "x" "x"]` {
			t.Fatalf("%v %v", values, err)
		}
		buffers = append(buffers, values.Data().Buffers()[2])
		values.Release()
	}
	if buffers[0] != buffers[1] {
		t.Error("the literal was written twice")
	}
}

func TestColumnar(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{`b and i + 1 > 2 or lower(s) contains "x"`, `true []`},
		{`split(lower(trim(s)), " ")`, `true []`},
		{`trunc(t, duration("1h")) + u * 2`, `true []`},
		{`i in 1..i0 and s in ["a", "b"]`, `true []`},
		{`hash(s) + t.Year()`, `true []`},
		{`i > 1 and any(l, # == "a")`, `false [any(l, # == "a"): a predicate over a list runs row by row]`},
		{`len(l) > len(sort(l))`, `false [sort(l): functions of lists run row by row]`},
	} {
		all, notes := compileText(t, c.text).Columnar()
		if got := fmt.Sprint(all, notes); got != c.want {
			t.Errorf("%s: got %s, want %s", c.text, got, c.want)
		}
	}
}
