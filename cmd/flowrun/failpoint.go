package main

import (
	"os"
	"strconv"
	"strings"
	"sync/atomic"

	"flowrun/dag/failpoint"
)

// What the crash tests say to the program: FLOWRUN_CRASH_AT=STEP:N ends it at the n-th pass of a step, as SIGKILL does;
// FLOWRUN_CRASH_LOG=FILE notes the steps that were passed, one a line.
const (
	crashAt  = "FLOWRUN_CRASH_AT"
	crashLog = "FLOWRUN_CRASH_LOG"
)

// setFailpoints does what those say. Nobody else sets them.
func setFailpoints() {
	at, log := os.Getenv(crashAt), os.Getenv(crashLog)
	if at == "" && log == "" {
		return
	}
	where, count, _ := strings.Cut(at, ":")
	var left atomic.Int64
	if n, err := strconv.ParseInt(count, 10, 64); err == nil {
		left.Store(n)
	}
	var notes *os.File
	if log != "" {
		notes, _ = os.OpenFile(log, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o666)
	}
	failpoint.Set(func(step string) {
		if notes != nil {
			_, _ = notes.WriteString(step + "\n")
		}
		if step == where && left.Add(-1) == 0 {
			if self, err := os.FindProcess(os.Getpid()); err == nil && self.Kill() == nil {
				select {} // the signal is on its way
			}
		}
	})
}
