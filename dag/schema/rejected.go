package schema

import "github.com/apache/arrow-go/v18/arrow"

// Rejected is the schema of every node's `rejected` output: when and by which node a row was rejected, why, and what it
// was (at a source the input's bytes, elsewhere the row as JSON). Text formats show raw as text where it is some.
var Rejected = arrow.NewSchema([]arrow.Field{
	{Name: "at", Type: Timestamp},
	{Name: "node", Type: String},
	{Name: "reason", Type: String},
	{Name: "raw", Type: Bytes, Nullable: true, Metadata: arrow.NewMetadata([]string{rawKey}, []string{"true"})},
}, nil)

// rawKey is the metadata key that marks a bytes column as the input of a reject. It stays with the column on the edges.
const rawKey = "flowrun.raw"

// IsRaw reports whether f is a bytes column that holds rejected inputs.
func IsRaw(f arrow.Field) bool {
	return f.Type.ID() == arrow.BINARY && f.Metadata.FindKey(rawKey) >= 0
}
