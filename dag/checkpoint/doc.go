// Package checkpoint keeps what outlives a run: a point of it, written in one atomic and durable step, and the state of its
// operators at that point.
//
// # On disk
//
// A checkpoint is a directory. In store is a Pebble database (github.com/cockroachdb/pebble/v2) with these keys:
//
//	version                              the version of this layout, and the order of bytes in it
//	point                                a [Point] as JSON
//	state NUL node NUL lane part NUL block   a block of what a node remembers: lane is 2 bytes, block 4 bytes, big-endian
//
// What a commit changed goes into one batch that is synced once, or, where it is more than a few MiB, into tables (commit-0 and so on,
// until the database has taken them in), which the database makes part of it in one step, with the point in one of them. A block that changed in part is written as a merge, which the
// database puts together with what it has when it compacts or reads (see state.Overlay); so a commit writes what it changed,
// and the database bounds what is stored to a small multiple of the state.
//
// Beside the store stands witness, the number of the last commit, written behind it: should the end of the database's log be
// damaged, which looks like a commit that was never finished, it shows.
//
// # Safety
//
// Everything read is checked by the database's checksums, and the structure of blocks and lists by package state. The database's
// lock keeps a second process out. After a failure to write, nothing more reaches the disk: the run ends, and the next one
// continues at the last commit that was finished.
package checkpoint
