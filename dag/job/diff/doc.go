// Package diff compares two outputs of runs, each a file or a directory of files, as multisets of rows. They are read as a file
// source reads them, so in any format and packing that it knows.
//
// Columns go by name, a null is as good as a column that is not there, and numbers go by value: 5 is 5.0. Times are compared as they
// are written, so that a Parquet file and JSON lines of the same rows are equal.
//
// A row is kept as 16 bytes of a hash (XXH3), with how often it came; the rows that differ are read again to be shown. With a
// tolerance the numbers of rows are kept as well.
package diff
