// Package crash holds the crash tests: pipelines of many shapes run in the built program, which is killed at random moments and at each
// named step of a commit, stopped, and started again until its input is done. What it committed is then what an undisturbed run of
// the same file gives.
//
//	go test ./dag/job/crash -run Killed -v -timeout 0 -kills 1000 -seed 42
package crash
