package pipetest

import (
	"context"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"flowrun/dag/exec"
	"flowrun/dag/plan"
)

// patience is how long one test may take.
const patience = time.Minute

// Result is what a run of a test gave.
type Result struct {
	Test    *Test
	Err     error        // why the run itself failed
	Differs []Difference // what came otherwise than expected, in the order of the steps
}

// OK reports whether the test passed.
func (r Result) OK() bool { return r.Err == nil && len(r.Differs) == 0 }

// Run runs the test. The end of ctx ends it, and then it fails.
func (t *Test) Run(ctx context.Context) Result {
	r := Result{Test: t}
	got, err := t.drive(ctx)
	if err != nil {
		r.Err = err
		return r
	}
	for i, s := range t.steps {
		for _, e := range s.expect {
			if d := compare(e, got(e.of, i)); d != nil {
				if len(t.steps) > 1 {
					d.Step = i + 1
				}
				r.Differs = append(r.Differs, *d)
			}
		}
	}
	return r
}

// drive runs the pipeline through the steps, and gives what came at a place in a step.
func (t *Test) drive(ctx context.Context) (got func(of string, step int) []object, err error) {
	ctx, cancel := context.WithTimeoutCause(ctx, patience, fmt.Errorf("the test did not end within %s", patience))
	defer cancel()
	var step atomic.Int64
	ends := &ends{sources: map[string]*source{}, sinks: map[*plan.Node]*collector{}, step: func() int { return int(step.Load()) }}
	clock := newClock()
	run, err := exec.Build(t.bench.plan, ends, exec.Options{Now: clock.Now, After: clock.After, LogLevel: slog.LevelError})
	if err != nil {
		return nil, err
	}
	over := make(chan struct{})
	go func() {
		defer close(over)
		err = run.Run(ctx)
	}()
	for i, s := range t.steps {
		step.Store(int64(i))
		for id, rows := range s.input {
			ends.sources[id].give(ctx, rows, over)
		}
		for _, src := range ends.sources {
			src.give(ctx, nil, over)
		}
		clock.advance(s.advance)
		// The last step ends with the input.
		if i < len(t.steps)-1 && run.Cut(ctx) != nil {
			break
		}
	}
	for _, src := range ends.sources {
		close(src.given)
	}
	<-over
	return func(of string, step int) []object { return ends.sinks[t.bench.taps[of]].rows[step] }, err
}
