package relational

import (
	"context"

	"flowrun/dag/batch"
	"flowrun/dag/op"
)

// limit passes the first rows, and then needs no more input. Of complete results it passes the first rows of every epoch.
type limit struct {
	stateless
	rows     int64
	perEpoch bool
	seen     int64
}

var _ op.Finisher = (*limit)(nil)

func (l *limit) Open(context.Context, op.Runtime) error { return nil }

func (l *limit) Process(_ context.Context, _ int, in *batch.Batch, out op.Emitter) error {
	rows := in.Rows()
	n := int(min(int64(rows), l.rows-l.seen))
	l.seen += int64(n)
	out.Pass(n)
	out.Filter(rows - n)
	switch n {
	case 0:
		return nil
	case rows:
		return pass(in, out)
	}
	return out.Emit("", batch.Slice(in, 0, n))
}

// Finished implements op.Finisher.
func (l *limit) Finished() bool { return l.seen >= l.rows && !l.perEpoch }

func (l *limit) Barrier(context.Context, uint64, op.Emitter) error {
	if l.perEpoch {
		l.seen = 0
	}
	return nil
}

func (l *limit) Close() error { return nil }
