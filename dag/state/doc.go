// Package state holds what stateful operators remember between batches: a columnar [Table] from keys to slots, and columns
// with one entry per slot in which operators keep their accumulators.
//
// # The table
//
// A batch of key columns is loaded into a [Vector] each, hashed column by column and turned into slots by one call of
// [Table.Slots]; new keys get new slots at the end. Slots are dense and stay valid until Clear, so an accumulator is a
// [Column] indexed by slot: [Fixed] for machine values, [Values] for one value of any type, [Lists] for many, [Set] for
// distinct ones. Columns are attached to their table, which grows, empties and measures them.
//
// Equality of keys is SQL's grouping: null is one key, NaN is one key, and -0.0 is 0.0. The hash of a key depends on
// nothing but its value and the types of the columns: it is the same in every run and process, so rows can be exchanged
// and state can be moved by it.
//
// # Storage, spill and restore
//
// An operator says what it keeps (key types, attached columns by name), never how that is stored. Everything a store
// needs is here: the hash of each slot, its keys, its entries in the named columns, and the slots marked since the last
// barrier. A checkpoint writes the pages of memory that changed ([Memory]), and a restart reads them back slot by slot; where the
// number of lanes is another one by then, keys and what hangs on them are moved by their hash ([Spread]). None of it changes an
// operator.
//
// # Bounds
//
// A table, and the lists and sets attached to it, hold at most 2^31-1 entries each; what comes behind fails with
// [ErrFull], which ends the run. Nothing is ever dropped to make room. Memory is told by Bytes.
//
// Nothing here is safe for concurrent use: a table belongs to one operator instance.
package state
