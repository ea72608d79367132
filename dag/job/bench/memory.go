package bench

import (
	"bytes"
	"os"
	"strconv"
	"time"
)

// Memory is the most that a process had, in bytes; 0 where the system does not say.
type Memory struct {
	// Anonymous is what the process made itself: heap and stacks, without the pages of its program and of files that it
	// mapped. It is sampled, so it misses what lasts less than sampleEvery.
	Anonymous uint64 `json:"anonymous_bytes"`
	// Resident is all that was in memory, as the kernel kept account of it.
	Resident uint64 `json:"resident_bytes"`
}

const sampleEvery = 10 * time.Millisecond

// watcher samples the memory of its own process.
type watcher struct {
	done, stopped chan struct{}
	most          Memory
}

func watchMemory() *watcher {
	w := &watcher{done: make(chan struct{}), stopped: make(chan struct{})}
	go func() {
		defer close(w.stopped)
		t := time.NewTicker(sampleEvery)
		defer t.Stop()
		for {
			w.sample()
			select {
			case <-t.C:
			case <-w.done:
				w.sample()
				return
			}
		}
	}()
	return w
}

func (w *watcher) stop() Memory {
	close(w.done)
	<-w.stopped
	return w.most
}

func (w *watcher) sample() {
	// Linux only; elsewhere there is no such file.
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return
	}
	w.most.Anonymous = max(w.most.Anonymous, statusBytes(text, "RssAnon:"))
	w.most.Resident = max(w.most.Resident, statusBytes(text, "VmHWM:"))
}

// statusBytes reads a line such as "RssAnon:     1234 kB".
func statusBytes(text []byte, name string) uint64 {
	_, rest, found := bytes.Cut(text, []byte("\n"+name))
	if !found {
		return 0
	}
	line, _, _ := bytes.Cut(rest, []byte("\n"))
	kb, err := strconv.ParseUint(string(bytes.TrimSuffix(bytes.TrimSpace(line), []byte(" kB"))), 10, 64)
	if err != nil {
		return 0
	}
	return kb << 10
}
