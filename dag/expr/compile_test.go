package expr

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/expr-lang/expr/builtin"

	"flowrun/dag/diag"
	"flowrun/dag/schema"
)

func plainText(s string) diag.Text {
	return diag.Text{Value: s, At: diag.Span{File: "x.yaml", Line: 1, Column: 1}}
}

func TestEveryBuiltinOfExprIsInTheTable(t *testing.T) {
	for _, b := range builtin.Builtins {
		if functions[b.Name] == nil {
			t.Errorf("%s is not in the function table", b.Name)
		}
	}
}

func TestFunctionsAreDescribed(t *testing.T) {
	seen := map[string]bool{}
	for _, f := range Functions() {
		if f.Doc == "" || !strings.HasSuffix(f.Doc, ".") && !strings.HasSuffix(f.Doc, `"`) || f.Group == "" {
			t.Errorf("%s: group %q, doc %q", f.Name, f.Group, f.Doc)
		}
		if !strings.HasPrefix(f.Signature, strings.TrimPrefix(f.Name, ".")+"(") {
			t.Errorf("%s has the signature %q", f.Name, f.Signature)
		}
		if key := f.Group + " " + f.Name; seen[key] {
			t.Errorf("%s is listed twice", key)
		} else {
			seen[key] = true
		}
	}
	if !seen["text upper"] || !seen["aggregate count"] || !seen["time .Year"] {
		t.Error("a function, an aggregate or a method is missing")
	}
}

func TestDiagnosticsStandWhereTheTextStands(t *testing.T) {
	text := diag.Text{Value: "é > 1 and\ntmep > 30", At: diag.Span{File: "x.yaml", Line: 4, Column: 5}}
	text.Map = func(from, to int) diag.Span {
		return diag.Span{File: "x.yaml", Line: 100 + from, Column: to}
	}
	_, list := Compile(text, &Env{Schema: arrow.NewSchema([]arrow.Field{{Name: "é", Type: schema.Int}, {Name: "temp", Type: schema.Int}}, nil), Of: "readings"})
	if len(list) != 1 || list[0].Code != "FR0203" || list[0].At.Line != 110 || list[0].At.Column != 14 {
		t.Fatalf("%+v", list)
	}
	if want := `did you mean "temp"? readings has: é, temp`; list[0].Hint != want {
		t.Errorf("hint %q, want %q", list[0].Hint, want)
	}
}

func TestWithoutASchemaOnlySyntaxAndNamesAreChecked(t *testing.T) {
	for text, code := range map[string]diag.Code{
		"temp > 30 and upper(status) == 3 + 'x'":      "FR0305",
		"whatever.at.all[3] + other ? any : thing":    "",
		"filter(list, .x > 1 and # != y)":             "",
		"nope(a)":                                     codeFunction,
		"upper()":                                     codeArguments,
		"a +":                                         codeSyntax,
		"let x = a; x + b":                            "",
		"a in b and $env['c'] == d and a in $env":     "",
		"date(a).Year() + b.Month() + c.whatever()":   "",
		"sum(map(a, #)) + reduce(b, #acc + #, c)":     "",
		"fromJSON(a).b.c":                             "",
		"{a: b, c: [d, e]}":                           "",
		"a[1:b] ?? c":                                 "",
		"groupBy(a, .b)[c] | sortBy(.d, e) | first()": "",
	} {
		p, list := Compile(plainText(text), &Env{Of: "hidden"})
		if p != nil {
			t.Errorf("%s gave a program", text)
		}
		switch {
		case code == "" && len(list) > 0:
			t.Errorf("%s: %v", text, list)
		case code != "" && (len(list) != 1 || list[0].Code != code):
			t.Errorf("%s: %v, want %s", text, list, code)
		}
	}
	take, list := CompileTake(plainText("sum(a) / count_if(b > 3) + max(c)"), &Env{})
	if take != nil || len(list) > 0 {
		t.Errorf("take %v, %v", take, list)
	}
}

func TestProgramNamesItsColumns(t *testing.T) {
	env := caseEnv()
	for text, want := range map[string]string{
		"1 + 2":                             "",
		"s + s + ns":                        "ns s",
		"filter(xs, # > i) == [zero]":       "i xs zero",
		`let i = f; $env["user id"] + s`:    "f s user id",
		"map(users, .name + s)":             "s users",
		"pos?.lat ?? get($env, 'f')":        "f pos",
		"1 < i < f":                         "f i",
		"yes ? at.In(timezone('UTC')) : at": "at yes",
	} {
		p, list := Compile(plainText(text), env)
		if p == nil {
			t.Fatal(list)
		}
		if got := strings.Join(p.Columns(), " "); got != want {
			t.Errorf("%s reads %q, want %q", text, got, want)
		}
	}
}

func TestExtraFunctions(t *testing.T) {
	env := caseEnv()
	env.Functions = map[string]Extra{
		"tag": {
			Doc: "tag(x): a text that tells calls and rows apart",
			Result: func(args []arrow.DataType) (arrow.DataType, error) {
				if len(args) != 1 {
					return nil, errors.New("wants one argument")
				}
				return schema.String, nil
			},
			Call: func(site Site, args []any) (any, error) {
				if args[0] == int64(0) {
					return nil, errors.New("zero has no tag")
				}
				return fmt.Sprintf("%d/%d/%v", site.Call, site.Row, args[0]), nil
			},
		},
	}
	rows := caseBatch(t, env)
	for text, want := range map[string]string{
		"tag(i) + ' ' + tag(d)": "0/40/7 1/40/1h30m0s",
		"tag(ni) ?? 'null'":     "null",
		"tag(xs)":               "0/40/[3 <nil> 1 2]",
		"tag(zero)":             "bad argument: zero has no tag",
	} {
		p, list := Compile(plainText(text), env)
		if p == nil {
			t.Fatal(list)
		}
		m, err := newMachine(p.root.AST, env, p.Type())
		if err != nil {
			t.Fatal(err)
		}
		v, failure := m.Row(rows, 0, 40)
		if failure != nil {
			v = failure.Reason + ": " + failure.Detail
		}
		if v != want {
			t.Errorf("%s is %v, want %v", text, v, want)
		}
	}
	_, list := Compile(plainText("tag(1, 2)"), env)
	if len(list) != 1 || list[0].Message != "tag wants one argument" || !strings.Contains(list[0].Hint, "tag(x)") {
		t.Errorf("%v", list)
	}
}

func TestLimits(t *testing.T) {
	env := caseEnv()
	double := "let a0 = {x: 1}; "
	for i := range 30 {
		double += fmt.Sprintf("let a%d = {p: a%d, q: a%d}; ", i+1, i, i)
	}
	// A chained comparison shares its middle: this has two to the power of 100 paths.
	chained := "i"
	for range 100 {
		chained = "(1 < " + chained + " < 2 ? 1 : 2)"
	}
	for name, text := range map[string]string{
		"characters":   strings.Repeat(" ", maxRunes) + "1",
		"brackets":     strings.Repeat("(", 5000) + "1" + strings.Repeat(")", 5000),
		"lists":        strings.Repeat("[", 5000),
		"prefixes":     strings.Repeat("-", 5000) + "1",
		"nots":         strings.Repeat("not ", 5000) + "yes",
		"conditionals": strings.Repeat("yes ? 1 : ", 2000) + "1",
		"powers":       strings.Repeat("2 ** ", 2000) + "1",
		"lets":         strings.Repeat("let a = 1; ", 2000) + "1",
		"parts":        "1" + strings.Repeat(" + 1", 12_000),
		"types":        double + "a30",
		"paths":        chained,
	} {
		_, list := Compile(plainText(text), env)
		if !list.HasErrors() || list[0].Code != codeLimit {
			t.Errorf("%s: %.300v", name, list)
		}
	}
	for name, text := range map[string]string{
		"a long sum":   "i" + strings.Repeat(" + 1", 4000),
		"a long list":  "i in [1" + strings.Repeat(", 2", 8000) + "]",
		"many members": "1" + strings.Repeat(" + len({a: {b: 'x'}}.a.b)", 500),
	} {
		p, list := Compile(plainText(text), env)
		if p == nil {
			t.Errorf("%s: %v", name, list)
			continue
		}
		if _, err := newMachine(p.root.AST, env, p.Type()); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestErrorsOfOneTextAreBounded(t *testing.T) {
	_, list := Compile(plainText("nope"+strings.Repeat(" + nope", 1000)), caseEnv())
	if len(list) != maxErrors {
		t.Errorf("%d errors, want %d", len(list), maxErrors)
	}
}

func TestOneProgramOnManyMachines(t *testing.T) {
	env := caseEnv()
	rows := caseBatch(t, env)
	p, list := Compile(plainText(`string(sum(map(filter(xs, # in [1, 2, 3] and s matches "w"), # * i))) + (nb and yes ? "a" : "b") + string(date(num, "06"))`), env)
	if p == nil {
		t.Fatal(list)
	}
	var wg sync.WaitGroup
	for range 4 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			m, err := newMachine(p.root.AST, env, p.Type())
			if err != nil {
				t.Error(err)
				return
			}
			for range 50 {
				if v, failure := m.Row(rows, 0, 0); failure != nil || v != "42b2042-01-01T00:00:00Z" {
					t.Error(v, failure)
					return
				}
			}
		}()
	}
	wg.Wait()
}

func TestValuesGoThroughArrow(t *testing.T) {
	nested := schema.List(schema.Struct(
		arrow.Field{Name: "m", Type: schema.Map(schema.List(schema.Date)), Nullable: true},
		arrow.Field{Name: "d", Type: schema.Duration, Nullable: true}))
	for _, c := range []struct {
		typ arrow.DataType
		v   any
	}{
		{schema.Bool, true},
		{schema.Int, int64(math.MinInt64)},
		{schema.Float, math.Inf(-1)},
		{schema.String, "é"},
		{schema.Bytes, []byte{0, 255}},
		{schema.Timestamp, time.Date(-4000, 1, 2, 3, 4, 5, 6000, time.UTC)},
		{schema.Date, time.Date(1969, 12, 31, 0, 0, 0, 0, time.UTC)},
		{schema.Duration, micros(math.MaxInt64)},
		{schema.List(schema.Int), []any{}},
		{schema.Map(schema.Int), map[string]any{"b": int64(1), "a": nil}},
		{nested, []any{nil, map[string]any{"d": micros(1), "m": map[string]any{"x": []any{time.Unix(0, 0).UTC(), nil}}}}},
		{schema.Int, nil},
	} {
		b := array.NewBuilder(memory.DefaultAllocator, c.typ)
		if err := appendValue(b, c.v); err != nil {
			t.Errorf("%s: %v", schema.Name(c.typ), err)
			continue
		}
		a := b.NewArray()
		got, err := readValue(a, 0)
		if err != nil || renderValue(got) != renderValue(c.v) {
			t.Errorf("%s: %s became %s, %v", schema.Name(c.typ), renderValue(c.v), renderValue(got), err)
		}
		a.Release()
		b.Release()
	}
	b := array.NewBuilder(memory.DefaultAllocator, schema.Int)
	defer b.Release()
	if err := appendValue(b, "x"); err == nil {
		t.Error("a text went into a column of ints")
	}
}

// FuzzCompile: no text may panic, or make a program that the machine cannot run.
func FuzzCompile(f *testing.F) {
	for _, seed := range []string{
		"a + 1 > 2.5", `filter(split(s, " "), # != "" && #index > 0)`, "let x = xs; x[1:]?.a ?? nil", "sum(i) / count()",
		"if yes { 1 } else { 2 } // c", "1 < i < 3 not in [1]", "{a: 1, (s): 2}", "$env['user id']", "reduce(xs, #acc + #, 0.5)",
		"at.In(timezone('UTC')).Format(`x`)", "any(yes)", "((((", "é ''' \\", "map(users, {.name; #})", "x::y(z) | w()", "'\\xff'", "i ?: -s ** 2..3",
		"groupBy(users, .name).ann[0].age", "fromPairs(toPairs(m)).one", "capture(s, '(', 1)", "quantile_if(f, 0.5, nil)", "count(count(xs, # > 1))",
	} {
		f.Add(seed)
	}
	env := caseEnv()
	rows := caseBatch(f, env)
	f.Fuzz(func(t *testing.T, text string) {
		CompileTake(plainText(text), env)
		Compile(plainText(text), &Env{})
		p, list := Compile(plainText(text), env)
		for _, d := range list {
			if d.At.Column < 1 || d.At.Length < 1 || d.Message == "" {
				t.Errorf("%q: %+v", text, d)
			}
		}
		if p == nil {
			if !list.HasErrors() {
				t.Errorf("%q gave neither a program nor an error", text)
			}
			return
		}
		m, err := newMachine(p.root.AST, env, p.Type())
		if err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		if len(text) > 100 || strings.Contains(text, "..") || strings.Contains(text, "repeat") {
			return // might run for long
		}
		v, failure := m.Row(rows, 0, 0)
		if failure != nil {
			if failure.Reason == reasonMachine {
				t.Errorf("%q: %+v", text, failure)
			}
			return
		}
		b := array.NewBuilder(memory.DefaultAllocator, p.Type())
		defer b.Release()
		if err := appendValue(b, v); err != nil {
			t.Errorf("%q of type %s: %v", text, schema.Name(p.Type()), err)
		}
		if v == nil && !p.Nullable() {
			t.Errorf("%q is null and was proven not to be", text)
		}
	})
}
