package exec

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"

	"flowrun/dag/state"
)

// ErrStopped is the error of a run that was stopped at once, with rows still on their way.
var ErrStopped = errors.New("stopped at once")

// ErrEnded is what is asked of a run too late gives.
var ErrEnded = errors.New("the run has ended")

// NodeError is why a run failed: what a node could not do.
type NodeError struct {
	Node  string
	Doing string // "open", "read", "process", "write", "commit"...
	Err   error
}

// Error names the node first.
func (e *NodeError) Error() string {
	if _, ok := e.Err.(*RejectError); ok {
		return e.Node + ": " + e.Err.Error()
	}
	return e.Node + ": " + e.Doing + ": " + e.Err.Error()
}

// Unwrap gives the cause.
func (e *NodeError) Unwrap() error { return e.Err }

// RejectError ends a run whose node rejects a row, where nobody reads its rejects and its on_error is fail.
type RejectError struct{ Reason, Detail string }

// Error says what was wrong with the row, and what can be done.
func (e *RejectError) Error() string {
	s := "row rejected: " + e.Reason
	if e.Detail != "" {
		s += ": " + e.Detail
	}
	return s + " (read its .rejected output, or set on_error: drop)"
}

// BugError is a broken promise inside flowrun or one of its operators: it is never the input's fault.
type BugError struct{ Text string }

// Error says that it is a bug.
func (e *BugError) Error() string { return "bug: " + e.Text }

func bug(text string) error { return &BugError{Text: text} }

// guard runs f for a node. What goes wrong gets the node's name; a panic becomes an error, its stack goes to the log.
// The error of a run that is already ending is passed on as it is.
func (n *node) guard(ctx context.Context, doing string, f func() error) (err error) {
	if len(n.spills) > 0 {
		defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	}
	defer func() {
		if p := recover(); p != nil {
			if n.faults(p) {
				err = n.failed(doing, errors.New("state that lies on disk cannot be read: the disk fails"))
				return
			}
			n.rt.Log().Error("panic", "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
			err = n.failed(doing, bug(fmt.Sprintf("panic: %v", p)))
		}
	}()
	err = f()
	if err == nil || ctx.Err() != nil && (errors.Is(err, context.Cause(ctx)) || errors.Is(err, ctx.Err())) {
		return err
	}
	return n.failed(doing, err)
}

// faults reports whether a panic is that of memory whose page the disk did not give.
func (n *node) faults(p any) bool {
	at, ok := p.(interface{ Addr() uintptr })
	return ok && slices.ContainsFunc(n.spills, func(s *state.Spill) bool { return s.Holds(at.Addr()) })
}

// failed names the node, unless the error names one already.
func (n *node) failed(doing string, err error) error {
	if ne := (*NodeError)(nil); errors.As(err, &ne) {
		return err
	}
	return &NodeError{Node: n.id(), Doing: doing, Err: err}
}
