package widget

import (
	"math"
	"strings"
	"testing"
	"time"

	"flowrun/tui/theme"

	"github.com/charmbracelet/lipgloss"
	"github.com/charmbracelet/x/ansi"
	"github.com/muesli/termenv"
	"pgregory.net/rapid"
)

func plainPainter() *theme.Painter {
	r := lipgloss.NewRenderer(&strings.Builder{})
	r.SetColorProfile(termenv.Ascii)
	return theme.NewPainter(r, theme.Default())
}

func TestClean(t *testing.T) {
	for in, want := range map[string]string{
		"plain":                           "plain",
		"日本 é":                            "日本 é",
		"a\tb\nc\rd":                      `a\tb\nc\rd`,
		"\x1b[31m\x00\x7f":                `\x1b[31m\x00\x7f`,
		"\u0085":                          `\x85`,
		"\xff\xfe":                        `\xff\xfe`,
		"\u202eabc\u200b":                 `\u202eabc\u200b`,
		"👨\u200d👩":                        "👨👩",
		"👍🏽":                              "👍",
		"❤\ufe0f":                         "❤",
		"🇩🇪":                              "DE",
		"a\u00a0b\u2028c":                 "a b c",
		"e\u0301\u0301":                   "e\u0301\u0301",
		"e" + strings.Repeat("\u0301", 9): "e\u0301\u0301\u0301",
		"\U000e0001\ue000":                `\U000e0001\ue000`,
	} {
		if got := Clean(in); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}

func TestFit(t *testing.T) {
	for _, c := range []struct {
		in   string
		w    int
		want string
	}{{"abcdef", 6, "abcdef"}, {"abcdef", 5, "abcd…"}, {"abcdef", 1, "a"}, {"abcdef", 0, ""}, {"日本語", 5, "日本…"}, {"日本語", 4, "日…"}, {"日本語", 6, "日本語"}, {"a\nb", 3, `a\…`}} {
		if got := Fit(c.in, c.w, "…"); got != c.want || Width(got) > c.w {
			t.Errorf("%q in %d: got %q", c.in, c.w, got)
		}
	}
}

func TestWrap(t *testing.T) {
	for _, c := range []struct {
		in   string
		w    int
		want string
	}{
		{"try: nc -lk 1100, or --demo", 20, "try: nc -lk 1100, or|--demo"},
		{"try: nc -lk 1100, or --demo", 19, "try: nc -lk 1100,|or --demo"},
		{"a abcdefgh b", 3, "a|abc|def|gh|b"},
		{"日本語テキスト", 5, "日本|語テ|キス|ト"},
		{"日本", 1, "日本"},
		{"", 5, ""},
		{"two\nlines", 20, `two\nlines`},
	} {
		if got := strings.Join(Wrap(c.in, c.w), "|"); got != c.want {
			t.Errorf("%q in %d: got %q, want %q", c.in, c.w, got, c.want)
		}
	}
}

func TestNumbers(t *testing.T) {
	for v, want := range map[float64]string{0: "0", -3: "0", math.NaN(): "0", 0.01: "<0.1", 0.5: "0.5", 2: "2", 2.25: "2.2", 9.94: "9.9", 12.4: "12", 847: "847", 999.4: "999",
		1000: "1.0k", 92_400: "92.4k", 99_950: "100k", 160_000: "160k", 999_900: "1.0M", 12.3e6: "12.3M", 118e6: "118M", 1.23e9: "1.2G", math.Inf(1): ">999E"} {
		if got := Rate(v); got != want || len(got) > 5 {
			t.Errorf("rate %v: got %q, want %q", v, got, want)
		}
	}
	for n, want := range map[uint64]string{0: "0", 999: "999", 1000: "1,000", 1_234_567_890: "1,234,567,890", math.MaxUint64: "18,446,744,073,709,551,615"} {
		if got := Count(n); got != want {
			t.Errorf("count %d: got %q", n, got)
		}
		if got := Short(n); len(got) > 5 {
			t.Errorf("short %d: got %q", n, got)
		}
	}
	for share, want := range map[float64]string{-1: "0", 0: "0", 0.004: "0", 0.5: "50", 0.996: "99", 1: "100", 2: "100"} {
		if got := Percent(share); got != want {
			t.Errorf("share %v: got %q", share, got)
		}
	}
	for d, want := range map[time.Duration]string{-1: "0.0s", 400 * time.Millisecond: "0.4s", 12 * time.Second: "12s", 5 * time.Minute: "5m", 3 * time.Hour: "3h", 72 * time.Hour: "3d"} {
		if got := Age(d); got != want {
			t.Errorf("age %v: got %q", d, got)
		}
	}
	if got := Clock(14*time.Minute + 22*time.Second); got != "00:14:22" {
		t.Errorf("clock %q", got)
	}
	for n, want := range map[uint64]string{512: "512 B", 17 << 20: "17.0 MiB", 1 << 40: "1.0 TiB"} {
		if got := Bytes(n); got != want {
			t.Errorf("bytes %d: got %q", n, got)
		}
	}
}

func TestSparkline(t *testing.T) {
	for _, c := range []struct {
		values []float64
		span   int
		width  int
		want   string
	}{
		{nil, 4, 4, "    "},
		{[]float64{0, 0, 0, 0}, 4, 4, "▁▁▁▁"},
		{[]float64{1, 2, 4, 8}, 4, 4, "▃▄▅█"},
		{[]float64{0, 0.001, 1000, 0}, 4, 4, "▁▂█▁"},
		{[]float64{5}, 4, 4, "   ▇"},
		{[]float64{1, 3, 8, 8}, 4, 2, "▄█"},
		{[]float64{9, 9, 1, 8}, 2, 2, "▃█"},
		{[]float64{1, 1}, 2, 5, "   ▇▇"},
		{[]float64{-1, math.Inf(1)}, 2, 2, "▁█"},
		{[]float64{1}, 1, 0, ""},
	} {
		if got := Sparkline(c.values, c.span, c.width, theme.Unicode); got != c.want {
			t.Errorf("%v over %d in %d: got %q, want %q", c.values, c.span, c.width, got, c.want)
		}
	}
}

func TestQueue(t *testing.T) {
	for _, c := range []struct {
		queued, capacity int
		want             string
	}{{0, 8, "▯▯▯▯"}, {1, 8, "▮▯▯▯"}, {4, 8, "▮▮▯▯"}, {7, 8, "▮▮▮▯"}, {8, 8, "▮▮▮▮"}, {9, 8, "▮▮▮▮"}, {1, 1, "▮▮▮▮"}, {3, 0, "▯▯▯▯"}} {
		if got := Queue(c.queued, c.capacity, theme.Unicode); got != c.want {
			t.Errorf("%d of %d: got %s", c.queued, c.capacity, got)
		}
	}
}

func TestCanvasKeepsWideCharactersWhole(t *testing.T) {
	c := NewCanvas(6, 1)
	a := c.Area()
	a.Text(0, 0, "日本語", theme.Style{})
	a.Text(1, 0, "x", theme.Style{})
	a.Text(4, 0, "y", theme.Style{})
	if got := c.Lines(plainPainter())[0]; got != " x本y " {
		t.Errorf("got %q", got)
	}
	a.Text(5, 0, "語", theme.Style{})
	a.Text(-1, 0, "語", theme.Style{})
	if got := c.Lines(plainPainter())[0]; got != " x本y " {
		t.Errorf("got %q", got)
	}
}

// TestCanvasNeverOverflows draws anything anywhere.
func TestCanvasNeverOverflows(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w, h := rapid.IntRange(0, 30).Draw(t, "w"), rapid.IntRange(0, 4).Draw(t, "h")
		c := NewCanvas(w, h)
		for range rapid.IntRange(0, 8).Draw(t, "texts") {
			a := c.Area().Sub(rapid.IntRange(-3, 33).Draw(t, "ax"), rapid.IntRange(-2, 5).Draw(t, "ay"), rapid.IntRange(-1, 33).Draw(t, "aw"), rapid.IntRange(-1, 5).Draw(t, "ah"))
			a.Text(rapid.IntRange(-5, 35).Draw(t, "x"), rapid.IntRange(-1, 5).Draw(t, "y"), rapid.String().Draw(t, "text"), theme.In(theme.Busy))
		}
		lines := c.Lines(plainPainter())
		if len(lines) != h {
			t.Fatalf("%d lines, want %d", len(lines), h)
		}
		for _, line := range lines {
			if got := ansi.StringWidth(line); got != w {
				t.Fatalf("%q is %d wide, want %d", line, got, w)
			}
		}
	})
}

func TestEditor(t *testing.T) {
	e := NewEditor("node a")
	for _, c := range []struct{ key, want string }{
		{"left", "node |a"}, {"delete", "node |"}, {"home", "|node "}, {"right", "n|ode "}, {"ctrl+k", "n|"}, {"backspace", "|"}, {"backspace", "|"}, {"end", "|"},
	} {
		e, _ = e.Press(c.key)
		if got := e.Before() + "|" + e.Behind(); got != c.want {
			t.Errorf("%s: got %q, want %q", c.key, got, c.want)
		}
	}
	e = e.Insert("two wörds\x1b\n")
	if e.String() != "two wörds" {
		t.Errorf("got %q", e.String())
	}
	if e, _ = e.Press("ctrl+w"); e.String() != "two " {
		t.Errorf("got %q", e.String())
	}
	if e, _ = e.Press("ctrl+u"); e.String() != "" {
		t.Errorf("got %q", e.String())
	}
	if _, ok := e.Press("f5"); ok {
		t.Error("f5 edits")
	}
}
