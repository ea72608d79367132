package relational

import (
	"context"
	"math"
	"math/bits"

	"flowrun/dag/batch"
	"flowrun/dag/op"
	"flowrun/dag/plan"
)

// sample keeps the rows whose number a hash picks. Rows are numbered for each source partition, so that neither where
// batches are cut nor how partitions mix changes which rows are kept. Of complete results it numbers those of each epoch.
type sample struct {
	stateless
	below    uint64 // hashes below it are kept
	seed     uint64
	perEpoch bool
	next     map[int32]uint64 // by partition: the number of its next row
}

func newSample(n *plan.Node, o *plan.Sample) *sample {
	s := &sample{seed: uint64(o.Seed), below: math.MaxUint64, perEpoch: perEpoch(n), next: map[int32]uint64{}}
	if o.Rate < 1 {
		s.below = uint64(math.Ldexp(o.Rate, 64))
	}
	return s
}

func (s *sample) Open(context.Context, op.Runtime) error { return nil }

func (s *sample) Process(_ context.Context, _ int, in *batch.Batch, out op.Emitter) error {
	rows := in.Rows()
	if rows == 0 {
		return nil
	}
	first := s.next[in.Part]
	s.next[in.Part] = first + uint64(rows)
	sel := make([]int32, 0, rows)
	stream := scramble(s.seed, uint64(uint32(in.Part)))
	for i := range rows {
		if s.below == math.MaxUint64 || scramble(stream, first+uint64(i)) < s.below {
			sel = append(sel, int32(in.Row(i)))
		}
	}
	out.Pass(len(sel))
	out.Filter(rows - len(sel))
	switch len(sel) {
	case 0:
		return nil
	case rows:
		return pass(in, out)
	}
	return out.Emit("", in.WithSelection(sel))
}

// scramble makes an even hash of a key and a counter: two rounds of multiplying and folding the halves. Which rows are in
// a sample hangs on it, so it does not change.
func scramble(key, n uint64) uint64 {
	const a, b, c = 0xA0761D6478BD642F, 0xE7037ED1A0B428DB, 0x8EBC6AF09C88C6E3
	hi, lo := bits.Mul64(n^a, key^b)
	hi, lo = bits.Mul64(hi^lo^c, key^n^a)
	return hi ^ lo
}

func (s *sample) Barrier(context.Context, uint64, op.Emitter) error {
	if s.perEpoch {
		clear(s.next)
	}
	return nil
}

func (s *sample) Close() error { return nil }
