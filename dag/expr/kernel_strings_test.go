package expr

import (
	"strings"
	"testing"
	"unicode"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"flowrun/dag/batch"
	"flowrun/dag/schema"
)

// textBatch is a batch of one column s.
func textBatch(t *testing.T, values ...string) *batch.Batch {
	t.Helper()
	s := arrow.NewSchema([]arrow.Field{{Name: "s", Type: schema.String}}, nil)
	r := array.NewRecordBuilder(memory.DefaultAllocator, s)
	defer r.Release()
	r.Field(0).(*array.StringBuilder).AppendValues(values, nil)
	b := batch.New(r.NewRecordBatch())
	t.Cleanup(b.Release)
	return b
}

// evalTexts computes an expression of s that gives texts.
func evalTexts(t *testing.T, text string, values ...string) []string {
	t.Helper()
	b := textBatch(t, values...)
	e := compileOver(t, text, b.Schema()).Evaluator(memory.DefaultAllocator)
	defer e.Close()
	a, failed, err := e.Eval(b)
	if err != nil || failed != nil {
		t.Fatalf("%s: %v %v", text, failed, err)
	}
	defer a.Release()
	var out []string
	for i := range a.Len() {
		out = append(out, a.(*array.String).Value(i))
	}
	return out
}

// trim knows every white space that Go knows, and nothing else.
func TestTrimKnowsEverySpace(t *testing.T) {
	var in, want []string
	for r := rune(1); r < 0x4000; r++ {
		s := string(r) + "x" + string(r)
		in, want = append(in, s, string(r)), append(want, strings.TrimSpace(s), strings.TrimSpace(string(r)))
	}
	for i, got := range evalTexts(t, `trim(s)`, in...) {
		if got != want[i] {
			t.Errorf("trim(%q) is %q, want %q", in[i], got, want[i])
		}
	}
}

// Upper and lower case are Go's for every letter, alone and among ASCII.
func TestCaseOfEveryLetter(t *testing.T) {
	var in []string
	for r := rune(0); r < unicode.MaxRune; r++ {
		if r < 0x2000 || unicode.ToUpper(r) != r || unicode.ToLower(r) != r {
			in = append(in, "aZ"+string(r)+"[`{@z")
		}
	}
	for name, want := range map[string]func(string) string{"upper": strings.ToUpper, "lower": strings.ToLower} {
		for _, rows := range [][]string{in, in[:0x80]} { // the second has nothing but ASCII
			for i, got := range evalTexts(t, name+`(s)`, rows...) {
				if got != want(rows[i]) {
					t.Errorf("%s(%q) is %q, want %q", name, rows[i], got, want(rows[i]))
				}
			}
		}
	}
}

// A text equals a literal only as a whole, however much of it is the same.
func TestTextEqualsLiteral(t *testing.T) {
	for n := range 20 {
		want := strings.Repeat("abcdefghij", 2)[:n]
		in := []string{want, want + "x", "x" + want}
		for i := range want {
			in = append(in, want[:i]+"X"+want[i+1:], want[:i])
		}
		b := textBatch(t, in...)
		sel, _, err := compileOver(t, `s == "`+want+`"`, b.Schema()).Evaluator(memory.DefaultAllocator).Select(b)
		if err != nil || len(sel) != 1 || sel[0] != 0 {
			t.Errorf("s == %q selected %v of %q", want, sel, in)
		}
		a, _, err := compileOver(t, `s != "`+want+`"`, b.Schema()).Evaluator(memory.DefaultAllocator).Eval(b)
		if err != nil {
			t.Fatal(err)
		}
		for i := range in {
			if a.(*array.Boolean).Value(i) != (in[i] != want) {
				t.Errorf("%q != %q is %v", in[i], want, a.(*array.Boolean).Value(i))
			}
		}
		a.Release()
	}
}

// Splitting at a byte is done eight bytes at once; separators may lie anywhere in these.
func TestSplitAtEveryPlace(t *testing.T) {
	var in []string
	for n := range 18 {
		for i := range n {
			for j := i; j < n; j++ {
				s := []byte(strings.Repeat("x", n))
				s[i], s[j] = ',', ','
				in = append(in, string(s))
			}
		}
	}
	b := textBatch(t, in...)
	a, _, err := compileOver(t, `split(s, ",")`, b.Schema()).Evaluator(memory.DefaultAllocator).Eval(b)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Release()
	lists := a.(*array.List)
	parts := lists.ListValues().(*array.String)
	for i, s := range in {
		from, to := lists.ValueOffsets(i)
		var got []string
		for j := from; j < to; j++ {
			got = append(got, parts.Value(int(j)))
		}
		if strings.Join(got, ",") != s || len(got) != strings.Count(s, ",")+1 {
			t.Errorf("split(%q) is %q", s, got)
		}
	}
}
