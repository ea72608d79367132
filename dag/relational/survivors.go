package relational

import (
	"slices"

	"flowrun/dag/batch"
)

// survivors are the rows of a lent batch that no expression has failed for yet. Each expression is computed for those that
// are left, so that a row is rejected once, with the first reason.
type survivors struct {
	in     *batch.Batch
	left   *batch.Batch // in, or a narrower batch over the same columns that is ours
	failed []batch.Failure
}

func survivorsOf(in *batch.Batch) survivors { return survivors{in: in, left: in} }

// drop takes failed rows out; failed is ascending and of rows that were left.
func (s *survivors) drop(failed []batch.Failure) {
	if len(failed) == 0 {
		return
	}
	sel := without(s.left, failed)
	s.failed = append(s.failed, failed...)
	s.release()
	s.left = s.in.WithSelection(sel)
}

// take takes rows out that have found their place; rows is ascending and of rows that were left.
func (s *survivors) take(rows []int32) {
	if len(rows) == 0 {
		return
	}
	sel := except(s.left, rows)
	s.release()
	s.left = s.in.WithSelection(sel)
}

// failures gives the rows that were dropped, ascending.
func (s *survivors) failures() []batch.Failure {
	slices.SortFunc(s.failed, func(a, b batch.Failure) int { return int(a.Row) - int(b.Row) })
	return s.failed
}

func (s *survivors) release() {
	if s.left != s.in {
		s.left.Release()
		s.left = s.in
	}
}

// Without gives a batch of b's rows but the failed ones, which are ascending; the caller owns it, and b stays the caller's too.
func Without(b *batch.Batch, failed []batch.Failure) *batch.Batch {
	left := b.WithSelection(without(b, failed))
	left.Skipped = b.Skipped
	return left
}

// without lists the rows of b that count but the failed ones.
func without(b *batch.Batch, failed []batch.Failure) []int32 {
	sel := make([]int32, 0, b.Rows())
	for i := range b.Rows() {
		row := int32(b.Row(i))
		if len(failed) > 0 && failed[0].Row == row {
			failed = failed[1:]
			continue
		}
		sel = append(sel, row)
	}
	return sel
}

// except lists the rows of b that count but the given ones.
func except(b *batch.Batch, rows []int32) []int32 {
	sel := make([]int32, 0, b.Rows()-len(rows))
	for i := range b.Rows() {
		row := int32(b.Row(i))
		if len(rows) > 0 && rows[0] == row {
			rows = rows[1:]
			continue
		}
		sel = append(sel, row)
	}
	return sel
}

// intersect lists the rows that are in both, as often as they are in left; a nil left stands for all rows.
func intersect(left, right []int32) []int32 {
	if left == nil {
		return right
	}
	both := make([]int32, 0, min(len(left), len(right)))
	for _, row := range right {
		for len(left) > 0 && left[0] < row {
			left = left[1:]
		}
		if len(left) == 0 {
			break
		}
		for len(left) > 0 && left[0] == row {
			both, left = append(both, row), left[1:]
		}
	}
	return both
}
