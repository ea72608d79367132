package lines

import "testing"

func TestRoomFollowsTheLoad(t *testing.T) {
	r := room{most: 200 << 10}
	read := func(share int) int { // of the room, in percent
		p := r.next()
		r.took(len(p) * share / 100)
		return len(p)
	}
	if n := read(1); n != 16<<10 {
		t.Errorf("at first there is room for %d bytes", n)
	}
	for range 10 {
		read(100)
	}
	if n := read(50); n != 200<<10 {
		t.Errorf("under load there is room for %d bytes", n)
	}
	for i := range 1000 { // a lull now and then is no end of the load
		if i%20 == 0 {
			read(40)
		}
		if n := read(1); n != 200<<10 {
			t.Fatalf("after %d reads there is room for %d bytes", i, n)
		}
	}
	for range 1000 {
		read(1)
	}
	if n := read(1); n != 16<<10 {
		t.Errorf("when little comes there is room for %d bytes", n)
	}
	small := room{most: 100}
	if n := len(small.next()); n != 100 {
		t.Errorf("room for %d bytes, and at most 100 are allowed", n)
	}
}
