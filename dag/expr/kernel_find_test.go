package expr

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow/memory"
	"pgregory.net/rapid"

	"flowrun/dag/batch"
)

// rowsWhere gives the rows for which an expression of s is true.
func rowsWhere(t reporter, b *batch.Batch, text string) []int32 {
	p, list := Compile(plainText(text), &Env{Schema: b.Schema()})
	if p == nil {
		t.Fatalf("%s: %v", text, list)
	}
	e := p.Evaluator(memory.DefaultAllocator)
	defer e.Close()
	sel, failed, err := e.Select(b)
	if err != nil || failed != nil {
		t.Fatalf("%s: %v %v", text, failed, err)
	}
	return sel
}

// A search through the bytes of all rows at once finds what a search of each row finds: nothing that runs over a row's end, nor
// what lies between rows, however many rows have it.
func TestSearchOfManyRows(t *testing.T) {
	outer := t
	rapid.Check(t, func(t *rapid.T) {
		word := rapid.StringOfN(rapid.SampledFrom([]rune("abé")), 0, 5, -1)
		var rows []string
		for range rapid.IntRange(1, 60).Draw(t, "rows") {
			rows = append(rows, word.Draw(t, "row"))
		}
		if rapid.Bool().Draw(t, "one long row") {
			rows = append(rows, strings.Repeat("ab", 5000)+"aab", "b")
		}
		b := textBatch(outer, rows...)
		if len(rows) > 2 && rapid.Bool().Draw(t, "gaps") {
			b.Sel = []int32{}
			for i := range rows {
				if i%3 != 1 {
					b.Sel = append(b.Sel, int32(i))
				}
			}
		}
		want := rapid.StringOfN(rapid.SampledFrom([]rune("abé")), 1, 4, -1).Draw(t, "want")
		for text, holds := range map[string]func(s string) bool{
			fmt.Sprintf("s contains %q", want):                 func(s string) bool { return strings.Contains(s, want) },
			fmt.Sprintf("s startsWith %q", want):               func(s string) bool { return strings.HasPrefix(s, want) },
			fmt.Sprintf("s endsWith %q", want):                 func(s string) bool { return strings.HasSuffix(s, want) },
			fmt.Sprintf("hasSuffix(s, %q)", want+"ababababab"): func(s string) bool { return strings.HasSuffix(s, want+"ababababab") },
			fmt.Sprintf("s matches %q", "a*"+want+"b?"):        func(s string) bool { return strings.Contains(s, want) },
			fmt.Sprintf("s in [%q, %q]", want, want+"a"):       func(s string) bool { return s == want || s == want+"a" },
			fmt.Sprintf("lower(s) contains %q", want):          func(s string) bool { return strings.Contains(s, want) },
			fmt.Sprintf("not (s contains %q)", want):           func(s string) bool { return !strings.Contains(s, want) },
			fmt.Sprintf("(s == %q ? %q : s) contains %q", want, "aa", want+"a"): func(s string) bool {
				return s != want && strings.Contains(s, want+"a") || s == want && want+"a" == "aa"
			},
		} {
			expected := []int32{}
			for i := range b.Rows() {
				if holds(rows[b.Row(i)]) {
					expected = append(expected, int32(b.Row(i)))
				}
			}
			if got := rowsWhere(t, b, text); !slices.Equal(got, expected) {
				t.Fatalf("%s of %q is true for %v, want %v", text, rows, got, expected)
			}
		}
	})
}

// A pattern means what it means to Go, whatever of it is looked for beforehand.
func TestPatternsMeanWhatTheyMean(t *testing.T) {
	rows := []string{"", "a", "ab", "xabx", "ab\n", "\nab", "AB", "aab", "abc", "ababab", "b", "GET /x 200", "POST /x 500", "get", "x|y", "a.b", "aXb", "日本語", "\ufffd", "ſ", "K"}
	b := textBatch(t, rows...)
	for _, pattern := range []string{
		`ab`, `^ab`, `ab$`, `^ab$`, `(?m)^ab$`, `(?i)ab`, `a+b`, `(ab)+`, `(ab)*`, `(ab)?`, `(ab){2}`, `(ab){0,2}`, `ab|b`, `a(b|c)`, `^GET .* 200$`, `x\|y`, `a\.b`, `a.b`,
		`\Aab\z`, `ab\b`, `\bab`, `日`, `^$`, ``, `^`, `$`, `(?s)a.*b`, `[a]b`, `a[b]`, `(?i)k`, `(?i:a)b`, `(?:ab)`, `()ab`, `ab()`, `x{2}`, `^a|b$`, `(^ab)`, `(ab$)`, `[^a]b`, `a??b`, "\ufffd",
	} {
		re := regexp.MustCompile(pattern)
		expected := []int32{}
		for i, s := range rows {
			if re.MatchString(s) {
				expected = append(expected, int32(i))
			}
		}
		if got := rowsWhere(t, b, "s matches `"+pattern+"`"); !slices.Equal(got, expected) {
			t.Errorf("matches %s is true for %v, want %v", pattern, got, expected)
		}
	}
}
