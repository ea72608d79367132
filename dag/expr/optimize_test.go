package expr

import (
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow/memory"
)

// shape writes an optimized tree with the places of its parts: literals as they are, conditions in the order in which they are
// asked.
func shape(p *Program) string {
	o := optimizer{done: map[*Typed]*Typed{}}
	text := []rune(p.text.Value)
	var of func(t *Typed) string
	of = func(t *Typed) string {
		switch {
		case t.isNil():
			return "nil"
		case t.Form == FormLiteral:
			return exactly(t.Value)
		case t.connects():
			return "(" + of(t.Args[0]) + " " + t.Name + " " + of(t.Args[1]) + ")"
		case t.Form == FormVariable, t.Form == FormColumn, t.Form == FormMachine, len(t.Args) == 0:
			return string(text[t.From:t.To])
		}
		args := make([]string, len(t.Args))
		for i, a := range t.Args {
			args[i] = of(a)
		}
		return t.Name + "(" + strings.Join(args, ", ") + ")"
	}
	return of(o.of(p.root))
}

func TestOptimized(t *testing.T) {
	for text, want := range map[string]string{
		// Constants are computed, but for those that fail.
		`i + 2 * 3`:                   `+(i, 6)`,
		`upper("a" + "b") + s`:        `+("AB", s)`,
		`i + 7 % 0`:                   `+(i, %(7, 0))`,
		`9223372036854775807 + 1 + i`: `+(+(9223372036854775807, 1), i)`,
		`t > date("2024-01-01") + (duration("1h") + duration("1h"))`: `>(t, 2024-01-01 02:00:00 +0000 UTC)`,
		`let v = 2; v * v + i`:          `let(2, +(4, i))`,
		`false && i % 0 == 1 ? s : "a"`: `"a"`,
		// A null that is computed is no literal nil, beside which == would mean another thing.
		`(false ? 1 : nil) == i`: `==(?:(false, 1, nil), i)`,
		`len(nil) == i`:          `==(len(nil), i)`,
		`true && b`:              `b`,
		`nil ?? s`:               `s`,
		// The cheap conditions come first, and none moves over one that may fail.
		`s contains "x" and s == "ab" and f > 2.0`:      `((>(f, 0x1p+01) and ==(s, "ab")) and contains(s, "x"))`,
		`s contains "x" and 10 % i == 1 and f > 2.0`:    `((contains(s, "x") and ==(%(10, i), 1)) and >(f, 0x1p+01))`,
		`10 % i == 1 or s matches "a" or b or s == "x"`: `(((==(%(10, i), 1) or b) or ==(s, "x")) or matches(s, "a"))`,
		`f > 2.0 and (s contains "x" and b)`:            `((b and >(f, 0x1p+01)) and contains(s, "x"))`,
	} {
		if got := shape(compileText(t, text)); got != want {
			t.Errorf("%s\n got %s\nwant %s", text, got, want)
		}
	}
}

// What programs have in common is one kernel.
func TestSharedParts(t *testing.T) {
	for _, c := range []struct {
		texts []string
		want  int
	}{
		{[]string{`upper(s)`, `upper(s) + "x"`, `len(upper(s)) > 2`}, 1},
		{[]string{`i * 2 + 1`, `i * 2 + 2`}, 1},
		{[]string{`i * 2`, `i * 3`}, 0},
		{[]string{`i * 2`, `i * 2.0`}, 0},
		{[]string{`hash(s) % 7 == 1 ? hash(s) : 0`}, 1},
		{[]string{`let v = i * 2; v + v`, `i * 2`}, 1},
		{[]string{`sort(l)`, `len(sort(l))`}, 1},
		{[]string{`let k = "a"; filter(l, # == k)`, `let k = "b"; len(filter(l, # == k))`}, 0},
		{[]string{`t.In(timezone("Europe/Berlin")).Hour() + t.In(timezone("Asia/Tokyo")).Hour()`}, 0},
	} {
		var programs []*Program
		for _, text := range c.texts {
			programs = append(programs, compileText(t, text))
		}
		s := NewSet(memory.DefaultAllocator, programs...)
		if s.shared != c.want {
			t.Errorf("%q share %d parts, want %d", c.texts, s.shared, c.want)
		}
		s.Close()
	}
}
