// Package batch holds the unit of work that travels on every edge: a [Batch] of rows in Arrow columns with a selection of
// the rows that still count. It says who owns a batch, and builds, compacts and previews batches.
//
// # Ownership
//
// A batch has counted references; the one who calls [New] holds the first. A reference is passed on by Emit (the receiver
// then owns it) and given back by Release; the last Release returns the buffers. An operator is lent its input for the
// length of one call: to emit the same batch, or to keep it, it calls Retain. A batch is immutable once it was emitted:
// to change its selection or its columns, make another one with [Batch.WithSelection] or [Batch.WithRecord].
package batch
