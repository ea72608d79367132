package file

import (
	"fmt"
	"reflect"
	"testing"

	"pgregory.net/rapid"
)

func TestPositionReadsBack(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		want := map[int]*mark{}
		var p position
		steps := rapid.IntRange(0, 40).Draw(rt, "steps")
		slots := 0
		for range steps {
			slot := rapid.IntRange(0, slots).Draw(rt, "slot")
			if slot == slots {
				slots++
			}
			before, _ := p.AppendBinary(nil)
			m := &mark{
				name: rapid.StringN(1, 20, 60).Draw(rt, "name"),
				id:   identity{rapid.Uint64().Draw(rt, "device"), rapid.Uint64().Draw(rt, "number")},
				head: head{rapid.IntRange(0, maxHead).Draw(rt, "size"), rapid.Uint64().Draw(rt, "sum")},
				at:   rapid.Int64Min(0).Draw(rt, "at"), packed: rapid.Int64Min(0).Draw(rt, "packed"),
			}
			if rapid.IntRange(0, 4).Draw(rt, "kind") == 0 {
				m = nil
			}
			next := p.with(slot, m)
			if after, _ := p.AppendBinary(nil); string(after) != string(before) {
				rt.Fatalf("a position changed when another was made of it")
			}
			p, want[slot] = next, m
		}
		var marks []*mark
		for i := range slots {
			if want[i] != nil {
				marks = append(marks, want[i])
			}
		}
		text, err := p.AppendBinary(nil)
		if err != nil {
			rt.Fatal(err)
		}
		got, err := parsePosition(text)
		if err != nil || len(got) != len(marks) || len(marks) > 0 && !reflect.DeepEqual(got, marks) {
			rt.Fatalf("%v became %v, %v", marks, got, err)
		}
	})
}

func TestPositionOfManyFiles(t *testing.T) {
	var p position
	for i := 3*chunkMarks - 1; i >= 0; i-- {
		p = p.with(i, &mark{name: fmt.Sprint("f", i), at: int64(i)})
	}
	text, _ := p.AppendBinary(nil)
	got, err := parsePosition(text)
	if err != nil || len(got) != 3*chunkMarks || got[500].name != "f500" || got[500].at != 500 {
		t.Fatalf("%d marks, %v", len(got), err)
	}
	// A step costs a chunk, not all of them.
	if n := testing.AllocsPerRun(10, func() { p.with(300, got[0]) }); n > 3 {
		t.Errorf("%v allocations", n)
	}
}

func FuzzPosition(f *testing.F) {
	text, _ := position{}.with(0, &mark{name: "a.log", id: identity{1, 2}, head: head{3, 4}, at: 5}).AppendBinary(nil)
	f.Add(text)
	f.Add([]byte{positionVersion})
	f.Fuzz(func(t *testing.T, b []byte) {
		marks, err := parsePosition(b)
		if err != nil {
			return
		}
		var p position
		for i, m := range marks {
			p = p.with(i, m)
		}
		again, _ := p.AppendBinary(nil)
		if back, err := parsePosition(again); err != nil || len(marks) > 0 && !reflect.DeepEqual(back, marks) {
			t.Fatalf("%v became %v, %v", marks, back, err)
		}
	})
}
