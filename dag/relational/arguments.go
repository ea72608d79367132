package relational

import (
	"slices"

	"github.com/apache/arrow-go/v18/arrow"

	"flowrun/dag/batch"
	"flowrun/dag/expr"
	"flowrun/dag/op"
	"flowrun/dag/state"
)

// arguments computes everything that an aggregate needs of a batch before any accumulator changes: keys, conditions,
// arguments. A row that fails one of them is out. What several calls have in common is computed once.
type arguments struct {
	by         []*expr.Program
	conditions []*expr.Program
	where      []where // where[0] has no condition
	operands   []operand

	set     *expr.Set // by, then conditions, then operands
	vectors []state.Vector
	pieces  pieces

	// Of the batch in hand:
	record int             // rows of its record
	n      int             // rows that are left
	left   []int32         // these rows; nil: all of the record
	keys   []*state.Vector // of the rows that are left
	arrays []arrow.Array   // of the keys
}

// where is a condition, and the rows it is true for.
type where struct {
	rows  []int32 // of the record; nil: all of it
	all   []int32 // what rows was when the batch had been computed; see over
	slots []int32
}

// operand is an argument under a condition. It is computed only for rows for which the condition is true.
type operand struct {
	program  *expr.Program
	where    int
	distinct bool // compared as keys are

	values arrow.Array
	rows   []int32 // under the condition and not null; nil: all of the record
	slots  []int32
	vec    state.Vector
	loaded bool
	other  state.Vector // for along

	keepRows, keepSlots []int32
}

// condition gives the place of a condition in where.
func (a *arguments) condition(p *expr.Program) int {
	if len(a.where) == 0 {
		a.where = make([]where, 1)
	}
	if p == nil {
		return 0
	}
	at := indexOf(&a.conditions, p) + 1
	if at == len(a.where) {
		a.where = append(a.where, where{})
	}
	return at
}

// operand gives the place of an argument in operands.
func (a *arguments) operand(p *expr.Program, where int, distinct bool) int {
	for i, x := range a.operands {
		if x.where == where && x.distinct == distinct && sameProgram(x.program, p) {
			return i
		}
	}
	a.operands = append(a.operands, operand{program: p, where: where, distinct: distinct})
	return len(a.operands) - 1
}

func (a *arguments) open(rt op.Runtime) {
	programs := slices.Concat(a.by, a.conditions)
	kept := slices.Clone(a.by) // whose results are kept
	for i := range a.operands {
		programs, kept = append(programs, a.operands[i].program), append(kept, a.operands[i].program)
	}
	a.set = expr.NewSet(rt.Allocator(), programs...)
	a.pieces = piecesOf(kept)
	a.vectors = make([]state.Vector, len(a.by))
	for i := range a.vectors {
		a.keys = append(a.keys, &a.vectors[i])
	}
}

func (a *arguments) close() {
	if a.set != nil {
		a.set.Close()
	}
}

// eval computes the batch, whose arrays it keeps until release, and gives the rows that failed. Then load or over makes keys.
func (a *arguments) eval(in *batch.Batch) ([]batch.Failure, error) {
	rows := survivorsOf(in)
	defer rows.release()
	a.set.Begin(in)
	defer a.set.End()
	for i := range a.by {
		values, err := a.set.Eval(i, nil)
		if err != nil {
			return nil, err
		}
		a.arrays = append(a.arrays, values)
	}
	for i := range a.conditions {
		sel, err := a.set.Select(len(a.by)+i, nil)
		if err != nil {
			return nil, err
		}
		a.where[i+1].rows = sel
	}
	for i := range a.operands {
		x := &a.operands[i]
		var asked []int32 // for all rows
		if x.where > 0 {
			asked = a.where[x.where].rows
		}
		values, err := a.set.Eval(len(a.by)+len(a.conditions)+i, asked)
		if err != nil {
			return nil, err
		}
		x.values = values
	}
	rows.drop(a.set.Failures())
	a.record, a.left, a.n = int(in.Record.NumRows()), rows.left.Sel, rows.left.Rows()
	if len(a.where) > 0 {
		a.where[0].rows = a.left
	}
	for i := range a.conditions {
		if len(rows.failed) > 0 {
			a.where[i+1].rows = intersect(a.left, a.where[i+1].rows)
		}
	}
	return rows.failures(), nil
}

// load makes the keys of the rows that are left.
func (a *arguments) load() {
	for i, arr := range a.arrays {
		a.vectors[i].LoadKeys(arr, a.left)
	}
}

// assign tells the rows under each condition and of each operand the slots of their groups; slots belong to the rows that
// are left.
func (a *arguments) assign(slots []int32) {
	for i := range a.where {
		w := &a.where[i]
		if i == 0 {
			w.slots = slots
			continue
		}
		w.slots = pickSlots(w.slots[:0], a.left, slots, w.rows)
	}
	for i := range a.operands {
		a.operands[i].assign(&a.where[a.operands[i].where])
	}
}

// pickSlots gives the slots of some of the rows that are left.
func pickSlots(dst, left, slots, rows []int32) []int32 {
	if left == nil {
		for _, r := range rows {
			dst = append(dst, slots[r])
		}
		return dst
	}
	at := 0
	for _, r := range rows {
		for left[at] != r {
			at++
		}
		dst = append(dst, slots[at])
		at++
	}
	return dst
}

func (x *operand) assign(w *where) {
	x.loaded = false
	if x.values.NullN() == 0 {
		x.rows, x.slots = w.rows, w.slots
		return
	}
	x.keepRows, x.keepSlots = x.keepRows[:0], x.keepSlots[:0]
	slots := w.slots
	if x.values.DataType().ID() == arrow.NULL {
		slots = nil // Arrow has no bitmap to say that all are null
	}
	for i, slot := range slots {
		row := int32(i)
		if w.rows != nil {
			row = w.rows[i]
		}
		if x.values.IsValid(int(row)) {
			x.keepRows, x.keepSlots = append(x.keepRows, row), append(x.keepSlots, slot)
		}
	}
	x.rows, x.slots = x.keepRows, x.keepSlots
	if x.rows == nil {
		x.rows = []int32{}
	}
}

// vector loads the values that are not null.
func (x *operand) vector() *state.Vector {
	if !x.loaded {
		if x.distinct {
			x.vec.LoadKeys(x.values, x.rows)
		} else {
			x.vec.Load(x.values, x.rows)
		}
		x.loaded = true
	}
	return &x.vec
}

// along loads the values at another operand's rows, null or not.
func (x *operand) along(rows []int32) *state.Vector {
	x.other.Load(x.values, rows)
	return &x.other
}

// hold gives the rows that are left, nil being all of the record, for over to take some of them at a time.
func (a *arguments) hold() []int32 {
	for i := range a.where {
		a.where[i].all = a.where[i].rows
	}
	return a.left
}

// over is narrow, and makes keys.
func (a *arguments) over(rows []int32, n int) {
	a.narrow(rows, n)
	a.load()
}

// narrow goes on with n of the rows that were left: those of the record in rows, ascending and as often as each is to count; nil
// means all of the record.
func (a *arguments) narrow(rows []int32, n int) {
	a.left, a.n = rows, n
	for i := range a.where {
		if i == 0 {
			a.where[i].rows = rows
		} else {
			a.where[i].rows = intersect(rows, a.where[i].all)
		}
	}
}

// weigh gives about how many bytes what was computed of the batch takes.
func (a *arguments) weigh() (bytes int64) {
	for i, values := range a.arrays {
		bytes += weigh(a.by[i], values)
	}
	for i := range a.operands {
		bytes += weigh(a.operands[i].program, a.operands[i].values)
	}
	return bytes
}

// release forgets the batch.
func (a *arguments) release() {
	releaseAll(a.arrays)
	clear(a.arrays)
	a.arrays = a.arrays[:0]
	for i := range a.operands {
		if x := &a.operands[i]; x.values != nil {
			x.values.Release()
			x.values = nil
		}
	}
}

// row is the record's row that the i-th of those that are left is.
func (a *arguments) row(i int) int32 {
	if a.left == nil {
		return int32(i)
	}
	return a.left[i]
}
