package exec

// setPause lets the sources read or not. Rows on their way flow on, and barriers still pass.
func (r *Run) setPause(yes bool) {
	r.gates.Lock()
	if r.pause.Swap(yes) != yes {
		if yes {
			r.reading = make(chan struct{})
		} else {
			r.openGate()
		}
	}
	r.gates.Unlock()
	for _, s := range r.sources {
		s.notify()
	}
}

// openGate lets readers through; the caller holds gates.
func (r *Run) openGate() {
	select {
	case <-r.reading:
	default:
		close(r.reading)
	}
}

// gate is closed while sources may read.
func (r *Run) gate() <-chan struct{} {
	r.gates.Lock()
	defer r.gates.Unlock()
	return r.reading
}

func (r *Run) pausing() bool { return r.pause.Load() }
