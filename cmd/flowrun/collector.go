package main

import (
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
)

// A run keeps little alive and makes garbage with every batch, so that Go's collector, which by itself lets a heap grow to twice
// what is alive, but to 4 MiB at least, would work all the time. spareHeap is how much garbage is let come together before it
// does. Beside much state it is nothing, and the collector's own rule holds.
const (
	spareHeap  = 24 << 20
	leastSpare = 100 // percent of what is alive: Go's own rule
	mostSpare  = 800
)

// tuneCollector keeps the rule, unless the environment has one of its own.
func tuneCollector() {
	if os.Getenv("GOGC") != "" || os.Getenv("GOMEMLIMIT") != "" {
		return
	}
	afterEachCollection(func() { debug.SetGCPercent(spareFor(liveHeap())) })
}

// spareFor is how much garbage may come together, in percent of what is alive.
func spareFor(live uint64) int {
	return int(min(max(spareHeap*100/max(live, 1), leastSpare), mostSpare))
}

func liveHeap() uint64 {
	s := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(s)
	if s[0].Value.Kind() != metrics.KindUint64 {
		return 0
	}
	return s[0].Value.Uint64()
}

// afterEachCollection calls f now and after every collection, as long as the process lives: an object that nobody keeps is found
// dead by each of them, and leaves another one behind.
func afterEachCollection(f func()) {
	f()
	runtime.AddCleanup(new([16]byte), func(struct{}) { afterEachCollection(f) }, struct{}{})
}
