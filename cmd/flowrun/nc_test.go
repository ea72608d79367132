package main

import (
	"fmt"
	"io"
	"strings"
	"syscall"
	"testing"

	"flowrun/dag/job/programtest"
)

// TestNetcat is the classic: lines typed into `nc -lk` show on the console, batch by batch, until the user stops it.
func TestNetcat(t *testing.T) {
	nc, flowrun := need(t, "nc"), programtest.Path(t)
	p := port(t)
	// flowrun is first: it has to wait for nc to appear.
	run := start(t, flowrun, "pipelines/socket_console.yaml", "--set", "nodes.lines.socket.port="+p)
	run.Err.Has(t, "# lines (source, streaming)\nroot\n |-- value: string (nullable = true)\n", "refused")
	server := start(t, nc, "-lk", p)
	run.Err.Has(t, "connected to localhost:"+p)

	fmt.Fprintln(server.Stdin, "to be or not to be")
	run.Out.Has(t, frame(0, "to be or not to be"))
	fmt.Fprintln(server.Stdin, "that is the question")
	run.Out.Has(t, frame(1, "that is the question"))

	if err := run.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	run.Exits(t, exitDone)
	if !strings.Contains(run.Err.String(), "account: ok") {
		t.Errorf("no account in:\n%s", run.Err.String())
	}
}

// TestNetcatComesBack ends nc and starts it anew: the run waits and goes on.
func TestNetcatComesBack(t *testing.T) {
	nc, flowrun := need(t, "nc"), programtest.Path(t)
	p := port(t)
	first := start(t, nc, "-lk", p)
	run := start(t, flowrun, "pipelines/socket_console.yaml", "--set", "nodes.lines.socket.port="+p)
	run.Err.Has(t, "connected")
	io.WriteString(first.Stdin, "before\n")
	run.Out.Has(t, "|before|")
	if err := first.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	first.Exits(t, -1)
	second := start(t, nc, "-lk", p)
	io.WriteString(second.Stdin, "behind\n")
	run.Out.Has(t, "|behind|")
	if err := run.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	run.Exits(t, exitDone)
}

// frame is an epoch of one line as Spark's console sink prints it.
func frame(epoch int, line string) string {
	rule := strings.Repeat("-", 43)
	box := "+" + strings.Repeat("-", len(line)) + "+"
	head := fmt.Sprintf("|%*s|", len(line), "value")
	return fmt.Sprintf("%s\nBatch: %d\n%s\n%s\n%s\n%s\n|%s|\n%s\n\n", rule, epoch, rule, box, head, box, line, box)
}
