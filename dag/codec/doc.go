// Package codec turns bytes into columns and back: [Framer] cuts a stream into lines, a [Decoder] turns records into
// batches with their rejects, an [Encoder] writes rows.
//
// Formats:
//   - text: a record is a line, its row one string column.
//   - json: a record is a line that holds one object. A field that is missing or null is null; unknown fields are ignored,
//     though they must be valid; nothing is coerced but an integer where a float is wanted. Lines of white space only are no
//     records.
//   - csv: a record of RFC 4180, which may span lines inside of quotes. An empty field without quotes is null, "" the empty
//     string. The first record of a stream is its header unless the options say otherwise.
//   - kv: a record is a line of key=value pairs, values with blanks in quotes. A key that is missing or has no value is null.
//
// Beside them stand the formats of whole files, parquet and arrow, which package columnar reads and this one writes; see [Ender].
//
// The values of csv and kv are texts: each is the form of its column's type, or the record is rejected. Nested ones are JSON.
//
// A record that is no row becomes a reject with its bytes: what a stream brings never ends a run, and never vanishes.
package codec
