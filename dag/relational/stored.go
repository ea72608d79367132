package relational

import (
	"github.com/apache/arrow-go/v18/arrow"

	"flowrun/dag/op"
	"flowrun/dag/state"
)

// stored are rows that an operator keeps until it sends them: of their columns those that somebody reads.
type stored struct {
	*state.Rows
	in     *arrow.Schema
	out    output
	blanks blanks
	sizes  []int64
}

// newStored keeps the columns of rows of a schema for which keep is true; those that are sent have that of result, which may have
// columns behind them.
func newStored(in, result *arrow.Schema, keep func(column int) bool) (stored, error) {
	rows, err := state.NewRows(in, keep)
	return stored{Rows: rows, in: in, out: output{schema: result}}, err
}

func (s *stored) open(rt op.Runtime) {
	s.out.open(rt)
	s.blanks = newBlanks(s.in, rt.Allocator(), func(i int) bool { return s.Column(i) == nil })
}

func (s *stored) close() {
	s.out.close()
	s.blanks.close()
}

// emit sends the rows at slots, in that order, in batches of bounded size. more, nil for none, makes the column behind those of
// the rows, for the places from and up to a place of slots.
func (s *stored) emit(slots []int32, more func(from, to int) arrow.Array, out op.Emitter) error {
	for from := 0; from < len(slots); {
		to := from + s.cut(slots[from:])
		columns, err := s.build(slots[from:to])
		if err != nil {
			return err
		}
		if more != nil {
			columns = append(columns, more(from, to))
		}
		b := s.out.stamp(recordOf(s.out.schema, columns, to-from))
		releaseAll(columns)
		if err := out.Emit("", b); err != nil {
			return err
		}
		from = to
	}
	return nil
}

// build makes the columns of the rows at slots, which are the caller's; those that are not kept are blank.
func (s *stored) build(slots []int32) ([]arrow.Array, error) {
	columns, err := s.Build(s.out.mem, slots)
	if err != nil {
		return nil, err
	}
	for i, b := range s.blanks {
		if b != nil {
			columns[i] = b.Array(len(slots))
		}
	}
	return columns, nil
}

// cut says how many of the slots make the next batch, one at least.
func (s *stored) cut(slots []int32) int {
	slots = slots[:min(len(slots), s.out.maxRows)]
	s.sizes = resized(s.sizes, len(slots))
	clear(s.sizes)
	s.AddSizes(s.sizes, slots)
	return fitting(s.sizes, s.out.maxBytes)
}
