package soak

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
	"time"

	"flowrun/dag/job/programtest"
)

var (
	length = flag.Duration("soak", 8*time.Second, "how long the load is held")
	spans  = flag.Int("lives", 0, "in how many runs of the program, which are stopped and killed in turn; 0: one for each 200 s, at least 3")
	rate   = flag.Int("rate", 0, "rows a second of each socket; 0: 80 % of what they take at most, in a short soak 2000")
	seed   = flag.Uint64("seed", 0, "of what the senders do; 0: one is drawn")
	keep   = flag.String("keep", "", "directory for the program's logs, profiles of its heap and the series; empty: they are removed")
)

// isLong is how long a soak has to be to measure the peak first, and to print its series.
const isLong = time.Minute

func long() bool { return *length >= isLong }

// soak is a test that goes on.
type soak struct {
	t         *testing.T
	dir       string
	bin, file string
	load      load
	receiver  *receiver
	began     time.Time
	lives     []*span
	p         *program
}

// span are the samples of one run of the program.
type span struct {
	what    string
	quiet   *sample // before the senders began, and after they ended
	samples []sample
	took    time.Duration // its end
	killed  bool
}

func TestSoak(t *testing.T) {
	if _, err := os.Stat("/proc/self/fd"); err != nil {
		t.Skip("what a process holds is read from /proc")
	}
	if *seed == 0 {
		*seed = uint64(time.Now().UnixNano())
	}
	t.Logf("seed %d, %s", *seed, runtime.Version())
	dir := *keep
	if dir == "" {
		var err error
		if dir, err = os.MkdirTemp("", "soak"); err != nil {
			t.Fatal(err)
		}
		defer os.RemoveAll(dir)
	} else if err := os.MkdirAll(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	s := &soak{t: t, dir: dir, bin: programtest.Path(t, withFigures), began: time.Now()}
	ta := newTally()
	s.load.tally = ta
	s.receiver = &receiver{tally: ta, rng: rand.New(rand.NewPCG(*seed, 1))}
	slow := httptest.NewServer(http.HandlerFunc(s.receiver.ServeHTTP))
	defer slow.Close()
	left, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	right := freeAddress(t)
	s.file = writePipeline(t, dir, left.Addr().String(), right, slow.URL)

	ctx, cancel := context.WithCancel(t.Context())
	var senders sync.WaitGroup
	defer senders.Wait()
	defer left.Close()
	defer cancel()
	s.load.paused.Store(true)
	senders.Go(func() { s.load.serveLeft(ctx, left, rand.New(rand.NewPCG(*seed, 2))) })
	for i := range clients {
		senders.Go(func() { s.load.runRight(ctx, fmt.Sprint("right", i), right, rand.New(rand.NewPCG(*seed, 3+uint64(i)))) })
	}
	log := &logfile{dir: filepath.Join(dir, "logs")}
	senders.Go(func() { log.run(ctx, t, &s.load, rand.New(rand.NewPCG(*seed, 9))) })

	s.held()
	if long() {
		s.report()
	}
	ta.collect(t, dir)
	t.Logf("rows: %s; %d connections, %d of them broken by the sender; %d requests refused; %d files of the log",
		ta.figures(), s.load.connections.Load(), s.load.broken.Load(), s.receiver.refused.Load(), log.number+1)
	for _, wrong := range ta.check() {
		t.Error(wrong)
	}
	if ta.rows["pairs"] == 0 || ta.rows["windows"] == 0 || ta.rows["once"] == 0 {
		t.Error("nothing came out")
	}
}

// freeAddress is one that nobody listens on.
func freeAddress(t *testing.T) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// held is the load: the peak where it is to be measured, and then what is held, life after life.
func (s *soak) held() {
	n := *spans
	if n == 0 {
		n = max(3, int(*length/(200*time.Second)))
	}
	each := *length / time.Duration(n)
	s.set(2000, 2000, 2000)
	s.start("held")
	switch {
	case *rate > 0:
		s.set(*rate, *rate, *rate)
	case long():
		s.lives[0].what = "peak"
		s.peak()
		s.end(false)
		s.start("held")
	}
	for i := range n {
		s.load.paused.Store(false)
		s.watch(each, i)
		if i < n-1 {
			s.end(i%2 == 1)
			s.start("held")
		}
	}
	s.finish()
}

func (s *soak) set(left, right, log int) {
	s.load.left.Store(int64(left))
	s.load.right.Store(int64(right))
	s.load.log.Store(int64(log))
}

// start starts the program, and takes a sample of it in peace where the senders pause.
func (s *soak) start(what string) {
	s.load.tally.begin()
	s.p = startProgram(s.t, s.dir, s.bin, s.file, len(s.lives))
	l := &span{what: what}
	s.lives = append(s.lives, l)
	if s.load.paused.Load() && long() {
		rest(s.t.Context(), 3*time.Second)
		quiet := s.look()
		l.quiet = &quiet
	}
}

func (s *soak) look() sample {
	sm := s.p.look(s.dir)
	sm.at = time.Since(s.began)
	sm.rows = s.load.leftSent.Load() + s.load.rightSent.Load() + s.load.tally.written.Load()
	sm.slow = s.receiver.took.Load()
	sm.shown = s.load.tally.shown()
	return sm
}

// end ends the program under load.
func (s *soak) end(kill bool) {
	l := s.lives[len(s.lives)-1]
	s.load.tally.stop(kill)
	l.took, l.killed = s.p.end(kill), kill
	s.t.Logf("%s: run %d ended after %s, killed: %t, in %s", time.Since(s.began).Round(time.Second), len(s.lives)-1, time.Since(s.p.began).Round(time.Second), kill, l.took.Round(time.Millisecond))
}

// watch collects what is shown and takes samples for a while.
func (s *soak) watch(length time.Duration, number int) {
	l := s.lives[len(s.lives)-1]
	every := max(length/40, time.Second)
	end := time.Now().Add(length)
	next := time.Now().Add(every)
	for time.Now().Before(end) {
		rest(s.t.Context(), min(time.Until(end), 500*time.Millisecond))
		s.load.tally.collect(s.t, s.dir)
		if !time.Now().Before(next) {
			l.samples = append(l.samples, s.look())
			next = time.Now().Add(every)
		}
		if long() && len(l.samples) == 10 && *keep != "" {
			if path := filepath.Join(s.dir, fmt.Sprintf("heap%d-early.pb.gz", number)); !exists(path) {
				s.p.profile(path)
			}
		}
	}
	if long() && *keep != "" {
		s.p.profile(filepath.Join(s.dir, fmt.Sprintf("heap%d-late.pb.gz", number)))
	}
}

func exists(path string) bool { _, err := os.Stat(path); return err == nil }

// peak measures what the sources take when all of them get more than that, and sets 80 % of it.
func (s *soak) peak() {
	s.set(0, 0, 0)
	s.load.paused.Store(false)
	s.watch(15*time.Second, -1)
	left, right, slow := s.counts()
	began := time.Now()
	s.watch(30*time.Second, -1)
	left1, right1, slow1 := s.counts()
	took := time.Since(began).Seconds()
	per := func(from, to int64) int { return int(float64(to-from) / took) }
	s.t.Logf("peak: %d rows/s left, %d right, %d lines of the log at the slow sink", per(left, left1), per(right, right1), per(slow, slow1))
	s.set(per(left, left1)*8/10, per(right, right1)*8/10, per(slow, slow1)*8/10)
}

// counts are the rows that were taken of both sockets, and by the slow sink.
func (s *soak) counts() (left, right, slow int64) {
	return s.load.leftSent.Load(), s.load.rightSent.Load(), s.load.tally.delivered.Load()
}

// finish lets everything flow out: the senders end, rows of an hour later close the windows, and the program is stopped.
func (s *soak) finish() {
	s.load.paused.Store(true)
	s.waitFor("the senders to end", func() bool { return s.load.active.Load() == 0 })
	rest(s.t.Context(), 4*time.Second) // a client that is gone holds the watermark back for idle_timeout
	s.load.closed.Add(1 + clients)
	s.load.closing.Store(time.Now().Add(time.Hour).UnixMicro())
	s.load.closed.Wait()
	s.waitFor("the log at the slow sink", func() bool {
		s.load.tally.collect(s.t, s.dir)
		return s.load.tally.delivered.Load() >= s.load.tally.written.Load()
	})
	if long() {
		rest(s.t.Context(), 10*time.Second)
		l := s.lives[len(s.lives)-1]
		quiet := s.look()
		l.quiet = &quiet
	}
	s.end(false)
}

// waitFor waits until something is so, for two minutes at the most.
func (s *soak) waitFor(what string, so func() bool) {
	s.t.Helper()
	for end := time.Now().Add(2 * time.Minute); !so(); rest(s.t.Context(), 20*time.Millisecond) {
		if time.Now().After(end) {
			s.p.fail("waited for %s", what)
		}
	}
}
