// Package failpoint names the steps between which a crash matters: those of a commit, of a journal's append, of a file's way to its
// name. The crash tests (dag/job/crash) end the process at each of them; nothing else sets the hook.
package failpoint

import "sync/atomic"

var hook atomic.Pointer[func(step string)]

// Pass says that a step is reached. Without a hook it costs one load.
func Pass(step string) {
	if f := hook.Load(); f != nil {
		(*f)(step)
	}
}

// Set makes f the hook, which is called from any goroutine. Call it before anything runs.
func Set(f func(step string)) { hook.Store(&f) }
