// Package batch holds the unit of work that travels on every edge: a [Batch] of rows in Arrow columns with a selection of
// the rows that still count. It says who owns a batch, and builds, compacts and previews batches.
//
// # Ownership
//
// A batch has counted references; the one who calls [New] holds the first. A reference is passed on by Emit (the receiver
// then owns it) and given back by Release; the last Release returns the buffers. An operator is lent its input for the
// length of one call: to emit the same batch, or to keep it, it calls Retain. A batch is immutable once it was emitted:
// to change its selection or its columns, make another one with [Batch.WithSelection] or [Batch.WithRecord].
//
// # Memory
//
// The buffers of a run come from its [Pool], which hands out what was released for the next batch. So the moment after the
// last Release the memory holds other rows, and what pointed into it, such as a string that a column gave, holds them too.
//   - Who makes an array, a record, a [Column] or a [Builder] releases it; what New, WithRecord, Emit or a function whose
//     document says so takes over is released by whoever took it.
//   - What outlives the batch is copied out of it: a key of a map, a text for a message, a value for the state. Use
//     strings.Clone; a number is a copy already.
//   - Nothing is written to a buffer that can be reached from an emitted batch, which others read.
//   - On the way of an error the same holds: what was begun is released.
//
// The build tag flowrundebug makes all of this found out: see [Checked].
package batch
