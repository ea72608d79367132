package diag

import (
	"strings"
	"testing"
)

func TestSuggest(t *testing.T) {
	columns := []string{"ts", "device", "temp", "status", "rows_per_second"}
	for _, c := range []struct {
		name       string
		candidates []string
		want       string
	}{
		{"tmep", columns, "temp"},
		{"Temp", columns, "temp"},
		{"st", columns, "ts"},
		{"divice", columns, "device"},
		{"rowsPerSecond", columns, "rows_per_second"},
		{"rows-per-secnd", columns, "rows_per_second"},
		{"colour", columns, ""},
		{"x", columns, ""},
		{"", columns, ""},
		{"ab", []string{"cd"}, ""},
		{"filtr", []string{"file", "filter"}, "filter"},
		{"VALUE", []string{"valve", "value"}, "value"},
		{"name", []string{"NAME", "Name"}, "Name"},
		{"größe", []string{"groesse", "grösse"}, "grösse"},
		{"_", []string{"-", "a"}, ""},
		{strings.Repeat("a", 1000), []string{strings.Repeat("a", 999)}, ""},
	} {
		if got := Suggest(c.name, c.candidates); got != c.want {
			t.Errorf("Suggest(%q, %q) = %q, want %q", c.name, c.candidates, got, c.want)
		}
	}
}

func TestDistance(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{
		{"", "", 0}, {"", "abc", 3}, {"abc", "", 3}, {"abc", "abc", 0},
		{"abc", "acb", 1}, {"kitten", "sitting", 3}, {"ca", "abc", 3},
	} {
		if got := distance([]rune(c.a), []rune(c.b)); got != c.want {
			t.Errorf("distance(%q, %q) = %d, want %d", c.a, c.b, got, c.want)
		}
	}
}
