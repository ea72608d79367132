package expr

import (
	"slices"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"pgregory.net/rapid"

	"flowrun/dag/batch"
	"flowrun/dag/diag"
)

// Several programs at once, each for rows of its own, give what the machine gives of one after the other: a row that failed
// is out for those behind, with its first failure.
func TestSetsMeanWhatTheMachineMeans(t *testing.T) {
	for range 3 {
		rapid.Check(t, setsAgree)
	}
}

func FuzzSets(f *testing.F) {
	f.Add([]byte{})
	f.Add([]byte("several programs at once"))
	f.Fuzz(rapid.MakeFuzz(setsAgree))
}

func setsAgree(t *rapid.T) {
	mem := memory.NewCheckedAllocator(batch.NewPool())
	g := &grammar{t: t, pool: map[string][]string{}}
	var programs []*Program
	for range rapid.IntRange(1, 4).Draw(t, "programs") {
		text := g.of(rapid.SampledFrom(resultTypes).Draw(t, "type"), rapid.IntRange(1, 3).Draw(t, "depth"))
		p, list := Compile(diag.Text{Value: text}, &Env{Schema: randomSchema})
		if p == nil {
			for _, d := range list {
				if d.Code != codeLiteral {
					t.Fatalf("%s does not compile: %v", text, list)
				}
			}
			continue
		}
		programs = append(programs, p)
	}
	s := NewSet(mem, programs...)
	for range 2 {
		b := randomBatch(t, mem)
		setAgrees(t, s, programs, b)
		b.Release()
	}
	s.Close()
	mem.AssertSize(failer{t}, 0)
}

func setAgrees(t *rapid.T, s *Set, programs []*Program, b *batch.Batch) {
	s.Begin(b)
	defer s.End()
	var wantFailed []batch.Failure
	var narrow []int32
	for i, p := range programs {
		var rows []int32 // nil: all that count
		switch rapid.IntRange(0, 2).Draw(t, "rows") {
		case 1:
			rows = narrow
		case 2:
			rows = []int32{}
			for j := range b.Rows() {
				if rapid.Bool().Draw(t, "row") {
					rows = append(rows, int32(b.Row(j)))
				}
			}
			narrow = rows
		}
		asked := b.WithSelection(rows)
		if rows == nil {
			asked.Sel = b.Sel
		}
		// Of the rows asked for, those that did not fail before.
		left := []int32{}
		for j := range asked.Rows() {
			row := int32(asked.Row(j))
			if !slices.ContainsFunc(wantFailed, func(f batch.Failure) bool { return f.Row == row }) {
				left = append(left, row)
			}
		}
		asked.Sel = left
		want, failed := runMachine(t, p, asked)
		wantFailed = append(wantFailed, failed...)
		if p.Type().ID() == arrow.BOOL && rapid.Bool().Draw(t, "select") {
			sel, err := s.Select(i, rows)
			if err != nil {
				t.Fatalf("%s: %v", p.Text(), err)
			}
			expected := []int32{}
			for _, row := range left {
				if want[row] == true {
					expected = append(expected, row)
				}
			}
			if sel == nil || !slices.Equal(sel, expected) {
				t.Fatalf("%s: selected %v, true for %v", p.Text(), sel, expected)
			}
		} else {
			values, err := s.Eval(i, rows)
			if err != nil {
				t.Fatalf("%s: %v", p.Text(), err)
			}
			compareEntries(t, p, asked, values, want)
			values.Release()
		}
		asked.Release()
	}
	slices.SortFunc(wantFailed, func(a, b batch.Failure) int { return int(a.Row - b.Row) })
	text := ""
	for _, p := range programs {
		text += p.Text() + "\n"
	}
	compareFailures(t, text, s.Failures(), wantFailed)
}
