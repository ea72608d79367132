package diag

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden files")

const hot = `name: hot
nodes:
  hot:
    from: readings
    filter: status == "ok" && tmep > 30
`

func at(line, column, length int) Span {
	return Span{File: "pipelines/hot.yaml", Line: line, Column: column, Length: length}
}

func TestPrint(t *testing.T) {
	long := "    filter: " + strings.Repeat("aaaa + ", 40) + "bbbb" + strings.Repeat(" + cccc", 40)
	for _, c := range []struct {
		name, source string
		list         List
		o            PrintOptions
	}{
		{"design", hot, List{{
			Code: "FR0203", Message: `unknown column "tmep"`, At: at(5, 31, 4),
			Hint: `did you mean "temp"? readings has: ts, device, temp, status`,
		}}, PrintOptions{}},
		{"color", hot, List{
			{Code: "FR0203", Message: `unknown column "tmep"`, Hint: "look", At: at(5, 31, 4), Notes: []Diagnostic{
				{Message: "the columns come from here", At: at(4, 11, 8)},
			}},
			{Code: "FR0204", Severity: Warning, Message: "nobody reads it", At: at(3, 3, 3)},
		}, PrintOptions{Color: true}},
		{"notes", hot, List{{
			Code: "FR0105", Message: `duplicate node "hot"`, At: at(3, 3, 3), Hint: "rename one\nor drop it",
			Notes: []Diagnostic{{Message: "the first is here", At: at(1, 7, 3), Hint: "this one"}, {Message: "no place"}},
		}}, PrintOptions{}},
		{"places", hot, List{
			{Code: "FR0101", Message: "no place at all"},
			{Message: "only a file", At: Span{File: "pipelines/hot.yaml"}},
			{Message: "only a line", At: at(2, 0, 0)},
			{Message: "behind the end of the line", At: at(2, 7, 1)},
			{Message: "far behind the end of the line", At: at(2, 70, 5)},
			{Message: "a line that is not there", At: at(99, 1, 1)},
			{Message: "a length of nothing", At: at(1, 1, 0)},
			{Message: "a span that runs over the end shows its first line", At: at(4, 5, 500)},
			{Message: "another file", At: Span{File: "missing.yaml", Line: 1, Column: 1, Length: 1}, Severity: Warning},
		}, PrintOptions{}},
		{"wide", "a:\t\"日本\"\t+ tmep\nb: 'cafe\u0301' + tmep\nc: '👍' + tmep\n\t\td: x\n", List{
			{Message: "behind tabs and wide characters", At: at(1, 11, 4)},
			{Message: "behind a combining mark", At: at(2, 14, 4)},
			{Message: "behind an emoji", At: at(3, 10, 4)},
			{Message: "under wide characters", At: at(1, 4, 4)},
			{Message: "under tabs", At: at(4, 1, 2)},
		}, PrintOptions{}},
		{"hostile", "a: \x1b[31mred\x07\x00 x\nb: \u202eabc\n\xff\xfec: x\n", List{
			{Message: "an escape \x1b[2J in the message", At: at(1, 14, 1)},
			{Message: "a bidirectional override", At: at(2, 5, 3)},
			{Message: "bytes that are no text", At: at(3, 1, 2)},
		}, PrintOptions{}},
		{"long", long, List{
			{Message: "in the middle", At: at(1, strings.Index(long, "bbbb")+1, 4)},
			{Message: "at the start", At: at(1, 5, 6)},
			{Message: "at the end", At: at(1, len(long)-3, 4)},
			{Message: "just behind the end", At: at(1, len(long)+1, 1)},
			{Message: "longer than the window", At: at(1, 13, len(long))},
		}, PrintOptions{Width: 60}},
		{"breaks", "\ufeffa: 1\r\nb: 2\rc: 3\n", List{
			{Message: "a byte order mark is no character", At: at(1, 1, 1)},
			{Message: "second", At: at(2, 4, 1)},
			{Message: "third", At: at(3, 4, 1)},
		}, PrintOptions{}},
		{"empty", hot, nil, PrintOptions{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var b bytes.Buffer
			Print(&b, c.list, func(file string) []byte {
				if file == "pipelines/hot.yaml" {
					return []byte(c.source)
				}
				return nil
			}, c.o)
			golden(t, filepath.Join("testdata", c.name+".txt"), b.Bytes())
		})
	}
}

func TestPrintWithoutSource(t *testing.T) {
	var b bytes.Buffer
	Print(&b, List{{Message: "wrong", At: at(1, 1, 1)}}, nil, PrintOptions{})
	want := "pipelines/hot.yaml:1:1: error: wrong\n\n1 error in pipelines/hot.yaml\n"
	if b.String() != want {
		t.Errorf("got %q, want %q", b.String(), want)
	}
}

func TestPrintNeverExceedsItsWidth(t *testing.T) {
	line := strings.Repeat("日本語 text\t", 50)
	n := len([]rune(line))
	for column := 1; column <= n+3; column++ {
		for _, length := range []int{1, 7, 1000} {
			shown, carets := window(line, column, length, 50)
			if w := total(shown); w > 50 {
				t.Fatalf("column %d: the line takes %d cells: %q", column, w, shown)
			}
			if w := len(carets); w > 52 {
				t.Fatalf("column %d, length %d: the carets take %d cells: %q", column, length, w, carets)
			}
			if !strings.HasSuffix(carets, "^") {
				t.Fatalf("column %d: no caret", column)
			}
		}
	}
}

func total(s string) int {
	n := 0
	for _, r := range s {
		n += cells(r)
	}
	return n
}

func TestJSON(t *testing.T) {
	for name, l := range map[string]List{
		"json_ok": nil,
		"json_warning": {{
			Code: "FR0204", Severity: Warning, Message: "nobody reads it", At: at(3, 3, 3),
		}},
		"json_errors": {
			{Code: "FR0203", Message: `unknown column "tmep"`, Hint: `did you mean "temp"?`, At: at(5, 31, 4)},
			{Code: "FR0105", Message: "twice", At: at(3, 3, 3), Notes: []Diagnostic{{Message: "first", At: at(1, 1, 4)}}},
			{Message: "no place"},
		},
	} {
		out, err := JSON("validate", l)
		if err != nil {
			t.Fatal(err)
		}
		golden(t, filepath.Join("testdata", name+".json"), out)
	}
}

func TestSortKeepsOrderAndRemovesRepetitions(t *testing.T) {
	l := List{
		{Message: "b", At: at(2, 1, 1)}, {Message: "first", At: at(1, 1, 1)}, {Message: "second", At: at(1, 1, 1)},
		{Message: "b", At: at(2, 1, 1)},
	}
	l.Sort()
	var got []string
	for _, d := range l {
		got = append(got, fmt.Sprint(d.At.Line, d.Message))
	}
	if diff := cmp.Diff([]string{"1first", "1second", "2b"}, got); diff != "" {
		t.Error(diff)
	}
}

func TestDefineTwicePanics(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("no panic")
		}
		delete(pages, "FR0000")
	}()
	Define("FR0000", "a", "b")
	Define("FR0000", "a", "b")
}

// golden compares with a file of testdata, or writes it.
func golden(t *testing.T, path string, got []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s (-want +got):\n%s", path, diff)
	}
}
