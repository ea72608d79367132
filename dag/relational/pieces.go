package relational

import (
	"context"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"flowrun/dag/batch"
	"flowrun/dag/expr"
)

// pieces cuts batches where their rows may become long, so that what is computed at once takes a bounded amount of memory:
// a short row can make a long text or a long list. How long they become is learned from the piece before; a batch that
// is expected to fit stays whole.
type pieces struct {
	cuts   bool  // something computed has values of different length
	known  bool  // perRow was learned
	perRow int64 // bytes that a row is expected to become
}

const (
	pieceBytes = 4 << 20 // what is to be computed at once
	firstPiece = 64      // rows of the first piece of all, of which nothing is known
)

// piecesOf is for what these programs compute.
func piecesOf(programs []*expr.Program) pieces {
	for _, p := range programs {
		if varies(p) {
			return pieces{cuts: true}
		}
	}
	return pieces{}
}

// varies reports whether a program computes values of different length.
func varies(p *expr.Program) bool { return p.Computed() && !fixedSize(p.Type()) }

// each calls f with the rows of in, in order, piece by piece, until one fails or ctx has ended. f gives the bytes that its
// piece became; the piece is lent to it. A batch without rows has no pieces.
func (p *pieces) each(ctx context.Context, in *batch.Batch, f func(piece *batch.Batch) (bytes int64, err error)) error {
	rows := in.Rows()
	for from := 0; from < rows; {
		n := p.next(rows - from)
		if n == rows {
			bytes, err := f(in)
			p.learn(n, bytes)
			return err
		}
		piece := batch.Slice(in, from, from+n)
		bytes, err := f(piece)
		piece.Release()
		if err != nil {
			return err
		}
		p.learn(n, bytes)
		if from += n; from < rows && ctx.Err() != nil {
			return ctx.Err()
		}
	}
	return nil
}

// next is how many of the rows that are left make the next piece.
func (p *pieces) next(left int) int {
	switch {
	case !p.cuts:
		return left
	case !p.known:
		return min(left, firstPiece)
	}
	return int(min(int64(left), max(1, pieceBytes/max(1, p.perRow))))
}

// learn believes at once that rows have become longer, and bit by bit that they have become shorter: where long and short
// rows take turns, a few short ones do not make the next piece a huge one.
func (p *pieces) learn(rows int, bytes int64) {
	p.perRow, p.known = max(bytes/int64(rows), p.perRow/2), true
}

// weigh gives about how many bytes the values that a program computed take. Others cost nothing, or what the input did.
func weigh(p *expr.Program, values arrow.Array) int64 {
	if values == nil || !varies(p) {
		return 0
	}
	return weight(values)
}

// weight is about how many bytes the variable parts of an array take.
func weight(arr arrow.Array) int64 {
	n := arr.Len()
	if n == 0 {
		return 0
	}
	switch a := arr.(type) {
	case *array.String:
		offsets := a.ValueOffsets()
		return int64(offsets[n] - offsets[0])
	case *array.Binary:
		offsets := a.ValueOffsets()
		return int64(offsets[n] - offsets[0])
	case *array.List:
		return elementsWeight(a.Offsets()[a.Data().Offset():], n, a.ListValues())
	case *array.Map:
		return elementsWeight(a.Offsets()[a.Data().Offset():], n, a.ListValues())
	case *array.Struct:
		var bytes int64
		for f := range a.NumField() {
			bytes += weight(a.Field(f))
		}
		return bytes
	}
	return 0
}

func elementsWeight(offsets []int32, n int, elems arrow.Array) int64 {
	some := array.NewSlice(elems, int64(offsets[0]), int64(offsets[n]))
	defer some.Release()
	return 8*int64(some.Len()) + weight(some)
}
