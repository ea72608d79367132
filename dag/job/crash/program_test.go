package crash

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"flowrun/dag/job/programtest"
)

func TestMain(m *testing.M) {
	code := programtest.Run(m)
	stopPostgres()
	os.Exit(code)
}

// blow is how a run is disturbed.
type blow struct {
	signal os.Signal     // nil: at a step
	after  time.Duration // for a signal; at a step, when the run is killed that does not come to it
	step   string
	pass   int // of the step, from 1
}

func (b blow) String() string {
	if b.signal != nil {
		return fmt.Sprintf("%v after %v", b.signal, b.after)
	}
	return fmt.Sprintf("at %s, pass %d", b.step, b.pass)
}

// patience is how long a run that nobody disturbs may take.
const patience = time.Minute

// ended is how a run ended.
type ended struct {
	killed bool // by what was meant to kill it
	code   int
	took   time.Duration // behind the signal, where there was one
	last   string        // the last step that was passed
	steps  map[string]int
	stderr string
}

// given is what a run is given beside its file.
type given struct {
	blow  *blow                                    // nil: nobody disturbs it
	feed  func(ctx context.Context, p *os.Process) // called once it runs; ends before run returns if it minds its context
	stdin *os.File                                 // nil: none
	args  []string
}

// run runs the program in a directory. What it prints goes behind what is in the file stdout there.
func run(t testing.TB, dir string, g given) ended {
	t.Helper()
	b := g.blow
	bin := programtest.Path(t)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	var stderr bytes.Buffer
	out, err := os.OpenFile(filepath.Join(dir, "stdout"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o666)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	steps := filepath.Join(dir, "steps")
	_ = os.Remove(steps)
	cmd := exec.CommandContext(ctx, bin, append([]string{"run", "p.yaml"}, g.args...)...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, out, &stderr
	if g.stdin != nil {
		cmd.Stdin = g.stdin
	}
	cmd.Env = append(os.Environ(), "FLOWRUN_CRASH_LOG="+steps)
	if b != nil && b.signal == nil {
		cmd.Env = append(cmd.Env, fmt.Sprintf("FLOWRUN_CRASH_AT=%s:%d", b.step, b.pass))
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	// One that hangs says where.
	stuck := time.AfterFunc(patience-5*time.Second, func() { _ = cmd.Process.Signal(syscall.SIGQUIT) })
	defer stuck.Stop()
	fed := make(chan struct{})
	feeding, stop := context.WithCancel(ctx)
	go func() {
		defer close(fed)
		if g.feed != nil {
			g.feed(feeding, cmd.Process)
		}
	}()
	var hit time.Time
	var timer *time.Timer
	var mu sync.Mutex
	if b != nil {
		signal := b.signal
		if signal == nil {
			signal = os.Kill
		}
		timer = time.AfterFunc(b.after, func() {
			mu.Lock()
			hit = time.Now()
			mu.Unlock()
			_ = cmd.Process.Signal(signal)
		})
	}
	err = cmd.Wait()
	over := time.Now()
	if timer != nil {
		timer.Stop()
	}
	stop()
	<-fed
	if !stuck.Stop() {
		t.Fatalf("the run still ran after %v\n%s", patience, stderr.String())
	}
	e := ended{code: cmd.ProcessState.ExitCode(), stderr: stderr.String(), steps: map[string]int{}}
	mu.Lock()
	if !hit.IsZero() {
		e.took = over.Sub(hit)
	}
	mu.Unlock()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		status, ok := exit.Sys().(syscall.WaitStatus)
		e.killed = ok && status.Signaled() && status.Signal() == syscall.SIGKILL && b != nil
	} else if err != nil {
		t.Fatal(err)
	}
	text, _ := os.ReadFile(steps)
	for step := range strings.Lines(string(text)) {
		if step = strings.TrimSuffix(step, "\n"); step != "" {
			e.steps[step]++
			e.last = step
		}
	}
	return e
}
