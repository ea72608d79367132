package codec

import (
	"time"

	"flowrun/dag/batch"
	"flowrun/dag/schema"
)

// pending is what every decoder has: the rows and rejects since the last batch.
type pending struct {
	rows    *batch.Builder
	rejects []batch.Reject
	now     func() time.Time
}

func newPending(o DecoderOptions) pending {
	return pending{rows: batch.NewBuilderOf(schema.Plain(o.Schema), o.Want, o.Allocator), now: o.Now}
}

func (p *pending) Reject(reason, detail string, raw []byte) {
	p.rejects = append(p.rejects, batch.Reject{
		At:     p.now(),
		Reason: reason,
		Detail: detail,
		Raw:    append([]byte{}, raw[:min(len(raw), MaxRejectBytes)]...),
	})
}

func (p *pending) Pending() int { return p.rows.Rows() + len(p.rejects) }

func (p *pending) Batch(arrived time.Time) *batch.Batch {
	if p.Pending() == 0 {
		return nil
	}
	b := p.rows.Batch()
	b.Arrived = arrived
	b.Rejects, p.rejects = p.rejects, nil
	return b
}

func (p *pending) Close() {
	p.rows.Release()
	p.rejects = nil
}
