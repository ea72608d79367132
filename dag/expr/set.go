package expr

import (
	"fmt"
	"slices"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"flowrun/dag/batch"
)

// Set computes several programs over the same batches. What they have in common is read and computed once: columns, and
// parts that mean the same. It keeps buffers from one batch to the next and belongs to one goroutine.
//
// A batch is in hand from [Set.Begin] to [Set.End]. Between them the programs are computed in the order of the calls, and a
// row that one of them cannot be computed for is out for those that follow: it is told once, with its first failure.
type Set struct {
	// Base is added to a row's index in its batch to give Site.Row.
	Base int64

	programs []*Program
	mem      memory.Allocator
	roots    []*compiled
	places   []int // of the input columns, by slot: index into the schema
	shared   int   // how many parts are kept, since they are used more than once
	scratch  scratch

	// Of the batch in hand:
	batch    *batch.Batch
	inputs   []column
	loaded   []bool
	frames   []*frame // all that were ever made; the first inUse are
	inUse    int
	top      *frame        // all rows that count
	part     *frame        // the rows that were last asked for
	owned    []arrow.Array // released when the batch is done
	failures []batch.Failure
	failed   []bool // by row; nil until one fails
	err      error  // what ends the whole batch

	literals []arrow.Array // by program: the last result of one that is a literal
}

// NewSet makes a set of programs that read the same columns. Results take their buffers from mem.
func NewSet(mem memory.Allocator, programs ...*Program) *Set {
	c := newCompiler()
	s := &Set{programs: programs, mem: mem, roots: make([]*compiled, len(programs)), literals: make([]arrow.Array, len(programs))}
	for i, p := range programs {
		s.roots[i] = c.root(p)
	}
	s.places, s.shared = c.places, c.shared
	s.inputs, s.loaded = make([]column, len(s.places)), make([]bool, len(s.places))
	return s
}

// Close gives back what the set holds of its allocator.
func (s *Set) Close() {
	for i, a := range s.literals {
		if a != nil {
			a.Release()
			s.literals[i] = nil
		}
	}
	s.scratch = scratch{}
}

// Begin takes a batch in hand, which must live until End.
func (s *Set) Begin(b *batch.Batch) {
	s.batch = b
	s.top = s.newFrame()
	s.top.rows, s.top.n = b.Sel, b.Rows()
}

// Eval computes program i for the given rows of the batch in hand, ascending, which must not change until End; nil: for
// all that count. The array has an entry for every row of the record and is the caller's. Entries of rows that failed are null,
// those of other rows are arbitrary. An error ends the run.
func (s *Set) Eval(i int, rows []int32) (arrow.Array, error) {
	root := s.programs[i].root
	switch root.Form {
	case FormColumn:
		values := s.batch.Record.Column(root.Index)
		values.Retain()
		return values, nil
	case FormLiteral:
		return s.repeat(i, int(s.batch.Record.NumRows())), nil
	}
	f := s.frame(rows)
	values := s.output(f, s.roots[i], root.Type)
	if s.err != nil {
		if values != nil {
			values.Release()
		}
		return nil, s.problem(i)
	}
	return values, nil
}

// Select gives those of the given rows for which program i, which is of type bool, is true: a new slice, ascending. rows
// and the error are those of Eval.
func (s *Set) Select(i int, rows []int32) ([]int32, error) {
	f := s.frame(rows)
	at := selectOf(s.roots[i], f)
	if s.err != nil {
		return nil, s.problem(i)
	}
	switch {
	case len(at) == 0:
		return []int32{}, nil
	case s.failed == nil && f.rows == nil:
		return append([]int32(nil), at...), nil // which, other than make, does not clear
	}
	sel := make([]int32, len(at))
	switch {
	case s.failed == nil:
		pick(sel, f.rows, at)
	default:
		n := 0
		for _, at := range at {
			row := f.row(int(at))
			sel[n] = row
			n += count(!s.failed[row])
		}
		sel = sel[:n]
	}
	return sel, nil
}

// Failures gives the rows that failed since Begin, ascending, each with its first failure. The slice is the caller's.
func (s *Set) Failures() []batch.Failure {
	if len(s.failures) == 0 {
		return nil
	}
	failures := slices.Clone(s.failures)
	slices.SortFunc(failures, func(a, b batch.Failure) int { return int(a.Row) - int(b.Row) })
	return failures
}

// End forgets the batch: nothing of it is kept alive by the scratch.
func (s *Set) End() {
	for _, a := range s.owned {
		a.Release()
	}
	clear(s.owned)
	clear(s.inputs)
	clear(s.loaded)
	for _, f := range s.frames[:s.inUse] {
		f.forget()
	}
	s.owned, s.inUse, s.batch, s.err = s.owned[:0], 0, nil, nil
	s.top, s.part = nil, nil
	s.failures, s.failed = s.failures[:0], nil
	s.scratch.reset()
}

func (s *Set) problem(i int) error {
	return fmt.Errorf("expression %s: %w", s.programs[i].text.Value, s.err)
}

// frame gives the frame of some rows of the batch. Asked for the same ones again it gives the same, in which much may be
// computed already.
func (s *Set) frame(rows []int32) *frame {
	switch {
	case rows == nil || sameSlice(rows, s.top.rows):
		return s.top
	case s.part != nil && sameSlice(rows, s.part.rows):
		return s.part
	case s.top.rows == nil:
		s.part = s.top.sub(rows)
	default:
		at, k := s.scratch.places.get(len(rows)), int32(0)
		for i, r := range rows {
			for s.top.rows[k] != r {
				k++
			}
			at[i] = k
		}
		s.part = s.top.sub(at)
		s.part.rows = rows
	}
	return s.part
}

func sameSlice(a, b []int32) bool {
	return len(a) == len(b) && b != nil && (len(a) == 0 || &a[0] == &b[0])
}

func (s *Set) newFrame() *frame {
	if s.inUse == len(s.frames) {
		n := len(s.places) + s.shared
		s.frames = append(s.frames, &frame{e: s, cols: make([]column, n), read: make([]bool, n)})
	}
	f := s.frames[s.inUse]
	s.inUse++
	return f
}

// fail notes that a row could not be computed.
func (s *Set) fail(row int32, err error) {
	if s.failed == nil || !s.failed[row] {
		s.note(failureOf(row, err))
	}
}

// note keeps the first failure of a row.
func (s *Set) note(f batch.Failure) {
	if s.failed == nil {
		s.failed = s.scratch.bools.zeroed(int(s.batch.Record.NumRows()))
	}
	if !s.failed[f.Row] {
		s.failed[f.Row] = true
		s.failures = append(s.failures, f)
	}
}

// own releases an array when the batch is done, unless it is retained for the caller.
func (s *Set) own(a arrow.Array) arrow.Array {
	s.owned = append(s.owned, a)
	return a
}

// abort ends the evaluation of the whole batch.
func (s *Set) abort(err error) {
	if s.err == nil {
		s.err = err
	}
}
