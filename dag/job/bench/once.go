package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"time"

	"flowrun/dag/exec"
	"flowrun/dag/job"
	"flowrun/dag/live"
	"flowrun/dag/plan"
)

// Once are the figures of one run. Times are in seconds.
type Once struct {
	Rows     uint64  `json:"rows"`          // that the sources read
	Bytes    uint64  `json:"bytes"`         // that they took from outside, as far as they know
	Rejected uint64  `json:"rejected"`      // by all nodes
	Seconds  float64 `json:"seconds"`       // from opening the first node to closing the last
	CPU      float64 `json:"cpu_seconds"`   // of user and system in that time; 0: the system does not say
	Start    float64 `json:"start_seconds"` // from the start of the process to the first of Seconds
	Process  float64 `json:"process_seconds"`
	Memory
	State uint64 `json:"state_bytes"` // the most that nodes remembered at the ends of epochs, of all nodes together

	Durable *Durable `json:"durable,omitempty"` // nil: the pipeline has no checkpoint

	Nodes []NodeTime `json:"nodes"`

	Began time.Time `json:"began"` // when Seconds began
}

// NodeTime is how long a node worked, in seconds. Nodes work at the same time, so the sum may be more than the time of the
// run; and one that waits for a processor works as well.
type NodeTime struct {
	Node    string  `json:"node"`
	Kind    string  `json:"kind"`
	Busy    float64 `json:"busy_seconds"`
	Blocked float64 `json:"blocked_seconds"`
}

// Options are how a run is measured.
type Options struct {
	Output   io.Writer     // what sinks print; nil: nobody reads it
	Log      slog.Handler  // nil: nobody reads it
	Duration time.Duration // drain the run after it; 0: let it end
}

// Run runs a pipeline in this process and measures it. A run that fails, or whose account does not add up, is an error. Its
// checkpoint and its journals are begun anew in directories of their own, beside those that the file names, and removed.
func Run(ctx context.Context, j *job.Job, o Options) (once Once, err error) {
	own, err := newScratch(j.Plan)
	defer func() { err = errors.Join(err, own.remove()) }()
	if err != nil {
		return Once{}, err
	}
	durable, err := j.Durable(job.Begin{})
	if err != nil {
		return Once{}, err
	}
	eo := exec.Options{Log: o.Log, Output: o.Output}
	if durable != nil {
		eo.Checkpoint = durable.Exec
		defer func() {
			kept, closed := own.close(durable)
			once.Durable, err = kept, errors.Join(err, closed)
		}()
	}
	return measure(ctx, j.Plan, eo, o.Duration)
}

func measure(ctx context.Context, p *plan.Pipeline, o exec.Options, duration time.Duration) (Once, error) {
	if o.Output == nil {
		o.Output = io.Discard
	}
	run, err := exec.Build(p, job.Connectors{}, o)
	if err != nil {
		return Once{}, err
	}
	watch := watchMemory()
	if duration > 0 {
		t := time.AfterFunc(duration, run.Drain)
		defer t.Stop()
	}
	once := Once{Began: time.Now()}
	cpu := processorTime()
	err = run.Run(ctx)
	once.CPU = (processorTime() - cpu).Seconds()
	once.Seconds = time.Since(once.Began).Seconds()
	once.Memory = watch.stop()
	if err != nil {
		return once, err
	}
	return once, once.account(run)
}

// account takes what the nodes counted.
func (o *Once) account(run *exec.Run) error {
	for _, n := range run.Snapshot().Nodes {
		o.Bytes += n.BytesIn
		o.Rejected += n.Rejected + n.RejectedOut
	}
	sum := run.Summary()
	for _, n := range sum.Nodes {
		if n.Role == live.Source {
			o.Rows += n.In
		}
		o.State += n.StateMost
		o.Nodes = append(o.Nodes, NodeTime{n.Node, n.Kind, n.Busy.Seconds(), n.Blocked.Seconds()})
	}
	if len(sum.Problems) > 0 {
		return fmt.Errorf("the account of the run is wrong, which is a bug: %s", strings.Join(sum.Problems, "; "))
	}
	if sum.OutputClosed {
		return errors.New("the reader of the run's output went away")
	}
	return nil
}
