// Package stage keeps the rows of a sink on disk until their commit, for systems that cannot hold a transaction open, durable and
// invisible, over a crash: rows are written here as they come, [Writer.Finish] makes them durable as one piece when the sink
// prepares, the sink's token names the piece, and [Dir.Read] gives its rows to whoever carries the commit out. A piece is
// removed when that is done; what a crash left behind is removed by [Dir.Keep].
//
// A piece is one file, an Arrow IPC stream, named after its number ("00000000000000000007.rows"). Its length and its CRC-32C stand in the
// token, so a piece that is torn or damaged is found, and is never taken for rows. One process at a time uses a directory:
// the lock of the checkpoint sees to that.
package stage
