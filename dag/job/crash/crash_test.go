package crash

import (
	"context"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

var (
	kills = flag.Int("kills", 60, "how many kills are to hit at least")
	seed  = flag.Uint64("seed", 1, "decides when and where they come; 0: one is drawn")
	only  = flag.String("shape", "", "only the shapes whose name has a match of this regular expression")
)

// outside is what feeds the source of a shape from beyond the program.
type outside interface {
	// args are those of a run.
	args() []string
	// stdin is the standard input of a run; nil: it has none.
	stdin() *os.File
	// feed lives as long as a run does. It ends a last run, which nobody kills.
	feed(ctx context.Context, p *os.Process, last bool)
	// between is called when a run is over, and how it ended.
	between(t testing.TB, dir string, e ended)
	// want is what the sinks have to show now that all is over, in their order, given what they show.
	check(t testing.TB, got [][]string) []verdict
	close()
}

// undisturbed is what a shape gives that is left alone.
type undisturbed struct {
	rows  [][]string // by sink
	steps map[string]int
	took  time.Duration
}

// trials counts what all trials did.
type trials struct {
	mu    sync.Mutex
	rng   *rand.Rand
	hits  map[string]int // kills at a step
	after map[string]int // kills at a random moment, by the last step before
	kills int
	runs  int
	lost  int
	twice int
	shape map[string]int
	stops []time.Duration
}

// drawn is the seed where none was said.
var drawn = sync.OnceValue(func() uint64 { return uint64(time.Now().UnixNano()) })

func seedOf(t testing.TB) uint64 {
	n := *seed
	if n == 0 {
		n = drawn()
	}
	t.Logf("seed %d", n)
	return n
}

func newTrials(t testing.TB) *trials {
	return &trials{
		rng: rand.New(rand.NewPCG(seedOf(t), 0)), hits: map[string]int{}, after: map[string]int{}, shape: map[string]int{},
	}
}

// draw makes a number from 0 to below n.
func (tr *trials) draw(n int) int {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	return tr.rng.IntN(n)
}

// known are the shapes that ran undisturbed.
var known sync.Map

// alone runs a shape undisturbed, once for all tests, or twice where two ask at a time.
func alone(t testing.TB, s shape) *undisturbed {
	if u, ok := known.Load(s.name); ok {
		return u.(*undisturbed)
	}
	dir := place(t, s)
	began := time.Now()
	e := run(t, dir, given{})
	if e.code != 0 {
		t.Fatalf("the undisturbed run: exit code %d\n%s", e.code, e.stderr)
	}
	u := &undisturbed{steps: e.steps, took: min(time.Since(began), 1500*time.Millisecond)} // on a busy machine the first run takes long
	for _, o := range s.sinks {
		rows := o.shown(t, dir)
		if len(rows) == 0 {
			t.Fatalf("the undisturbed run shows nothing in %q\n%s", o.path, e.stderr)
		}
		u.rows = append(u.rows, rows)
	}
	known.Store(s.name, u)
	return u
}

// place makes the directory of a trial.
func place(t testing.TB, s shape) string {
	t.Helper()
	dir, err := os.MkdirTemp(t.TempDir(), "run-*")
	if err != nil {
		t.Fatal(err)
	}
	put(t, filepath.Join(dir, "p.yaml"), s.text)
	if s.files != nil {
		s.files(t, dir)
	}
	return dir
}

// kill chooses how the next run of a shape is killed: at the step that was hit least, or at any moment.
func (tr *trials) kill(steps map[string]int, took time.Duration) blow {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	if len(steps) == 0 || tr.rng.IntN(2) == 0 {
		return blow{signal: syscall.SIGKILL, after: took/10 + time.Duration(tr.rng.Int64N(int64(took)))}
	}
	names := slices.Sorted(maps.Keys(steps))
	tr.rng.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
	step := slices.MinFunc(names, func(a, b string) int { return tr.hits[a] - tr.hits[b] })
	return blow{step: step, pass: 1 + tr.rng.IntN(min(steps[step], 6)), after: 3 * took}
}

// stop chooses when the next run is stopped gracefully.
func (tr *trials) stop(took time.Duration) blow {
	signal := []os.Signal{syscall.SIGTERM, os.Interrupt}[tr.draw(2)]
	// Before it handles signals a run has nothing to stop, and just ends.
	return blow{signal: signal, after: took/4 + time.Duration(tr.draw(int(took)))}
}

// trial disturbs runs of a shape and then lets one run to the end, which has to show what an undisturbed one shows.
func (tr *trials) trial(t testing.TB, s shape, disturbances int, next func(u *undisturbed) blow) {
	t.Helper()
	u := &undisturbed{took: time.Second, rows: make([][]string, len(s.sinks)), steps: s.steps}
	dir := place(t, s)
	var world outside
	var g given
	if s.outside == nil {
		u = alone(t, s)
	} else {
		world = s.outside(t, dir)
		defer world.close()
		g.args, g.stdin = world.args(), world.stdin()
		g.feed = func(ctx context.Context, p *os.Process) { world.feed(ctx, p, g.blow == nil) }
	}
	var told []string
	for i := 0; i <= disturbances; i++ {
		var b *blow
		if i < disturbances {
			next := next(u)
			b = &next
		}
		if s.lanes {
			g.args = []string{"--set", fmt.Sprintf("nodes.b.parallelism=%d", 1+tr.draw(3))}
		}
		g.blow = b
		e := run(t, dir, g)
		tr.note(s, b, e)
		if b != nil {
			told = append(told, fmt.Sprintf("%v, behind %s: exit code %d", b, e.last, e.code))
		}
		story := strings.Join(told, "\n")
		stopped := b != nil && b.signal != nil && b.signal != syscall.SIGKILL && e.code == -1 && len(e.steps) == 0 // before it was listening
		if !e.killed && e.code != 0 && !stopped {
			t.Errorf("%s: a run failed with exit code %d\n%s\n%s", s.name, e.code, story, e.stderr)
			return
		}
		if world != nil {
			world.between(t, dir, e)
		}
		over := !e.killed && (b == nil || b.signal == nil || b.signal == syscall.SIGKILL) && world == nil
		got := make([][]string, len(s.sinks))
		for n, o := range s.sinks {
			if world != nil && b != nil || !over && world == nil && o.convert && b.step == "" {
				continue
			}
			got[n] = o.shown(t, dir)
			if world != nil {
				continue
			}
			v := o.early(u.rows[n], got[n])
			if over {
				v = o.compare(u.rows[n], got[n])
			}
			tr.judge(t, s, o, v, story, e.stderr)
			if left := o.leftovers(t, dir); over && len(left) > 0 {
				t.Errorf("%s: %s: left behind: %v\n%s", s.name, o.path, left, story)
			}
		}
		if world != nil && b == nil {
			for n, v := range world.check(t, got) {
				tr.judge(t, s, s.sinks[n], v, story, e.stderr)
			}
			over = true
		}
		if over {
			break
		}
	}
	if !t.Failed() {
		_ = os.RemoveAll(dir) // a thousand kills would leave much
	}
}

func (tr *trials) judge(t testing.TB, s shape, o output, v verdict, story, stderr string) {
	if !v.bad() {
		return
	}
	tr.mu.Lock()
	tr.lost, tr.twice = tr.lost+v.lost, tr.twice+v.twice
	tr.mu.Unlock()
	t.Errorf("%s: %s: %s\n%s\n%s", s.name, o.path, v.text, story, stderr)
}

func (tr *trials) note(s shape, b *blow, e ended) {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	tr.runs++
	if b != nil && b.signal != nil && b.signal != syscall.SIGKILL && e.took > 0 && e.code == 0 {
		tr.stops = append(tr.stops, e.took)
	}
	if !e.killed {
		return
	}
	tr.kills++
	tr.shape[s.name]++
	if b.signal == nil && e.steps[b.step] >= b.pass {
		tr.hits[b.step]++
	} else {
		tr.after[e.last]++
	}
}

func (tr *trials) report(t testing.TB) {
	var b strings.Builder
	fmt.Fprintf(&b, "%d kills in %d runs of %d shapes: %d rows lost, %d rows twice\n", tr.kills, tr.runs, len(tr.shape), tr.lost, tr.twice)
	at, moments := 0, 0
	for _, n := range tr.hits {
		at += n
	}
	for _, n := range tr.after {
		moments += n
	}
	fmt.Fprintf(&b, "%d at a step:\n", at)
	for _, step := range slices.Sorted(maps.Keys(tr.hits)) {
		fmt.Fprintf(&b, "  %5d %s\n", tr.hits[step], step)
	}
	fmt.Fprintf(&b, "%d at a random moment, by the step before:\n", moments)
	for _, step := range slices.Sorted(maps.Keys(tr.after)) {
		fmt.Fprintf(&b, "  %5d %s\n", tr.after[step], step)
	}
	t.Log(b.String())
}

func chosen(all []shape) []shape {
	pattern := regexp.MustCompile(*only)
	var some []shape
	for _, s := range all {
		if pattern.MatchString(s.name) {
			some = append(some, s)
		}
	}
	return some
}

// each runs trials of shapes, a few at a time, since most of a run is waiting; a shape may skip its trial.
func each(t *testing.T, all []shape, more func() bool, trial func(t testing.TB, s shape)) {
	var ran atomic.Bool
	for round := 0; (round == 0 || ran.Swap(false) && more()) && !t.Failed(); round++ {
		t.Run(fmt.Sprintf("round %d", round), func(t *testing.T) {
			free := make(chan struct{}, 6)
			var group sync.WaitGroup
			for _, s := range all {
				free <- struct{}{}
				if round > 0 && !more() {
					break
				}
				group.Go(func() {
					defer func() { <-free }()
					t.Run(s.name, func(t *testing.T) {
						trial(t, s)
						ran.Store(true)
					})
				})
			}
			group.Wait()
		})
	}
}

// A run that is killed, at whatever moment, and started again shows in the end what an undisturbed run shows.
func TestKilledRunsGiveWhatAnUndisturbedOneGives(t *testing.T) {
	t.Parallel()
	all := chosen(slices.Concat(shapes, fed))
	if len(all) == 0 {
		t.Fatal("no such shape")
	}
	if *kills > 100 {
		all = slices.Concat(all, chosen(fed), chosen(fed)) // few shapes pass the steps of a journal
	}
	tr := newTrials(t)
	missing := func() bool {
		tr.mu.Lock()
		defer tr.mu.Unlock()
		return tr.kills < *kills
	}
	each(t, all, missing, func(t testing.TB, s shape) {
		tr.trial(t, s, 2+tr.draw(2), func(u *undisturbed) blow { return tr.kill(u.steps, u.took) })
	})
	tr.report(t)
}

// A run that is stopped, at whatever moment, ends well and soon, and the next one goes on.
func TestStoppedRunsGiveWhatAnUndisturbedOneGives(t *testing.T) {
	t.Parallel()
	all := chosen(slices.Concat(shapes, fed))
	tr := newTrials(t)
	each(t, all, func() bool { return false }, func(t testing.TB, s shape) {
		tr.trial(t, s, 1, func(u *undisturbed) blow { return tr.stop(u.took) })
	})
	slices.Sort(tr.stops)
	if n := len(tr.stops); n > 0 {
		t.Logf("%d runs stopped: half within %v, all within %v", n, tr.stops[n/2], tr.stops[n-1])
		if tr.stops[n-1] > 20*time.Second {
			t.Errorf("a run took %v to stop", tr.stops[n-1])
		}
	}
}
