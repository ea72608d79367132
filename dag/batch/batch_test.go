package batch

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow"

	"flowrun/dag/schema"
)

func TestReferencesAreCounted(t *testing.T) {
	mem := checked(t)
	b := New(randomRecord(rand.New(rand.NewPCG(1, 11)), everyType, 10, 2, mem))
	b.Part, b.Seq, b.Arrived = 2, 5, time.Unix(3, 0)
	b.Rejects = []Reject{{Reason: "x"}}
	d := b.WithSelection([]int32{1, 4})
	b.Retain()
	b.Release()
	b.Release() // the last one: d lives on its own reference
	if d.Rows() != 2 || d.Row(1) != 4 || d.Part != 2 || d.Seq != 5 || !d.Arrived.Equal(time.Unix(3, 0)) || d.Rejects != nil {
		t.Errorf("derived batch: %+v", d)
	}
	if got := texts(d); len(got) != 2 || slices.Contains(got, "") {
		t.Errorf("rows: %q", got)
	}
	d.Release()
	mustPanic(t, "Release of a released batch", d.Release)
	e := New(nil)
	e.Release()
	mustPanic(t, "Retain of a released batch", func() { e.Retain() })
}

func mustPanic(t *testing.T, what string, call func()) {
	t.Helper()
	defer func() {
		if r := recover(); r != "batch: "+what {
			t.Errorf("%s: recovered %v", what, r)
		}
	}()
	call()
}

func TestRowsOfABatchWithoutRecord(t *testing.T) {
	var b Batch
	if b.Rows() != 0 {
		t.Errorf("%d rows", b.Rows())
	}
}

func TestWithRecordTakesOverTheReference(t *testing.T) {
	mem := checked(t)
	rng := rand.New(rand.NewPCG(1, 12))
	b := New(randomRecord(rng, everyType, 10, 2, mem))
	defer b.Release()
	b.Seq = 9
	d := b.WithRecord(randomRecord(rng, wordCount, 10, 0, mem), []int32{7})
	defer d.Release()
	if d.Seq != 9 || d.Rows() != 1 || !d.Schema().Equal(wordCount) || b.Rows() != 10 {
		t.Errorf("derived batch: %+v", d)
	}
}

func TestSkippedRowsStayWithTheWholeStretch(t *testing.T) {
	mem := checked(t)
	make3 := func(skipped int) *Batch {
		c := NewBuilder(arrow.NewSchema([]arrow.Field{{Name: "n", Type: schema.Int}}, nil), mem)
		defer c.Release()
		for v := range int64(3) {
			c.Column(0).AppendInt(v)
		}
		b := c.Batch()
		b.Skipped = skipped
		return b
	}
	a, b := make3(4), make3(1)
	defer a.Release()
	defer b.Release()
	if a.Count() != 7 {
		t.Errorf("count %d", a.Count())
	}
	part := a.WithSelection([]int32{1})
	defer part.Release()
	tail := Slice(a, 1, 3)
	defer tail.Release()
	if part.Count() != 1 || tail.Count() != 2 {
		t.Errorf("a part counts %d, a slice %d", part.Count(), tail.Count())
	}
	part.Skipped = 2
	one, same, both := Compact(part, mem), Compact(a, mem), Concat(a.Schema(), []*Batch{a, b}, mem)
	defer one.Release()
	defer same.Release()
	defer both.Release()
	if one.Count() != 3 || same.Count() != 7 || both.Count() != 11 {
		t.Errorf("compact %d and %d, both %d", one.Count(), same.Count(), both.Count())
	}
}
