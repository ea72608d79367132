// Package expr is flowrun's expression language: expr-lang's syntax and builtins, flowrun's own static types, SQL's
// null, and rejects instead of run-time errors.
//
// [Compile] parses the text, types it over the columns of an [Env] (so that a wrong expression is a diagnostic before
// the run), and gives a [Program]. A [Set] computes several programs over whole columns, a Program's [Evaluator] one: by
// kernels over Arrow buffers where there are some, and row by row on expr's own machine, over a tree rewritten to the same
// rules, for the rest. The rewritten machine is the oracle that the kernels are tested against.
package expr
