package console

import (
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"

	"flowrun/dag/batch"
	"flowrun/dag/op/optest"
	"flowrun/dag/schema"
)

var words = arrow.NewSchema([]arrow.Field{
	{Name: "word", Type: schema.String, Nullable: true}, {Name: "count", Type: schema.Int},
}, nil)

func rows(rt *optest.Runtime, counts map[string]int64, order ...string) *batch.Batch {
	b := batch.NewBuilder(words, rt.Allocator())
	defer b.Release()
	for _, w := range order {
		if w == "" {
			b.Column(0).AppendNull()
		} else {
			b.Column(0).AppendString(w)
		}
		b.Column(1).AppendInt(counts[w])
	}
	return b.Batch()
}

func open(t *testing.T, rt *optest.Runtime, numRows, truncate int) *sink {
	t.Helper()
	s := &sink{table: batch.NewTable(words, numRows, truncate)}
	if err := s.Open(t.Context(), rt, nil); err != nil {
		t.Fatal(err)
	}
	return s
}

func show(t *testing.T, rt *optest.Runtime, s *sink, epoch uint64, batches ...*batch.Batch) string {
	t.Helper()
	for _, b := range batches {
		if err := s.Write(t.Context(), b, &optest.Emitter{}); err != nil {
			t.Fatal(err)
		}
		b.Release()
	}
	if err := s.Epoch(t.Context(), epoch); err != nil {
		t.Fatal(err)
	}
	text, ok := rt.Shown(epoch)
	if !ok {
		t.Fatalf("epoch %d was not shown", epoch)
	}
	return text
}

const rule = "-------------------------------------------\n"

func TestShowsEachEpoch(t *testing.T) {
	rt := optest.New(t)
	s := open(t, rt, 20, 20)
	counts := map[string]int64{"dog": 3, "owl": 1, "": 7}
	got := show(t, rt, s, 4, rows(rt, counts, "dog"), rows(rt, counts, "owl", ""))
	want := rule + "Batch: 4\n" + rule + `+----+-----+
|word|count|
+----+-----+
| dog|    3|
| owl|    1|
|NULL|    7|
+----+-----+

`
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	// The next epoch has only its own rows, and one without rows shows so.
	if got := show(t, rt, s, 5); strings.Contains(got, "dog") || !strings.Contains(got, "|word|count|") {
		t.Errorf("an empty epoch shows\n%s", got)
	}
}

func TestOptions(t *testing.T) {
	rt := optest.New(t)
	counts := map[string]int64{"a rather long word": 1, "b": 2}
	got := show(t, rt, open(t, rt, 1, 8), 0, rows(rt, counts, "a rather long word", "b"))
	if !strings.Contains(got, "|a rat...|    1|\n") || strings.Contains(got, "|       b|") || !strings.Contains(got, "only showing top 1 row\n") {
		t.Errorf("num_rows 1, truncate 8:\n%s", got)
	}
	got = show(t, rt, open(t, rt, 20, 0), 1, rows(rt, counts, "a rather long word", "b"))
	if !strings.Contains(got, "|b                 |2    |\n") {
		t.Errorf("truncate 0:\n%s", got)
	}
}

func TestNamesItsNodeAmongSeveral(t *testing.T) {
	rt := optest.New(t)
	rt.Name, rt.Nodes = "counts", 2
	if got := show(t, rt, open(t, rt, 20, 20), 3); !strings.HasPrefix(got, rule+"Batch: 3  counts\n"+rule) {
		t.Errorf("got\n%s", got)
	}
}

// An epoch of any size keeps no more than the rows that it will show, and no batch.
func TestKeepsOnlyWhatItShows(t *testing.T) {
	rt := optest.New(t)
	s := open(t, rt, 2, 20)
	for range 1000 {
		b := rows(rt, nil, "x", "y", "z")
		if err := s.Write(t.Context(), b, &optest.Emitter{}); err != nil {
			t.Fatal(err)
		}
		b.Release() // the Runtime's allocator fails the test if the sink kept it
	}
	if got := show(t, rt, s, 0); strings.Count(got, "\n| ") > 3 {
		t.Errorf("got\n%s", got)
	}
}

// A commit shows nothing, and takes nothing from the next epoch: not each epoch has one, and one can come where no epoch ends.
func TestCommitsShowNothing(t *testing.T) {
	rt := optest.New(t)
	rt.Saved = true
	s := open(t, rt, 20, 20)
	for epoch, word := range []string{"a", "b", "c"} {
		text := show(t, rt, s, uint64(epoch), rows(rt, nil, word))
		if !strings.Contains(text, "|   "+word+"|    0|") || strings.Count(text, "\n|") != 2 {
			t.Errorf("epoch %d shows\n%s", epoch, text)
		}
		for range 2 * (epoch % 2) {
			p, err := s.Prepare(t.Context(), &optest.Emitter{})
			if err != nil || p != nil {
				t.Errorf("Prepare = %v, %v", p, err)
			}
			if err := s.Commit(t.Context(), p); err != nil {
				t.Fatal(err)
			}
		}
	}
	if _, more := rt.Shown(3); more {
		t.Error("a commit showed something")
	}
}
