package journaled

import (
	"sync"

	"flowrun/dag/op"
)

// runtime is what the source below is lent: that of the node, but for a status of the journal, which is more urgent than its own.
type runtime struct {
	op.Runtime
	mu       sync.Mutex
	own, top string
}

func (r *runtime) Status(text string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.own = text
	if r.top == "" {
		r.Runtime.Status(text)
	}
}

// override shows text in place of the source's own status; "": no more.
func (r *runtime) override(text string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.top = text
	if text == "" {
		text = r.own
	}
	r.Runtime.Status(text)
}
