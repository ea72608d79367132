package exec

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"flowrun/dag/failpoint"
	"flowrun/dag/live"
	"flowrun/dag/plan"
)

// Run is one run of a plan. [Build] makes it, [Run.Run] runs it, once; everything else may be called from any goroutine
// before, while and after it runs.
type Run struct {
	plan     *plan.Pipeline
	o        Options
	pool     pool
	topology live.Topology

	nodes   []*node // in file order
	sources []*source
	sinks   []*sink
	edges   []*edge // in the order of the topology
	down    []*edge // the same from the sources down
	byID    map[string]*edge
	log     *slog.Logger
	events  *events
	printer *printer
	shower  *shower
	history *history

	nudged     chan struct{}
	acks       chan ack
	requests   chan *request // of Cut and Settle
	holding    chan struct{} // a source has nothing on its way until its next barrier
	settling   atomic.Bool   // the coordinator waits until everything has flowed out
	still      atomic.Bool   // nothing is due before the barrier under way, whatever the clock says
	draining   atomic.Bool
	committing atomic.Bool
	unsure     atomic.Bool // a commit has begun to become durable: its rows are not to be forgotten
	commits    *commits    // nil: there is no checkpoint
	epochs     atomic.Uint64
	lastCut    atomic.Int64
	watchers   atomic.Int32
	seq        atomic.Uint64

	lost    bool // nothing more is committed; used by the coordinator
	rereads bool // a source began with what an earlier run had read; set before anything runs

	gates   sync.Mutex
	reading chan struct{} // closed while sources may read
	pause   atomic.Bool

	state   atomic.Pointer[live.State]
	ran     atomic.Bool
	started time.Time
	ended   time.Time
	clock   sync.Mutex // of started and ended
	failure sync.Mutex
	err     error
	cancel  context.CancelCauseFunc
	base    context.Context
	atOnce  context.Context // ends when the run is to end at once, also one that has failed
	hurry   context.CancelFunc
	begun   chan struct{} // closed when all nodes have begun
	done    chan struct{} // closed when Run has returned
}

var _ live.Run = (*Run)(nil)

// Run opens the operators, runs them to the end and closes them. It returns nil when everything flowed out and was
// committed: after the sources ended, after [Run.Drain], or after the reader of the run's output went away
// ([Summary.OutputClosed]). Otherwise it returns why not: a [NodeError], [ErrStopped], or the cause of ctx, whose end
// ends the run at once. The error has been logged, as the last of the run's events, and no goroutine of the run is left,
// except for operators that were stuck when the run was ended or failed: they are named in the log and not closed.
func (r *Run) Run(ctx context.Context) error {
	if r.ran.Swap(true) {
		return errors.New("exec: a run runs once")
	}
	defer close(r.done)
	r.clock.Lock()
	r.started = time.Now()
	r.clock.Unlock()
	unhook := context.AfterFunc(ctx, func() { r.end(context.Cause(ctx)) })
	defer unhook()

	var opened []*node
	var err error
	if r.commits != nil {
		err = audit(r.commits.Store.Point())
	}
	switch {
	case err != nil:
	case r.commits.finished():
		opened, err = r.showLast(r.base)
	default:
		r.sayWhere()
		if opened, err = r.openAll(r.base); err == nil {
			err = r.workAll(r.base)
		}
	}
	if err != nil {
		r.fail(err)
		r.abort(context.WithoutCancel(r.base))
	}
	for _, e := range r.edges {
		e.clear()
	}
	r.closeAll(opened)
	return r.finish()
}

// sayWhere logs where a run with a checkpoint begins: a directory that is not the one that was meant shows by that.
func (r *Run) sayWhere() {
	if r.commits == nil {
		return
	}
	if p := r.commits.Store.Point(); p != nil {
		r.log.Info("goes on from the last commit", "commit", p.Commit, "epoch", p.Epoch, "age", max(0, r.o.Now().Sub(p.At)).Round(time.Millisecond))
	} else {
		r.log.Info("begins a checkpoint", "dir", r.commits.Dir)
	}
}

// How long a run that is ended at once, or has failed, waits for its operators to return. One that is stuck, say in a
// write to a pipe that nobody reads, must not keep the process.
const (
	stopGrace = 500 * time.Millisecond
	failGrace = 5 * time.Second
)

// workAll starts a goroutine per chain and one that cuts epochs, and waits for all of them.
func (r *Run) workAll(ctx context.Context) error {
	r.setState(live.Running)
	r.number(r.commits.epoch())
	var workers sync.WaitGroup
	for _, n := range r.nodes {
		n.working.Store(true)
	}
	var begun sync.WaitGroup
	for _, n := range r.nodes {
		if t, ok := n.op.(*transform); ok {
			t.arm()
		}
		if n.head == n {
			begun.Add(1)
		}
	}
	workers.Go(func() {
		begun.Wait()
		close(r.begun)
	})
	for _, n := range r.nodes {
		if n.head != n {
			continue
		}
		workers.Go(func() {
			begins := sync.OnceFunc(begun.Done)
			defer begins()
			if err := n.guard(ctx, "run", func() error { return n.workChain(ctx, begins) }); err != nil {
				r.fail(err)
			}
			for _, m := range n.chain {
				m.meter.ended.Store(true)
				m.working.Store(false)
			}
		})
	}
	workers.Go(func() {
		if err := r.coordinate(ctx); err != nil {
			r.fail(err)
		}
	})
	ticking, stop := context.WithCancel(ctx)
	var ticker sync.WaitGroup
	ticker.Go(func() { r.tick(ticking) })
	r.await(ctx, &workers)
	stop()
	ticker.Wait()

	r.failure.Lock()
	defer r.failure.Unlock()
	if r.err != nil {
		return r.err
	}
	return r.checkEdges()
}

// number makes an epoch the one that now passes everywhere.
func (r *Run) number(epoch uint64) {
	r.epochs.Store(epoch)
	for _, n := range r.nodes {
		for _, e := range n.emits {
			e.epoch = epoch
		}
		if t, ok := n.op.(*transform); ok && t.lanes != nil {
			t.lanes.desk.writer.epoch = epoch
		}
	}
}

// await waits for the workers, but of a run that is being ended only so long. One that failed may take longer than one that
// is ended at once, until that is asked of it too.
func (r *Run) await(ctx context.Context, workers *sync.WaitGroup) {
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		workers.Wait()
	}()
	select {
	case <-ended:
		return
	case <-ctx.Done():
	}
	short, long := time.NewTimer(stopGrace), time.NewTimer(failGrace)
	defer short.Stop()
	defer long.Stop()
	select {
	case <-ended:
		return
	case <-short.C:
	}
	if failed := (*NodeError)(nil); errors.As(context.Cause(ctx), &failed) {
		select {
		case <-ended:
			return
		case <-r.atOnce.Done():
		case <-long.C:
		}
	}
	r.fail(context.Cause(ctx))
	for _, n := range r.nodes {
		if n.stuck() {
			n.rt.Log().Warn("did not return when the run ended, and is left behind")
		}
	}
}

// openAll opens from the sinks up, so that nothing is read before its way is clear.
func (r *Run) openAll(ctx context.Context) (opened []*node, err error) {
	for _, role := range []live.Role{live.Sink, live.Transform, live.Source} {
		for _, n := range r.nodes {
			if n.role != role {
				continue
			}
			if err := ctx.Err(); err != nil {
				return opened, context.Cause(ctx)
			}
			if err := n.op.openOp(ctx); err != nil {
				return opened, err
			}
			opened = append(opened, n)
			failpoint.Pass("open." + string(role))
		}
	}
	return opened, nil
}

// closeAll closes from the sources down. A failure to close fails a run that went well until then.
func (r *Run) closeAll(opened []*node) {
	for _, role := range []live.Role{live.Source, live.Transform, live.Sink} {
		for _, n := range opened {
			if n.role != role || n.working.Load() || r.committing.Load() {
				continue // stuck, or what commits it is
			}
			if err := n.guard(context.WithoutCancel(r.base), "close", n.op.closeOp); err != nil {
				r.fail(err)
			}
		}
	}
}

// fail notes why the run failed, and ends it. The first reason counts; later ones are mostly its consequences.
func (r *Run) fail(err error) {
	r.failure.Lock()
	defer r.failure.Unlock()
	if r.err == nil {
		if ctxErr := r.base.Err(); ctxErr != nil && errors.Is(err, ctxErr) {
			err = context.Cause(r.base)
		}
		r.err = err
	}
	r.cancel(r.err)
}

// finish settles the state and returns the error of the run.
func (r *Run) finish() error {
	r.failure.Lock()
	err := r.err
	r.failure.Unlock()
	r.clock.Lock()
	r.ended = time.Now()
	r.clock.Unlock()
	for _, e := range r.edges {
		e.sampler.settle()
	}
	r.checkMemory()
	r.history.take(r.nodes, time.Now())
	if err != nil {
		log := r.log
		if ne := (*NodeError)(nil); errors.As(err, &ne) {
			log = log.With("node", ne.Node)
		}
		log.Error(err.Error())
		r.setState(live.Failed)
	} else {
		r.setState(live.Finished)
	}
	r.cancel(nil)
	r.hurry()
	r.events.close()
	return err
}

// Drain stops the sources, lets everything flow out, commits and ends the run well. It returns at once; Run returns when
// it is done. A second call does nothing.
func (r *Run) Drain() {
	if r.draining.Swap(true) {
		return
	}
	r.gates.Lock()
	r.pause.Store(false)
	r.openGate()
	r.gates.Unlock()
	for _, s := range r.sources {
		s.stop()
	}
	for _, n := range r.nodes {
		n.rt.hurryUp()
	}
}

// Stop ends the run at once: Run returns ErrStopped as soon as the operators have returned.
// One that is failing returns why it failed, and does not wait for operators that are stuck.
func (r *Run) Stop() { r.end(ErrStopped) }

// end ends the run at once.
func (r *Run) end(why error) {
	r.cancel(why)
	r.hurry()
}

// Do carries out a command; see live.Run.
func (r *Run) Do(_ context.Context, c live.Command) error {
	switch c {
	case live.Pause, live.Resume:
		if r.draining.Load() || r.State().Ended() {
			return errors.New("the run is ending")
		}
		r.setPause(c == live.Pause)
	case live.Drain:
		r.Drain()
	case live.Stop:
		r.Stop()
	default:
		return errors.New("unknown command " + string(c))
	}
	return nil
}

func (r *Run) setState(s live.State) { r.state.Store(&s) }
