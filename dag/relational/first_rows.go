package relational

import (
	"cmp"
	"math"
	"slices"

	"github.com/apache/arrow-go/v18/arrow"

	"flowrun/dag/batch"
	"flowrun/dag/op"
	"flowrun/dag/plan"
	"flowrun/dag/schema"
	"flowrun/dag/state"
)

// firstRows keeps for each slot of a table the rows that may be among the first n of an order. Rows are added until there are
// twice as many as can be needed; then these are sorted and the others forgotten, so that a row costs about the logarithm of n,
// and one behind the n-th that was found then, the bar, costs one comparison and is not copied.
type firstRows struct {
	n     int
	ties  bool
	order []orderColumn
	rows  stored

	// By group: its rows in a chain, which begins with row first less one; how many those are, and how many there may be before it
	// is cut; the bar, plus one.
	first, count, limit, bar state.Fixed[int32]
	// By row: the next of its group, plus one, and its number as it came.
	next    state.Fixed[int32]
	arrived state.Fixed[int64]
	counter int64

	picked, groups []int32 // rows of the batch in hand that are before the bar, and their groups
	list           []int32 // rows of a group
	gone           []int32 // rows that are to be forgotten
	sent           []int32
	ranks          []uint64
}

// orderColumn is a column to order by.
type orderColumn struct {
	index  int
	desc   bool
	loaded state.Vector // of the batch in hand
}

func newFirstRows(o *plan.Top, in *arrow.Schema, result *plan.Output, t *state.Table) (*firstRows, error) {
	f := &firstRows{n: o.N, ties: o.Ties}
	for _, c := range o.Order {
		f.order = append(f.order, orderColumn{index: c.Index, desc: c.Desc})
	}
	var err error
	if f.rows, err = newStored(in, result.Schema, o.Keeps(result)); err != nil {
		return nil, err
	}
	t.Refer(&f.first, f.rows.Rows, 1)
	t.Refer(&f.bar, f.rows.Rows, 1)
	f.rows.Refer(&f.next, f.rows.Rows, 1)
	t.Attach("first", &f.first)
	t.Attach("count", &f.count)
	t.Attach("limit", &f.limit)
	t.Attach("bar", &f.bar)
	f.rows.Attach("next", &f.next)
	f.rows.Attach("arrived", &f.arrived)
	return f, nil
}

// add takes rows of a batch in, those that keys has left, with the slots of their groups. It gives how many of them may be among
// the first.
func (f *firstRows) add(in *batch.Batch, keys *arguments, groups []int32) (held int, err error) {
	for i := range f.order {
		c := &f.order[i]
		c.loaded.Load(in.Record.Column(c.index), keys.left)
	}
	f.picked, f.groups, f.gone = f.picked[:0], f.groups[:0], f.gone[:0]
	for i, g := range groups[:keys.n] {
		if bar := f.bar.V[g]; bar == 0 || f.passes(f.compareNew(i, bar-1)) {
			f.picked, f.groups = append(f.picked, keys.row(i)), append(f.groups, g)
		}
	}
	if len(f.picked) == 0 {
		return 0, nil
	}
	slots, err := f.rows.Append(in.Record, f.picked)
	if err != nil {
		return 0, err
	}
	for i, row := range slots {
		g := f.groups[i]
		f.arrived.V[row] = f.counter
		f.counter++
		// A row before it may have moved the bar.
		if bar := f.bar.V[g]; bar > 0 && !f.passes(f.compare(row, bar-1)) {
			f.gone = append(f.gone, row)
			continue
		}
		held++
		f.next.V[row] = f.first.V[g]
		f.first.V[g] = row + 1
		if f.count.V[g]++; int(f.count.V[g]) >= max(int(f.limit.V[g]), f.n) {
			f.cut(g)
		}
	}
	f.rows.Remove(f.gone)
	return held, nil
}

// passes says of a row that is to the bar as c to 0 whether it may be among the first; it came later.
func (f *firstRows) passes(c int) bool { return c < 0 || c == 0 && f.ties }

// cut takes out of a group what is not among its first, and leaves these in list, in order.
func (f *firstRows) cut(g int32) {
	f.list = f.list[:0]
	for row := f.first.V[g]; row > 0; row = f.next.V[row-1] {
		f.list = append(f.list, row-1)
	}
	slices.SortFunc(f.list, func(a, b int32) int { return cmp.Or(f.compare(a, b), cmp.Compare(f.arrived.V[a], f.arrived.V[b])) })
	keep := len(f.list)
	if keep >= f.n {
		last := f.list[f.n-1]
		f.bar.V[g] = last + 1
		keep = f.n
		for f.ties && keep < len(f.list) && f.compare(f.list[keep], last) == 0 {
			keep++
		}
		f.gone = append(f.gone, f.list[keep:]...)
		f.list = f.list[:keep]
	}
	f.count.V[g], f.limit.V[g] = int32(keep), int32(min(2*int64(keep), math.MaxInt32))
	f.first.V[g] = 0
	for _, row := range slices.Backward(f.list) {
		f.next.V[row] = f.first.V[g]
		f.first.V[g] = row + 1
	}
}

// send emits the first rows of groups, one group after the other, with their ranks, and forgets the other rows of these groups.
func (f *firstRows) send(groups []int32, out op.Emitter) error {
	f.sent, f.ranks, f.gone = f.sent[:0], f.ranks[:0], f.gone[:0]
	for _, g := range groups {
		f.cut(g)
		rank := uint64(0)
		for i, row := range f.list {
			if i == 0 || !f.ties || f.compare(f.list[i-1], row) != 0 {
				rank = uint64(i) + 1
			}
			f.sent, f.ranks = append(f.sent, row), append(f.ranks, rank)
		}
	}
	err := f.rows.emit(f.sent, func(from, to int) arrow.Array {
		return state.ArrayOf(f.rows.out.mem, schema.Int, f.ranks[from:to], nil)
	}, out)
	if err != nil {
		return err
	}
	f.rows.Remove(f.gone)
	return nil
}

// forget forgets the rows that were sent last.
func (f *firstRows) forget() { f.rows.Remove(f.sent) }

// compare orders two rows by the columns of the order alone.
func (f *firstRows) compare(a, b int32) int {
	for i := range f.order {
		c := &f.order[i]
		if by := f.rows.Column(c.index).Compare(a, b); by != 0 {
			return c.turned(by)
		}
	}
	return 0
}

// compareNew orders row i of those of the batch in hand against one that is kept.
func (f *firstRows) compareNew(i int, row int32) int {
	for k := range f.order {
		c := &f.order[k]
		if by := f.rows.Column(c.index).CompareTo(&c.loaded, i, row); by != 0 {
			return c.turned(by)
		}
	}
	return 0
}

func (c *orderColumn) turned(by int) int {
	if c.desc {
		return -by
	}
	return by
}
