package job

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"flowrun/dag/checkpoint"
	"flowrun/dag/exec"
	"flowrun/dag/live"
)

// Runner runs a job, and where the file says so runs it again from its last checkpoint when it failed of something that may pass: a
// lost connection, a full disk. To whoever watches it is one run. It implements live.Run.
type Runner struct {
	job        *Job
	durable    *Durable // nil: there is no checkpoint, or it could not be opened again
	saved      bool     // there is a checkpoint
	connectors Connectors
	options    exec.Options
	after      func(time.Duration) <-chan time.Time

	stop   context.Context // ends when nothing is to be started again
	atOnce atomic.Bool     // and what runs is to end at once
	noMore context.CancelFunc
	mu     sync.Mutex
	now    *leg
}

// leg is the run between two restarts.
type leg struct {
	run    *exec.Run
	before uint64        // events of the legs before it
	over   chan struct{} // closed when it is known what comes behind it
	next   *leg          // nil: nothing
	told   []live.Event  // what is told between it and the next one, numbered
}

// NewRunner builds the first run. d is what [Job.Durable] gave; the runner closes it.
func NewRunner(j *Job, d *Durable, c Connectors, o exec.Options) (*Runner, error) {
	r := &Runner{job: j, durable: d, saved: d != nil, connectors: c, options: o, after: time.After}
	r.stop, r.noMore = context.WithCancel(context.Background())
	run, err := r.build()
	if err != nil {
		r.noMore()
		return nil, errors.Join(err, r.close())
	}
	r.now = &leg{run: run, over: make(chan struct{})}
	return r, nil
}

func (r *Runner) build() (*exec.Run, error) {
	if r.durable != nil {
		r.options.Checkpoint = r.durable.Exec
	}
	return exec.Build(r.job.Plan, r.connectors, r.options)
}

func (r *Runner) current() *leg {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.now
}

// Run runs the job to its end; see exec.Run.Run. The error is that of the last run.
func (r *Runner) Run(ctx context.Context) error {
	defer r.noMore()
	var failed []time.Time
	for {
		l := r.current()
		err := l.run.Run(ctx)
		var next *leg
		for next == nil {
			wait, say := r.again(ctx, err, &failed)
			if say == "" || !r.sleep(ctx, l, wait, say) {
				if closed := r.close(); closed != nil {
					r.tell(l, live.Error, closed.Error())
					err = errors.Join(err, closed)
				}
				close(l.over)
				return err
			}
			var opened error
			if next, opened = r.reopen(l); opened != nil { // that may pass as well: a disk that is full, say
				r.tell(l, live.Error, opened.Error())
				err = opened
			}
		}
		r.adopt(l, next)
	}
}

// adopt puts a leg behind another one. What was asked of the run meanwhile is asked of it.
func (r *Runner) adopt(l, next *leg) {
	r.mu.Lock()
	l.next, r.now = next, next
	r.mu.Unlock()
	close(l.over)
	switch {
	case r.atOnce.Load():
		next.run.Stop()
	case r.stop.Err() != nil:
		next.run.Drain()
	}
}

// again says whether to run again after a failure, how long to wait before that, and what to say; "" is no.
func (r *Runner) again(ctx context.Context, err error, failed *[]time.Time) (time.Duration, string) {
	if !r.saved || err == nil || !passes(err) || ctx.Err() != nil || r.stop.Err() != nil {
		return 0, ""
	}
	c := r.job.Plan.Checkpoint.Restart
	if ne := (*exec.NodeError)(nil); len(*failed) == 0 && errors.As(err, &ne) && ne.Doing == "open" {
		return 0, "" // what does not even begin is told at once
	}
	now := time.Now()
	recent := (*failed)[:0]
	for _, at := range *failed {
		if now.Sub(at) < c.Within {
			recent = append(recent, at)
		}
	}
	*failed = append(recent, now)
	n := len(*failed)
	if n > c.Max {
		return 0, ""
	}
	wait := min(restartFirst<<(n-1), restartLongest)
	wait += time.Duration(rand.Int64N(int64(wait)/4 + 1))
	return wait, fmt.Sprintf("going on from the last checkpoint in %s (restart %d of %d within %s)", wait.Round(100*time.Millisecond), n, c.Max, c.Within)
}

// How long to wait before a restart: the first time, and at the most; twice as long each time.
const (
	restartFirst   = time.Second
	restartLongest = time.Minute
)

// passes reports whether a failure may have passed by the time of the next try. What a row or flowrun itself is to blame for does not.
func passes(err error) bool {
	var reject *exec.RejectError
	var bug *exec.BugError
	return !errors.As(err, &reject) && !errors.As(err, &bug) && !errors.Is(err, exec.ErrStopped) && !errors.Is(err, checkpoint.ErrDamaged) &&
		!errors.Is(err, ErrFinished) && !errors.Is(err, ErrDiscards)
}

// sleep tells that the run will go on, and waits; false if it is not to.
func (r *Runner) sleep(ctx context.Context, l *leg, wait time.Duration, say string) bool {
	r.tell(l, live.Warn, say)
	select {
	case <-r.after(wait):
		return true
	case <-r.stop.Done():
	case <-ctx.Done():
	}
	return false
}

// tell logs something between the end of a leg and what comes behind it.
func (r *Runner) tell(l *leg, level live.Level, text string) {
	if r.options.Log != nil {
		at := slog.LevelWarn
		if level == live.Error {
			at = slog.LevelError
		}
		slog.New(r.options.Log).Log(context.Background(), at, text)
	}
	last := l.before
	if n := len(l.told); n > 0 {
		last = l.told[n-1].Seq
	} else if events, err := l.run.Events(context.Background(), 0); err == nil { // the run has ended, and so do they
		for e := range events {
			last = l.before + e.Seq
		}
	}
	l.told = append(l.told, live.Event{Seq: last + 1, At: time.Now(), Level: level, Text: text})
}

// reopen builds the next run on the checkpoint as it is stored.
func (r *Runner) reopen(l *leg) (*leg, error) {
	if err := r.close(); err != nil {
		return nil, err
	}
	d, err := r.job.Durable(Begin{})
	if err != nil {
		return nil, err
	}
	r.durable, r.connectors.Fresh = d, false
	run, err := r.build()
	if err != nil {
		return nil, errors.Join(err, r.close())
	}
	return &leg{run: run, before: l.told[len(l.told)-1].Seq, over: make(chan struct{})}, nil
}

func (r *Runner) close() error {
	d := r.durable
	if d == nil {
		return nil
	}
	r.durable = nil
	return d.Close()
}

// Restarted reports whether the last run is one that followed another.
func (r *Runner) Restarted() bool { return r.current().before > 0 }

// Drain is exec.Run.Drain; nothing is started again afterwards.
func (r *Runner) Drain() {
	r.noMore()
	r.current().run.Drain()
}

// Stop is exec.Run.Stop; nothing is started again afterwards.
func (r *Runner) Stop() {
	r.atOnce.Store(true)
	r.noMore()
	r.current().run.Stop()
}

// Summary is the account of the last run.
func (r *Runner) Summary() exec.Summary { return r.current().run.Summary() }

// Snapshot is the last run at this moment. One that failed is starting as long as it is not known whether another one follows.
func (r *Runner) Snapshot() live.Snapshot {
	l := r.current()
	waits := l.waits() // asked first: a run that has failed by then may be followed
	s := l.run.Snapshot()
	if waits && s.State == live.Failed {
		s.State = live.Starting
	}
	return s
}

// Status is the run in one line.
func (r *Runner) Status() string { return r.current().run.Status() }

var _ live.Run = (*Runner)(nil)

// Topology implements live.Run.
func (r *Runner) Topology(ctx context.Context) (live.Topology, error) {
	return r.current().run.Topology(ctx)
}

// Peek implements live.Run.
func (r *Runner) Peek(ctx context.Context, edge string, rows int) (live.Preview, error) {
	return r.current().run.Peek(ctx, edge, rows)
}

// Do implements live.Run.
func (r *Runner) Do(ctx context.Context, c live.Command) error {
	if c == live.Stop {
		r.atOnce.Store(true)
	}
	if c == live.Drain || c == live.Stop {
		r.noMore()
	}
	return r.current().run.Do(ctx, c)
}

// Snapshots implements live.Run. A run that failed and is followed by another one is shown as starting.
func (r *Runner) Snapshots(ctx context.Context) (<-chan live.Snapshot, error) {
	l := r.current()
	in, err := l.run.Snapshots(ctx)
	if err != nil {
		return nil, err
	}
	out := make(chan live.Snapshot, 1)
	put := func(s live.Snapshot) { // the latest wins
		select {
		case <-out:
		default:
		}
		out <- s
	}
	go func() {
		defer close(out)
		for {
			var last live.Snapshot
			for s := range in {
				if last = s; !s.State.Ended() {
					put(s)
				}
			}
			if last.State.Ended() {
				if last.State == live.Failed && l.waits() {
					starting := last
					starting.State = live.Starting
					put(starting)
				}
				select {
				case <-l.over:
				case <-ctx.Done():
					return
				}
			}
			next := l.follower()
			if next == nil || ctx.Err() != nil {
				if last.State != "" {
					put(last)
				}
				return
			}
			l = next
			if in, err = l.run.Snapshots(ctx); err != nil {
				return
			}
		}
	}()
	return out, nil
}

// waits reports whether what comes behind the leg is not known yet.
func (l *leg) waits() bool {
	select {
	case <-l.over:
		return false
	default:
		return true
	}
}

// follower is the leg behind this one, once it is over; nil: none.
func (l *leg) follower() *leg {
	select {
	case <-l.over:
		return l.next
	default:
		return nil
	}
}

// Events implements live.Run: those of one leg behind those of the other.
func (r *Runner) Events(ctx context.Context, after uint64) (<-chan live.Event, error) {
	l := r.current()
	in, err := l.run.Events(ctx, after-min(after, l.before))
	if err != nil {
		return nil, err
	}
	out := make(chan live.Event)
	missed := l.before - min(after, l.before) // those of legs that are gone
	send := func(e live.Event) bool {
		e.Dropped += missed
		missed = 0
		select {
		case out <- e:
			return true
		case <-ctx.Done():
			return false
		}
	}
	go func() {
		defer close(out)
		for {
			for e := range in {
				e.Seq += l.before
				if !send(e) {
					return
				}
			}
			select {
			case <-l.over:
			case <-ctx.Done():
				return
			}
			for _, e := range l.told {
				if !send(e) {
					return
				}
			}
			if l = l.next; l == nil {
				return
			}
			if in, err = l.run.Events(ctx, 0); err != nil {
				return
			}
		}
	}()
	return out, nil
}
