package main

import (
	"errors"
	"fmt"
	"io"
)

// The exit codes, fixed for good.
const (
	exitDone        = 0
	exitFailed      = 1   // the run failed
	exitUsage       = 2   // usage, or the pipeline file
	exitEnvironment = 3   // cannot bind, cannot open what the run needs
	exitTests       = 4   // tests failed
	exitInterrupted = 130 // the second SIGINT
	exitTerminated  = 143 // the second SIGTERM
)

// exit is an error that carries an exit code. With a nil err everything has been said.
type exit struct {
	code int
	err  error
}

func (e *exit) Error() string {
	if e.err == nil {
		return fmt.Sprintf("exit %d", e.code)
	}
	return e.err.Error()
}

func (e *exit) Unwrap() error { return e.err }

// usage is an error in how flowrun was called.
func usage(format string, args ...any) error { return &exit{exitUsage, fmt.Errorf(format, args...)} }

// environment is an error in what surrounds the run.
func environment(err error) error { return &exit{exitEnvironment, err} }

// said is an exit code for which everything has been printed.
func said(code int) error { return &exit{code: code} }

// report prints what is left to say of err and returns the exit code.
func report(stderr io.Writer, err error) int {
	if err == nil {
		return exitDone
	}
	var e *exit
	if !errors.As(err, &e) {
		// Only the flag parser's own errors come without a code.
		e = &exit{exitUsage, err}
	}
	if e.err != nil {
		fmt.Fprintf(stderr, "flowrun: %v\n", e.err)
	}
	return e.code
}
