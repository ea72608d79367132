package main

import (
	"errors"
	"net"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// patience is how long a test polls for something that comes at once on an idle machine.
const patience = 20 * time.Second

// freePort NAME sets NAME to a port that nobody listens on.
func freePort(ts *testscript.TestScript, _ bool, args []string) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	ts.Check(err)
	_, port, err := net.SplitHostPort(l.Addr().String())
	ts.Check(err)
	ts.Check(l.Close())
	ts.Setenv(args[0], port)
}

// await FILE PATTERN waits until FILE has PATTERN in it; a background command writes the file through a redirection.
func await(ts *testscript.TestScript, _ bool, args []string) {
	pattern := regexp.MustCompile(`(?m)` + args[1])
	var last []byte
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		last, _ = os.ReadFile(ts.MkAbs(args[0]))
		if pattern.Match(last) {
			return
		}
	}
	ts.Fatalf("%s has no %q:\n%s", args[0], args[1], last)
}

// status CODE COMMAND... runs a command, which must exit with CODE; its output goes to the files stdout and stderr.
func status(ts *testscript.TestScript, _ bool, args []string) {
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	err = ts.Exec(args[1], args[2:]...)
	got := 0
	var failed *exec.ExitError
	if errors.As(err, &failed) {
		got = failed.ExitCode()
	} else {
		ts.Check(err)
	}
	ts.Check(os.WriteFile(ts.MkAbs("out"), []byte(ts.ReadFile("stdout")), 0o644))
	ts.Check(os.WriteFile(ts.MkAbs("err"), []byte(ts.ReadFile("stderr")), 0o644))
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

// normal FILE replaces what differs between runs: times and rates.
func normal(ts *testscript.TestScript, _ bool, args []string) {
	text := ts.ReadFile(args[0])
	text = regexp.MustCompile(`\d+(\.\d+)?(µs|ms|s)\b`).ReplaceAllString(text, "TIME")
	text = strings.TrimRight(text, "\n") + "\n"
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(text), 0o644))
}
