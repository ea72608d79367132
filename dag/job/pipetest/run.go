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
		var differs []*Difference
		for _, e := range s.expect {
			differs = append(differs, compare(e, got.rows(e.of, i)))
		}
		for _, m := range s.marks {
			differs = append(differs, m.compare(got.marks[i]))
		}
		for _, d := range differs {
			if d == nil {
				continue
			}
			if len(t.steps) > 1 {
				d.Step = i + 1
			}
			r.Differs = append(r.Differs, *d)
		}
	}
	return r
}

// outcome is what a run through the steps gave.
type outcome struct {
	rows  func(of string, step int) []object
	marks []map[string]time.Time // by step: the watermark of each node at its end
}

// drive runs the pipeline through the steps.
func (t *Test) drive(ctx context.Context) (*outcome, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, patience, fmt.Errorf("the test did not end within %s", patience))
	defer cancel()
	var step atomic.Int64
	ends := &ends{sources: map[string]*source{}, sinks: map[*plan.Node]*collector{}, step: func() int { return int(step.Load()) }}
	clock := newClock()
	run, err := exec.Build(t.bench.plan, ends, exec.Options{Now: clock.Now, After: clock.After, At: clock.At, LogLevel: slog.LevelError})
	if err != nil {
		return nil, err
	}
	got := &outcome{
		rows:  func(of string, step int) []object { return ends.sinks[t.bench.taps[of]].rows[step] },
		marks: make([]map[string]time.Time, len(t.steps)),
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
		// What came before time moves on is dealt with before, and what then is due as well, so that nothing depends on who was
		// faster.
		if run.Settle(ctx) != nil {
			break
		}
		clock.advance(s.advance)
		if run.Settle(ctx) != nil {
			break
		}
		got.marks[i] = watermarks(run)
		// The last step ends with the input.
		if i < len(t.steps)-1 && run.Cut(ctx) != nil {
			break
		}
	}
	for _, src := range ends.sources {
		close(src.given)
	}
	<-over
	return got, err
}
