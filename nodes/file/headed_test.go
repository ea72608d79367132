package file

import (
	"fmt"
	"path/filepath"
	"slices"
	"testing"

	"flowrun/dag/codec"
	"flowrun/dag/op/optest"
	"flowrun/dag/plan"
)

// Every file has a header of its own, which a run that goes on in the middle of one still knows.
func TestEachFileHasAHeader(t *testing.T) { inLanes(t, eachFileHasAHeader) }

func eachFileHasAHeader(t *testing.T) {
	dir := t.TempDir()
	var want []string
	text := func(file, head string) string {
		for i := range 5 {
			want = append(want, fmt.Sprint(file, i))
			if head[0] == 'n' {
				head += fmt.Sprintf("%d,%s%d\n", i, file, i)
			} else {
				head += fmt.Sprintf("%s%d,%d\n", file, i, i)
			}
		}
		return head
	}
	put(t, filepath.Join(dir, "1.csv"), []byte(text("a", "n,word\n")))
	put(t, filepath.Join(dir, "2.csv.gz"), pack(t, gz, text("b", "word,n\n")))
	put(t, filepath.Join(dir, "3.csv.zst"), pack(t, zst, text("c", "word,n\n")))
	read := func(rt *optest.Runtime, from []byte, enough func(*optest.Taken) bool) *optest.Taken {
		s := newSource(Config{Path: dir, Compression: "auto", MaxLineBytes: 99}, &plan.Scan{Format: plan.Format{Name: "csv", Config: codec.CSV{Header: true, Delimiter: ","}}, Schema: words})
		if err := s.Open(t.Context(), rt, from); err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		return optest.Take(t.Context(), t, s, enough)
	}
	for stop := range 15 {
		rt := lent(t)
		rt.Rows, rt.Bytes = 2, 16
		var from []byte
		var got []string
		if stop > 0 {
			first := read(rt, nil, func(got *optest.Taken) bool { return got.Batches >= stop })
			from, _ = first.Last.AppendBinary(nil)
			got = first.Column(0)
		}
		got = append(got, read(rt, from, nil).Column(0)...)
		if !slices.Equal(got, want) {
			t.Fatalf("stopped after %d batches: %q, want %q", stop, got, want)
		}
	}
}

func TestEachPartHasAHeader(t *testing.T) {
	dir := t.TempDir()
	w := newWriting(t, SinkConfig{Path: dir, Roll: Roll{Size: 8}})
	w.sink = newSink(SinkConfig{Path: dir, Compression: "auto", Roll: Roll{Size: 8}},
		&plan.Write{Format: plan.Format{Name: "csv", Config: codec.CSV{Header: true, Delimiter: ","}}, Schema: words})
	w.open()
	w.write("abc")
	w.write("def")
	w.end()
	holds(t, dir, map[string]string{"part-00000000.csv": "word\nabc\n", "part-00000001.csv": "word\ndef\n"})
}
