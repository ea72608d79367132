// Package pipetest runs the tests of a pipeline file: rows in at its sources, rows expected at any node or output.
//
// A test binds the real file and runs it on the real engine with the real operators. Only the ends are others: each source
// hands on the test's rows, each sink collects what comes, and what reads an expected output is added to the plan before
// it is bound. Every step is an epoch, and time is the test's own.
//
// [Evaluate] tries a single expression on rows, without a pipeline.
package pipetest
