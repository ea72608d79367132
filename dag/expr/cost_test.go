package expr

import "testing"

func TestCost(t *testing.T) {
	for _, c := range []struct {
		text     string
		from, to int
	}{
		{"f", 0, 0},
		{"3", 0, 0},
		{"f * 9 / 5 + 32 > 3", 1, 20},
		{`s == "a" && f > 30`, 1, 20},
		{`s contains "ab"`, 5, 50},
		{`upper(trim(s))`, 30, 150},
		{`s matches "a+b"`, 100, 1000},
		{`any(["a"], # == s)`, 200, 10_000}, // row by row
		{`f > 30 && any(["a"], # == s)`, 200, 10_000},
	} {
		if got := compileText(t, c.text).Cost(); got < c.from || got > c.to {
			t.Errorf("%s costs %d, want %d to %d", c.text, got, c.from, c.to)
		}
	}
}
