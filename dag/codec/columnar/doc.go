// Package columnar reads and writes the formats that hold columns and describe themselves: Parquet, and Arrow IPC in its file
// form, also called Feather.
//
// [Open] looks at a file: what columns it has, in flowrun's types. [File.Fit] chooses the columns of a schema, and
// [Fitted.Read] gives them as records of a bounded size: only the columns that are wanted, without the row groups of which
// statistics prove that a condition is true for none of their rows. [NewEncoder] writes.
//
// Types of files become flowrun's: smaller numbers widen, times of every unit become microseconds in UTC, dictionaries and
// large texts become plain ones. A value that has no form in the type of its column (a number beyond 64 bits, a null where the
// schema says never) makes its row a [Fault]. A type that has no counterpart is refused by name.
//
// A file is no trusted input: whatever is wrong with its bytes is an error, and never a panic.
package columnar
