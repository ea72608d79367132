// Package plan is the logical plan: a small closed algebra of typed operations on a graph of named nodes, free of any
// engine. Kinds lower to it, [Bind] types it, [Explain] prints it, and the local engine and the Spark back end read it.
package plan
