package diff_test

import (
	"compress/gzip"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"flowrun/dag/exec"
	"flowrun/dag/job"
	"flowrun/dag/job/diff"
	_ "flowrun/nodes/all"
)

func put(t testing.TB, path, text string) string {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	return path
}

func compare(t testing.TB, a, b string, o diff.Options) string {
	t.Helper()
	if o.Show == 0 {
		o.Show = 10
	}
	r, err := diff.Compare(context.Background(), a, b, o)
	if err != nil {
		return err.Error()
	}
	return fmt.Sprintf("%d %d a%d%v b%d%v c%d%v", r.RowsA, r.RowsB, r.OnlyA, r.ShownA, r.OnlyB, r.ShownB, r.Changed, r.ShownChanged)
}

func TestCompare(t *testing.T) {
	for _, c := range []struct {
		name, a, b string // a.jsonl; of b the first line is the name
		o          diff.Options
		want       string
	}{
		{"order of rows and columns, nulls, numbers", "{\"a\":1,\"b\":\"x\"}\n{\"a\":2.5}\n", "b.jsonl\n{\"a\":2.5,\"b\":null}\n{\"b\":\"x\",\"a\":1.0}\n", diff.Options{}, "2 2 a0[] b0[] c0[]"},
		{"csv", "{\"a\":1,\"b\":\"x\"}\n{\"a\":2}\n", "b.csv\nb,a\n,2\nx,1\n", diff.Options{}, "2 2 a0[] b0[] c0[]"},
		{"how often", "{\"a\":1}\n{\"a\":1}\n{\"a\":2}\n", "b.jsonl\n{\"a\":1}\n{\"a\":2}\n{\"a\":2}\n", diff.Options{}, `3 3 a1[{"a":1}] b1[{"a":2}] c0[]`},
		{"a text is no number", "{\"a\":1}\n", "b.jsonl\n{\"a\":\"1\"}\n", diff.Options{}, `1 1 a1[{"a":1}] b1[{"a":"1"}] c0[]`},
		{"a column more", "{\"a\":1}\n", "b.jsonl\n{\"a\":1,\"b\":2}\n", diff.Options{}, `1 1 a1[{"a":1}] b1[{"a":1,"b":2}] c0[]`},
		{"nested", "{\"a\":{\"x\":1,\"y\":[1,2]}}\n", "b.jsonl\n{\"a\":{\"y\":[1.0,2.0],\"x\":1}}\n", diff.Options{}, "1 1 a0[] b0[] c0[]"},
		{"order in a list", "{\"a\":[1,2]}\n", "b.jsonl\n{\"a\":[2,1]}\n", diff.Options{}, `1 1 a1[{"a":[1,2]}] b1[{"a":[2,1]}] c0[]`},
		{"lines", "", "b.txt\nx\n", diff.Options{}, `0 1 a0[] b1[{"value":"x"}] c0[]`},
		{"nothing", "", "b.jsonl\n", diff.Options{}, "0 0 a0[] b0[] c0[]"},
		{"few are shown", "{\"a\":1}\n{\"a\":2}\n{\"a\":3}\n", "b.jsonl\n", diff.Options{Show: 2}, `3 0 a3[{"a":1} {"a":2}] b0[] c0[]`},
		{"apart", "{\"a\":1.5,\"k\":\"x\"}\n{\"a\":2.25}\n", "b.jsonl\n{\"a\":1.5000001,\"k\":\"x\"}\n{\"a\":2.25}\n", diff.Options{}, `2 2 a1[{"a":1.5,"k":"x"}] b1[{"a":1.5000001,"k":"x"}] c0[]`},
		{"near", "{\"a\":1.5,\"k\":\"x\"}\n{\"a\":3}\n", "b.jsonl\n{\"a\":1.5000001,\"k\":\"x\"}\n{\"a\":3.0000001}\n", diff.Options{Tolerance: 1e-6}, "2 2 a0[] b0[] c0[]"},
		{"near, of another row", "{\"a\":1.5,\"k\":\"x\"}\n{\"a\":3}\n", "b.jsonl\n{\"a\":1.5,\"k\":\"y\"}\n{\"a\":3.1}\n", diff.Options{Tolerance: 1e-6}, `2 2 a2[{"a":1.5,"k":"x"} {"a":3.0,"k":null}] b2[{"a":1.5,"k":"y"} {"a":3.1,"k":null}] c0[]`},
		{"last by key", "{\"k\":1,\"n\":1}\n{\"k\":2,\"n\":1}\n{\"k\":1,\"n\":2}\n", "b.jsonl\n{\"k\":2,\"n\":1}\n{\"k\":1,\"n\":2}\n", diff.Options{By: []string{"k"}}, "3 2 a0[] b0[] c0[]"},
		{"keys that differ", "{\"k\":1,\"n\":1}\n{\"k\":2,\"n\":1}\n{\"k\":1,\"n\":2}\n", "b.jsonl\n{\"k\":3,\"n\":1}\n{\"k\":1,\"n\":3}\n", diff.Options{By: []string{"k"}},
			`3 2 a1[{"k":2,"n":1}] b1[{"k":3,"n":1}] c1[[{"k":1,"n":2} {"k":1,"n":3}]]`},
		{"no such key", "{\"k\":1}\n", "b.jsonl\n{\"k\":3}\n", diff.Options{By: []string{"z"}}, `a.jsonl has no column "z"; it has k`},
		{"columns that are said", "{\"k\":1}\n", "b.jsonl\n{\"k\":1}\n", diff.Options{Schema: "{k: string}"}, "read a.jsonl: a row does not fit the columns: wrong type: k is 1, not a string, at byte 5; --schema says which they are"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Chdir(t.TempDir())
			name, text, _ := strings.Cut(c.b, "\n")
			put(t, "a.jsonl", c.a)
			put(t, name, text)
			if got := compare(t, "a.jsonl", name, c.o); !strings.HasPrefix(got, c.want) {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

// A column that comes late is compared too, and what has no row is none to be compared.
func TestWhatIsLateOrNotThere(t *testing.T) {
	t.Chdir(t.TempDir())
	many := strings.Repeat("{\"n\":1}\n", 20000)
	put(t, "a/1.jsonl", many)
	put(t, "a/2.jsonl", "{\"n\":2,\"late\":{\"x\":1}}\n")
	put(t, "b/1.jsonl", many+"{\"n\":2}\n")
	put(t, "a.log", strings.Repeat("n=1\n", 3000)+"n=2 late=x\n")
	put(t, "b.log", strings.Repeat("n=1\n", 3000)+"n=2\n")
	put(t, "one/1.csv", "a,b\n1,2\n")
	put(t, "two/1.csv", "a,b\n1,2\n")
	put(t, "two/2.csv", "a,b\n2.5,x\n")
	put(t, "late/1.csv", "a,b\n1,2\n")
	put(t, "late/2.csv", "a,b,c\n1,2,3\n")
	put(t, "head.csv", "a,b\n")
	put(t, "blank.jsonl", "\n\n")
	put(t, "a/.hidden/x.jsonl", "{}")
	var packed strings.Builder
	w := gzip.NewWriter(&packed)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	put(t, "none.jsonl.gz", packed.String())
	put(t, "outer/inner/1.jsonl", "{}")
	if err := os.Mkdir("empty", 0o777); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		a, b string
		o    diff.Options
		want string
	}{
		{"a", "b", diff.Options{}, `20001 20001 a1[{"n":2,"late":{"x":1}}] b1[{"n":2}] c0[]`},
		{"a", "a", diff.Options{}, `20001 20001 a0[] b0[] c0[]`},
		{"a.log", "b.log", diff.Options{Format: "kv"}, `3001 3001 a1[{"n":2,"late":"x"}] b1[{"n":2}] c0[]`},
		{"one", "two", diff.Options{}, `1 2 a1[{"a":1,"b":2}] b2[{"a":1.0,"b":"2"} {"a":2.5,"b":"x"}] c0[]`},
		{"one", "late", diff.Options{}, `read late: a row does not fit the columns: no such header: the header has no column "c"; it has: a, b; --schema says which they are`},
		{"head.csv", "one", diff.Options{}, `0 1 a0[] b1[{"a":1,"b":2}] c0[]`},
		{"blank.jsonl", "none.jsonl.gz", diff.Options{}, "0 0 a0[] b0[] c0[]"},
		{"empty", "head.csv", diff.Options{}, "0 0 a0[] b0[] c0[]"},
		{"empty", "outer", diff.Options{}, "read outer: it has directories, such as outer/inner, and no file of its own: the files of one directory are compared, not those below it"},
		{"nothing", "empty", diff.Options{}, "read nothing: no such file or directory"},
	} {
		if got := compare(t, c.a, c.b, c.o); got != c.want {
			t.Errorf("%s, %s: got\n%s\nwant\n%s", c.a, c.b, got, c.want)
		}
	}
}

// An output in parts, packed or of columns, is the same as the file that it came of.
func TestFormats(t *testing.T) {
	t.Chdir(t.TempDir())
	var text strings.Builder
	for i := range 3000 {
		fmt.Fprintf(&text, "{\"i\":%d,\"at\":\"2026-01-01T00:%02d:00.5Z\",\"day\":\"2026-01-02\",\"f\":%g,\"s\":\"a%d\",\"l\":[%d],\"o\":{\"x\":%t}}\n", i, i%60, float64(i)/8, i%7, i, i%2 == 0)
	}
	put(t, "in.jsonl", text.String())
	const schema = "{i: int, at: timestamp, day: date, f: float, s: string, l: list<int>, o: {x: bool}}"
	for _, sink := range []string{
		"file: {path: out, roll: {size: 40KiB}}, format: json", "file: {path: out, compression: zstd}, format: json", "file: {path: out, compression: gzip}, format: json",
		"file: {path: out}, format: parquet", "file: {path: out}, format: arrow",
	} {
		t.Run(sink, func(t *testing.T) {
			if err := os.RemoveAll("out"); err != nil {
				t.Fatal(err)
			}
			j := job.Parse(context.Background(), "p.yaml", fmt.Appendf(nil, "nodes:\n  rows: {file: {path: in.jsonl}, schema: %s}\n  out: {from: rows, %s}\n", schema, sink), job.Options{})
			if j.Plan == nil {
				t.Fatal(j.Diags)
			}
			run, err := exec.Build(j.Plan, job.Connectors{}, exec.Options{})
			if err != nil {
				t.Fatal(err)
			}
			if err := run.Run(context.Background()); err != nil {
				t.Fatal(err)
			}
			if got := compare(t, "in.jsonl", "out", diff.Options{}); got != "3000 3000 a0[] b0[] c0[]" {
				t.Error(got)
			}
			lines := strings.SplitAfter(text.String(), "\n")
			put(t, "less.jsonl", strings.Join(slices.Delete(lines, 17, 18), ""))
			if got := compare(t, "out", "less.jsonl", diff.Options{}); !strings.HasPrefix(got, "3000 2999 a1[{\"i\":17,") {
				t.Error(got)
			}
		})
	}
}

// Against a comparison of sorted lines: random rows, each in a place of its own.
func TestAgainstSorting(t *testing.T) {
	dir := t.TempDir()
	rapid.Check(t, func(r *rapid.T) {
		rows := rapid.SliceOfN(rapid.Custom(func(r *rapid.T) string {
			return fmt.Sprintf(`{"a":%d,"b":"%s"}`, rapid.IntRange(0, 3).Draw(r, "a"), rapid.SampledFrom([]string{"", "x", "y"}).Draw(r, "b"))
		}), 1, 12)
		a, b := rows.Draw(r, "a"), rows.Draw(r, "b")
		left := map[string]int{}
		for _, x := range a {
			left[x]++
		}
		onlyB := 0
		for _, x := range b {
			if left[x]--; left[x] < 0 {
				left[x] = 0
				onlyB++
			}
		}
		onlyA := 0
		for _, n := range left {
			onlyA += n
		}
		got, err := diff.Compare(context.Background(), put(t, filepath.Join(dir, "a.jsonl"), strings.Join(a, "\n")+"\n"), put(t, filepath.Join(dir, "b.jsonl"), strings.Join(b, "\n")+"\n"), diff.Options{Show: 100})
		if err != nil {
			r.Fatal(err)
		}
		if int(got.OnlyA) != onlyA || int(got.OnlyB) != onlyB || len(got.ShownA) != onlyA || len(got.ShownB) != onlyB {
			r.Fatalf("got %+v, want %d and %d", got, onlyA, onlyB)
		}
	})
}
