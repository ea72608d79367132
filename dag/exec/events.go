package exec

import (
	"context"
	"strings"
	"sync"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"flowrun/dag/live"
)

// What is kept of events for those who come late: at most so many bytes of text, and of one event.
const (
	maxEventBytes  = 16 << 10
	maxEventsBytes = 1 << 20
)

// events is a ring of the newest events, numbered from 1. Writers never wait for readers.
type events struct {
	mu      sync.Mutex
	ring    []live.Event // of the last events, oldest at head
	head, n int
	bytes   int
	next    uint64        // number of the next event
	changed chan struct{} // closed and replaced when something is added; made only while a reader waits
	closed  bool
	readers atomic.Int32
}

func newEvents(size int) *events { return &events{ring: make([]live.Event, size), next: 1} }

// add numbers an event and keeps it; the oldest make room.
func (e *events) add(v live.Event) {
	v.Text = clip(v.Text, maxEventBytes)
	e.mu.Lock()
	defer e.mu.Unlock()
	v.Seq = e.next
	e.next++
	for e.n > 0 && (e.n == len(e.ring) || e.bytes+len(v.Text) > maxEventsBytes) {
		e.bytes -= len(e.ring[e.head].Text)
		e.ring[e.head] = live.Event{}
		e.head = (e.head + 1) % len(e.ring)
		e.n--
	}
	e.ring[(e.head+e.n)%len(e.ring)] = v
	e.n++
	e.bytes += len(v.Text)
	e.wake()
}

// close says that no more will come.
func (e *events) close() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.closed = true
	e.wake()
}

func (e *events) wake() {
	if e.changed != nil {
		close(e.changed)
		e.changed = nil
	}
}

// after returns some of the events behind a number; if there are none, a channel that says when to look again, or nil
// when no more will come.
func (e *events) after(number uint64) (some []live.Event, wait <-chan struct{}) {
	const many = 64
	e.mu.Lock()
	defer e.mu.Unlock()
	if number+1 < e.next {
		oldest := e.next - uint64(e.n)
		first := max(number+1, oldest)
		for i := first - oldest; i < uint64(e.n) && len(some) < many; i++ {
			some = append(some, e.ring[(uint64(e.head)+i)%uint64(len(e.ring))])
		}
		if len(some) > 0 {
			some[0].Dropped = first - number - 1
		}
		return some, nil
	}
	if e.closed {
		return nil, nil
	}
	if e.changed == nil {
		e.changed = make(chan struct{})
	}
	return nil, e.changed
}

// Events gives the events behind a number; see live.Run.
func (r *Run) Events(ctx context.Context, after uint64) (<-chan live.Event, error) {
	out := make(chan live.Event, 16)
	r.events.readers.Add(1)
	go func() {
		defer close(out)
		defer r.events.readers.Add(-1)
		for {
			some, wait := r.events.after(after)
			for _, v := range some {
				select {
				case out <- v:
					after = v.Seq
				case <-ctx.Done():
					return
				}
			}
			if len(some) > 0 {
				continue
			}
			if wait == nil {
				return
			}
			select {
			case <-wait:
			case <-ctx.Done():
				return
			}
		}
	}()
	return out, nil
}

// printed makes an event of text that a node printed. Where the text goes to an output, that is only done while somebody
// reads events: a copy for nobody would cost a fast sink dearly.
func (r *Run) printed(node string, text []byte) {
	if r.printer.out != nil && r.events.readers.Load() == 0 {
		return
	}
	r.events.add(live.Event{At: time.Now(), Level: live.Output, Node: node,
		Text: strings.TrimSuffix(string(text[:min(len(text), maxEventBytes+1)]), "\n")})
}

// clip cuts text at a character, within a number of bytes.
func clip(text string, limit int) string {
	if len(text) <= limit {
		return text
	}
	end := limit - len("…")
	for end > 0 && !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end] + "…"
}
