package main

import (
	"net"
	"os"
	"os/exec"
	"testing"

	"flowrun/dag/job/programtest"
)

// start runs a program in the repository's top folder until the test ends.
func start(t *testing.T, name string, args ...string) *programtest.Process {
	t.Helper()
	return programtest.Start(t, "../..", name, args...)
}

// need skips a test where a program is missing; CI has all of them.
func need(t *testing.T, program string) string {
	t.Helper()
	path, err := exec.LookPath(program)
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatalf("%s is missing: %v", program, err)
		}
		t.Skipf("%s is not installed", program)
	}
	return path
}

func port(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, p, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return p
}
