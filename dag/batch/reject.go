package batch

import (
	"github.com/apache/arrow-go/v18/arrow/memory"

	"flowrun/dag/schema"
)

// RejectSchema is the schema of a node's rejected output. Text formats write raw as [AppendRaw] does.
var RejectSchema = schema.Rejected

// FromRejects makes rows of [RejectSchema] of rejects, in order; the reason is followed by the detail where there is one.
// The caller owns the batch.
func FromRejects(rejects []Reject, mem memory.Allocator) *Batch {
	b := NewBuilder(RejectSchema, mem)
	defer b.Release()
	b.Reserve(len(rejects))
	at, node, reason, raw := b.Column(0), b.Column(1), b.Column(2), b.Column(3)
	for i := range rejects {
		r := &rejects[i]
		at.AppendInt(r.At.UnixMicro())
		node.AppendString(r.Node)
		if r.Detail == "" {
			reason.AppendString(r.Reason)
		} else {
			dst := reason.Extend(len(r.Reason) + 2 + len(r.Detail))
			n := copy(dst, r.Reason)
			n += copy(dst[n:], ": ")
			copy(dst[n:], r.Detail)
		}
		if r.Raw == nil {
			raw.AppendNull()
		} else {
			raw.AppendBytes(r.Raw)
		}
	}
	return b.Batch()
}
