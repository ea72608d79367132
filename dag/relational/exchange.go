package relational

import (
	"context"

	"github.com/apache/arrow-go/v18/arrow/memory"

	"flowrun/dag/batch"
	"flowrun/dag/expr"
	"flowrun/dag/state"
)

// Exchange cuts the batches of one input by key, so that rows with equal keys go to the same of several lanes, from all inputs
// whose keys have the same types. It belongs to one goroutine.
//
// Keys that are computed are computed again in the lane: to carry them along, each batch, piece and selection of one would have
// to have them, and the lanes do their part at the same time.
type Exchange struct {
	set     *expr.Set
	keys    []*expr.Program
	lanes   int
	pieces  pieces
	vectors []state.Vector
	loaded  []*state.Vector
	hashes  []uint64
	lane    []uint16 // by row that counts
	ends    []int32  // by lane: where its rows end among those of all lanes
	parts   []*batch.Batch
}

// NewExchange shares rows out to lanes by keys, of which there is at least one. What is computed takes its memory from mem.
func NewExchange(keys []*expr.Program, lanes int, mem memory.Allocator) *Exchange {
	x := &Exchange{set: expr.NewSet(mem, keys...), keys: keys, lanes: lanes, pieces: piecesOf(keys), vectors: make([]state.Vector, len(keys)),
		ends: make([]int32, lanes), parts: make([]*batch.Batch, lanes)}
	for i := range x.vectors {
		x.loaded = append(x.loaded, &x.vectors[i])
	}
	return x
}

// Close gives back what the exchange holds of its allocator.
func (x *Exchange) Close() { x.set.Close() }

// Cut takes over the caller's reference to a batch and gives the part of each lane, which is the caller's, nil where it has no
// row; rows keep their order. Together the parts stand for as many rows as the batch. The slice is good until the next call. An
// error ends the run.
//
// A row whose key cannot be computed goes to any lane: the operator there finds out again, and rejects it.
func (x *Exchange) Cut(ctx context.Context, in *batch.Batch) ([]*batch.Batch, error) {
	clear(x.parts)
	n := in.Rows()
	x.hashes = resized(x.hashes, n)
	at := 0
	err := x.pieces.each(ctx, in, func(piece *batch.Batch) (int64, error) {
		h := x.hashes[at : at+piece.Rows()]
		at += len(h)
		return x.hash(piece, h)
	})
	if err != nil {
		in.Release()
		return nil, err
	}
	if whole := x.count(n); whole >= 0 {
		x.parts[whole] = in
		return x.parts, nil
	}
	x.split(in, n)
	in.Release()
	return x.parts, nil
}

// hash hashes the keys of a piece, and gives about how many bytes they took.
func (x *Exchange) hash(piece *batch.Batch, h []uint64) (bytes int64, err error) {
	x.set.Begin(piece)
	defer x.set.End()
	for i, key := range x.keys {
		values, err := x.set.Eval(i, nil)
		if err != nil {
			return 0, err
		}
		defer values.Release() // long texts are hashed where they are
		x.vectors[i].LoadKeys(values, piece.Sel)
		bytes += weigh(key, values)
	}
	state.HashKeys(x.loaded, h)
	return bytes, nil
}

// count finds the lane of each row, and leaves in ends how many each has. It gives the lane that has all of them, -1 where
// several have some.
func (x *Exchange) count(n int) (whole int) {
	x.lane = resized(x.lane, n)
	clear(x.ends)
	for i, h := range x.hashes[:n] {
		lane := state.LaneOf(h, x.lanes)
		x.lane[i] = uint16(lane)
		x.ends[lane]++
	}
	if n == 0 {
		return 0
	}
	if first := int(x.lane[0]); int(x.ends[first]) == n {
		return first
	}
	return -1
}

// split makes the parts, whose selections lie one behind the other in one piece of memory.
func (x *Exchange) split(in *batch.Batch, n int) {
	at := int32(0)
	for lane, rows := range x.ends {
		x.ends[lane] = at
		at += rows
	}
	all := make([]int32, n)
	if in.Sel == nil {
		for i, lane := range x.lane {
			all[x.ends[lane]] = int32(i)
			x.ends[lane]++
		}
	} else {
		for i, lane := range x.lane {
			all[x.ends[lane]] = in.Sel[i]
			x.ends[lane]++
		}
	}
	from, skipped := int32(0), in.Skipped
	for lane, end := range x.ends {
		if end > from {
			part := in.WithSelection(all[from:end:end])
			part.Skipped, skipped = skipped, 0
			x.parts[lane], from = part, end
		}
	}
}
