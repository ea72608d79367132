package schema

import "github.com/apache/arrow-go/v18/arrow"

// Rejected is the schema of every node's `rejected` output: when and by which node a row was rejected, why, and what it
// was (at a source the input's bytes, elsewhere the row as JSON).
var Rejected = arrow.NewSchema([]arrow.Field{
	{Name: "at", Type: Timestamp},
	{Name: "node", Type: String},
	{Name: "reason", Type: String},
	{Name: "raw", Type: Bytes, Nullable: true},
}, nil)
