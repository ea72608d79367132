package exec

import (
	"sync/atomic"
	"time"
)

// ticking wakes lanes whose operators act as time passes. Each lane looks at the clock before whatever it takes; an alarm gives
// all of them a ticket for it where nothing else comes. What it knows is how things stood behind the tickets that have left, so
// that whoever waits until nothing is due does not miss what is still on its way out.
type ticking struct {
	node    *node
	alarm   alarm
	wakes   []int64 // by lane, in nanoseconds of the Unix epoch; 0: it waits for nothing. Used by who lets out
	ringing atomic.Bool
	stirred chan struct{} // for who gives tickets: the alarm is to be set anew
}

func newTicking(n *node, lanes int) *ticking {
	return &ticking{node: n, alarm: alarm{run: n.run}, wakes: make([]int64, lanes), stirred: make(chan struct{}, 1)}
}

// ring is the channel that fires when the first lane is to be woken. While lanes are being told nobody is.
func (t *ticking) ring() <-chan time.Time {
	if t == nil || t.ringing.Load() {
		return nil
	}
	at := time.Time{}
	if ns := t.node.awaits.Load(); ns != 0 {
		at = time.Unix(0, ns)
	}
	return t.alarm.ring(at)
}

// rang says that lanes are about to be told that the time has come.
func (t *ticking) rang() {
	t.alarm.rang()
	t.ringing.Store(true)
}

// left takes note of a ticket all of which has left.
func (t *ticking) left(tk *ticket) {
	first := int64(0)
	for lane, at := range tk.wakes {
		if at != unknown {
			t.wakes[lane] = at
		}
		if at := t.wakes[lane]; at != 0 && (first == 0 || at < first) {
			first = at
		}
	}
	moved := t.node.awaits.Swap(first) != first
	if tk.message.kind == rung {
		t.ringing.Store(false)
		moved = true
	}
	if moved {
		select {
		case t.stirred <- struct{}{}:
		default:
		}
	}
}
