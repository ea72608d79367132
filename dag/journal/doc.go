// Package journal is an append-only log of records in segment files: what a source received is written here and synced
// before it flows, and read again after a crash.
//
// # Use
//
// [Open] finds the end of what is there. [Journal.Append] takes a record and gives it the next number, [Journal.Sync] makes all
// that were appended durable with one write and one sync, and [Journal.Read] gives the durable ones again, in order.
// [Journal.Trim] says up to which number nothing is needed any more; segments that hold nothing else are removed. One process at
// a time has a journal open: a file LOCK in its directory sees to that.
//
// # Files
//
// A segment is named after the number of its first record, 20 digits and ".journal", and is written from its beginning to its end,
// once. All numbers in it are little endian. It begins with a header:
//
//	 0  8  "flowjrnl"
//	 8  4  version of the format: 1
//	12  4  length of the meta data
//	16  8  number of the first record
//	24  8  number up to which everything was trimmed when the segment was begun
//	32  .  meta data: what the user of the journal has to know to read its records
//	    4  CRC-32C of all of the above
//
// and goes on with records:
//
//	 0  4  CRC-32C of what follows, with the number of the segment's first record, 8 bytes, before it
//	 4  4  length of the payload
//	 8  8  number of the record, one more than that of the record before it
//	16  8  when it arrived, nanoseconds since the Unix epoch
//	24  8  number up to which everything was durable when it was written
//	32  8  number up to which everything was trimmed when it was written
//	40  .  payload
//
// # What a crash leaves, and what is damage
//
// A segment is made under the name "new" and renamed once its header is durable; records are written behind that once the name is. A
// write that failed, and a sync that failed, leave bytes behind that nobody can say anything of; that segment is not written any
// further, and what was to be in it is written to a new one. So a segment holds the records from its own number up to that of the
// next segment, and whatever stands behind those is nothing.
//
// In the last segment the first record that is not whole ends the journal: it is the one that the crash tore, or a later part of
// the same write. It was never durable; unless a whole record behind it says that everything up to it was durable when that one
// was written. Then it is damage, as is a record that is missing or not whole in any other segment, and any header that is not
// whole. Damage is an [*Error] with file and offset, and is never read as data. What no format can tell from a torn write is damage
// to the records of the very last write; they are cut, and [Journal.Torn] says so.
package journal
