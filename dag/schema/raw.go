package schema

import "github.com/apache/arrow-go/v18/arrow"

// rawKey is the metadata key that marks a bytes column as the input of a reject: text formats show it as text where it is
// some. It stays with the column on the edges.
const rawKey = "flowrun.raw"

// Raw is the metadata of a bytes column that holds rejected inputs.
func Raw() arrow.Metadata { return arrow.NewMetadata([]string{rawKey}, []string{"true"}) }

// IsRaw reports whether f is a bytes column that holds rejected inputs.
func IsRaw(f arrow.Field) bool {
	return f.Type.ID() == arrow.BINARY && f.Metadata.FindKey(rawKey) >= 0
}
