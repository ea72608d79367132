// Package schema speaks of the schema of an edge: an Arrow schema with flowrun's own small set of types, their names in
// YAML, in messages and in Spark's printSchema tree, and the difference between two schemas.
//
// Types inside: bool, int (64 bits), float (64 bits), string (UTF-8), bytes, timestamp (microseconds, UTC), date (days),
// duration (microseconds), list, map (string keys) and struct. See [Name] for their spelling.
package schema
