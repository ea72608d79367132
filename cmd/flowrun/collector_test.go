package main

import (
	"runtime"
	"testing"
)

func TestSpareHeap(t *testing.T) {
	for live, want := range map[uint64]int{0: 800, 1 << 20: 800, 4 << 20: 600, 12 << 20: 200, 24 << 20: 100, 1 << 40: 100} {
		if got := spareFor(live); got != want {
			t.Errorf("of %d bytes: %d%%, want %d%%", live, got, want)
		}
	}
}

func TestAfterEachCollection(t *testing.T) {
	called := make(chan bool, 100)
	afterEachCollection(func() {
		select {
		case called <- true:
		default:
		}
	})
	<-called
	for range 3 {
		runtime.GC()
		<-called
	}
}
