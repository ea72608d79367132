package state

import (
	"bytes"
	"testing"
)

// What was taken lies apart from all the rest, and room that one save needed is given back when the next one needs less.
func TestValueRoom(t *testing.T) {
	var r valueRoom
	for round := range 3 {
		r.clear()
		var all [][]byte
		for i := range 300 {
			n := 1 + i*i%50_000
			b := r.take(n)
			if len(b) != 0 || cap(b) != n {
				t.Fatalf("%d bytes with room for %d, want 0 and %d", len(b), cap(b), n)
			}
			all = append(all, append(b, bytes.Repeat([]byte{byte(i + round)}, n)...))
		}
		for i, b := range all {
			if len(bytes.Trim(b, string([]byte{byte(i + round)}))) > 0 {
				t.Fatalf("round %d: another value is written over value %d", round, i)
			}
		}
	}
	most := len(r.pieces)
	r.clear()
	if r.take(10); len(r.pieces) != most {
		t.Errorf("%d pieces, want the %d of the save before", len(r.pieces), most)
	}
	r.clear()
	if len(r.pieces) != 1 {
		t.Errorf("%d pieces are kept, of which one was needed", len(r.pieces))
	}
}
