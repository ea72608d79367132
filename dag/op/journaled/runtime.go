package journaled

import (
	"sync"
	"sync/atomic"

	"flowrun/dag/op"
)

// runtime is what the source below is lent: that of the node, but for a status of the journal, which is more urgent than its own, and
// for waiting, which is a matter of what the journal waits for as well.
type runtime struct {
	op.Runtime
	mu       sync.Mutex
	own, top string
	intake   atomic.Pointer[intake]
}

// follow has the intake told of the source's waiting.
func (r *runtime) follow(in *intake) { r.intake.Store(in) }

func (r *runtime) Waiting(yes bool) {
	if in := r.intake.Load(); in != nil {
		in.sleeps(yes)
		return
	}
	r.Runtime.Waiting(yes)
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
