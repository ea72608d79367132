package main

import (
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"flowrun/dag/job/programtest"
)

// The first signal drains; where that cannot end, since nobody reads what is printed, the second one ends the run at once.
func TestTheSecondSignalEndsAtOnce(t *testing.T) {
	bin := programtest.Path(t)
	file := filepath.Join(t.TempDir(), "p.yaml")
	text := "nodes:\n  a: {generate: {pace: none}}\n  out: {from: a, stdout: {}}\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	for signal, code := range map[syscall.Signal]int{syscall.SIGTERM: 143, syscall.SIGINT: 130} {
		t.Run(signal.String(), func(t *testing.T) {
			var stderr programtest.Output
			cmd := exec.CommandContext(t.Context(), bin, "run", file)
			cmd.Stderr = &stderr
			unread, err := cmd.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			// It runs once it has printed, and stands once the pipe is full.
			if _, err := io.ReadFull(unread, make([]byte, 1000)); err != nil {
				t.Fatal(err)
			}
			if err := cmd.Process.Signal(signal); err != nil {
				t.Fatal(err)
			}
			stderr.Has(t, "draining; once more ends at once")
			if err := cmd.Process.Signal(signal); err != nil {
				t.Fatal(err)
			}
			ended := make(chan struct{})
			go func() { defer close(ended); _ = cmd.Wait() }()
			select {
			case <-ended:
				if got := cmd.ProcessState.ExitCode(); got != code {
					t.Errorf("exit code %d, want %d", got, code)
				}
			case <-time.After(patience):
				t.Fatalf("it still runs\n%s", stderr.String())
			}
		})
	}
}
