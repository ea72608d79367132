package soak

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"flowrun/dag/job/programtest"
)

func TestMain(m *testing.M) { os.Exit(programtest.Run(m)) }

// withFigures are the tags of a program that tells its figures.
const withFigures = "flowrunprobe"

// program is a running one.
type program struct {
	t      *testing.T
	cmd    *exec.Cmd
	log    *os.File
	began  time.Time
	probe  http.Client
	exited chan struct{}
	err    error
}

// startProgram starts it in a directory and waits until it tells figures.
func startProgram(t *testing.T, dir, bin, file string, number int) *program {
	t.Helper()
	socket := filepath.Join(dir, fmt.Sprintf("probe%d", number))
	log, err := os.Create(filepath.Join(dir, fmt.Sprintf("run%d.log", number)))
	if err != nil {
		t.Fatal(err)
	}
	p := &program{t: t, cmd: exec.Command(bin, "run", file), log: log, began: time.Now(), exited: make(chan struct{})}
	p.cmd.Stdout, p.cmd.Stderr = log, log
	p.cmd.Env = append(os.Environ(), "FLOWRUN_PROBE="+socket)
	p.probe.Timeout = 30 * time.Second
	p.probe.Transport = &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "unix", socket)
	}}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		p.err = p.cmd.Wait()
		close(p.exited)
	}()
	for {
		if _, err := p.ask("figures"); err == nil {
			return p
		}
		select {
		case <-p.exited:
			p.fail("it ended as it began")
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func (p *program) fail(format string, args ...any) {
	p.t.Helper()
	text, _ := os.ReadFile(p.log.Name())
	p.t.Fatalf("%s: %v\n%s", fmt.Sprintf(format, args...), p.err, text[max(0, len(text)-4000):])
}

func (p *program) ask(what string) (string, error) {
	answer, err := p.probe.Get("http://probe/" + what)
	if err != nil {
		return "", err
	}
	defer answer.Body.Close()
	b, err := io.ReadAll(answer.Body)
	return string(b), err
}

// end stops or kills the program and gives how long its end took.
func (p *program) end(kill bool) time.Duration {
	p.t.Helper()
	how := syscall.SIGTERM
	if kill {
		how = syscall.SIGKILL
	}
	began := time.Now()
	if err := p.cmd.Process.Signal(how); err != nil {
		p.fail("%v", err)
	}
	select {
	case <-p.exited:
	case <-time.After(2 * time.Minute):
		_ = p.cmd.Process.Signal(syscall.SIGQUIT)
		<-p.exited
		p.fail("it did not end within 2 minutes")
	}
	p.log.Close()
	if !kill && p.err != nil {
		p.fail("it was stopped")
	}
	return time.Since(began)
}

// sample is what the program holds at a moment.
type sample struct {
	at         time.Duration // since the soak began
	rss, anon  int64         // bytes
	live       int64         // bytes that were alive at the last collection
	goroutines int64
	files      int64
	store      int64 // bytes on disk of the checkpoint
	journal    int64
	rows       int64 // that were sent, to both sockets and the log
	shown      int64 // in parts
	slow       int64 // rows at the slow sink
}

// look takes a sample.
func (p *program) look(dir string) (s sample) {
	p.t.Helper()
	figures, err := p.ask("figures")
	if err != nil {
		select {
		case <-p.exited:
			p.fail("it ended by itself")
		default:
			p.t.Logf("figures: %v", err)
			return s
		}
	}
	for line := range strings.Lines(figures) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), " ")
		n, _ := strconv.ParseInt(value, 10, 64)
		switch name {
		case "goroutines":
			s.goroutines = n
		case "live":
			s.live = n
		}
	}
	proc := filepath.Join("/proc", strconv.Itoa(p.cmd.Process.Pid))
	status, _ := os.ReadFile(filepath.Join(proc, "status"))
	for line := range strings.Lines(string(status)) {
		f := strings.Fields(line)
		if len(f) < 2 {
			continue
		}
		n, _ := strconv.ParseInt(f[1], 10, 64)
		switch f[0] {
		case "VmRSS:":
			s.rss = n << 10
		case "RssAnon:":
			s.anon = n << 10
		}
	}
	open, _ := os.ReadDir(filepath.Join(proc, "fd"))
	s.files = int64(len(open))
	s.store = sizeOf(filepath.Join(dir, "state", "store"))
	s.journal = sizeOf(filepath.Join(dir, "state", "journal"))
	return s
}

// profile keeps a profile of the program's heap.
func (p *program) profile(path string) {
	text, err := p.ask("profile/heap")
	if err == nil {
		err = os.WriteFile(path, []byte(text), 0o666)
	}
	if err != nil {
		p.t.Logf("profile: %v", err)
	}
}

// sizeOf is how many bytes the files below a directory have together.
func sizeOf(dir string) (size int64) {
	_ = filepath.WalkDir(dir, func(_ string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			if info, err := e.Info(); err == nil {
				size += info.Size()
			}
		}
		return nil
	})
	return size
}
