package relational

import (
	"fmt"

	"github.com/apache/arrow-go/v18/arrow"

	"flowrun/dag/batch"
	"flowrun/dag/expr"
	"flowrun/dag/op"
	"flowrun/dag/plan"
	"flowrun/dag/state"
)

// grouping is what every aggregate has: a table of groups with an accumulator per call, what they need of each batch, and how
// their rows are made.
type grouping struct {
	args  arguments
	calls []call
	out   output
	table *state.Table
	slots []int32
	all   []int32

	shared []*sharedSet

	clock eventClock // by which first and last go
	times []int64    // by row of the batch in hand
	stamp state.Vector
}

// call is an aggregate call with what it accumulates.
type call struct {
	acc   accumulator
	timed bool  // it goes by event time
	where int   // which condition
	args  []int // which operands
	under []int // of a distinct: the calls that mark its values
}

// newGrouping makes the groups of an aggregate; first are the types of key columns that stand before those of By.
func newGrouping(n *plan.Node, o *plan.Aggregate, first ...arrow.DataType) (*grouping, error) {
	g := &grouping{clock: eventClock{Clock: o.Times}}
	types := first
	for _, it := range o.By {
		types = append(types, it.Expr.P.Type())
		g.args.by = append(g.args.by, it.Expr.P)
	}
	table, err := state.NewTable(types...)
	if err != nil {
		return nil, fmt.Errorf("aggregate %s: %w", n.ID, err)
	}
	g.table = table
	table.Own(len(first))
	if g.shared, err = sharedOf(o); err != nil {
		return nil, fmt.Errorf("aggregate %s: %w", n.ID, err)
	}
	for _, it := range o.Take {
		first := len(g.calls)
		for i, c := range it.Take.Calls {
			if err := g.addCall(c, fmt.Sprintf("%s/%d/%s", it.Name.Value, i, c.Func)); err != nil {
				return nil, fmt.Errorf("aggregate %s: %s: %w", n.ID, it.Name.Value, err)
			}
		}
		g.out.addTake(it.Take, first)
	}
	for _, s := range g.shared {
		g.calls[s.call].under = s.under
	}
	g.out.schema, g.out.keys = n.Output("").Schema, len(types)
	return g, nil
}

func (g *grouping) addCall(c expr.Call, name string) error {
	timed := g.clock.Index >= 0 && (c.Func == "first" || c.Func == "last")
	where := g.args.condition(c.If)
	made := call{timed: timed, where: where}
	s := find(g.shared, c)
	switch {
	case s != nil && c.If != nil:
		u := &distinctUnder{of: s.acc}
		s.acc.under = append(s.acc.under, u)
		made.acc = u
		made.acc.attach(g.table, name)
		s.under = append(s.under, len(g.calls))
		g.calls = append(g.calls, made)
		return nil
	case s != nil && s.call < 0:
		made.acc, s.call = s.acc, len(g.calls)
	default:
		var err error
		if made.acc, err = newAccumulator(c, timed); err != nil {
			return err
		}
	}
	made.acc.attach(g.table, name)
	for _, p := range c.Args {
		made.args = append(made.args, g.args.operand(p, where, comparesAsKeys(c)))
	}
	g.calls = append(g.calls, made)
	return nil
}

// comparesAsKeys reports whether a call asks which values are the same, as keys are.
func comparesAsKeys(c expr.Call) bool {
	return c.Func == "count_distinct" || c.Func == "count_distinct_approx"
}

func (g *grouping) open(rt op.Runtime) {
	g.args.open(rt)
	g.out.open(rt)
}

func (g *grouping) close() {
	g.args.close()
	g.out.close()
}

// timesOf notes the times of the batch in hand, where somebody asks for them. known, nil for none, are those that its windows
// went by.
func (g *grouping) timesOf(in *batch.Batch, known []int64) {
	switch {
	case g.clock.Index < 0:
	case known != nil:
		g.times = known
	default:
		g.times, _ = g.clock.times(in)
	}
}

// accumulate gives the rows in hand to the accumulators, slots being those of the rows that are left.
func (g *grouping) accumulate() error {
	g.table.Mark(g.slots)
	g.args.assign(g.slots)
	for i := range g.calls {
		if err := g.add(&g.calls[i]); err != nil {
			return err
		}
	}
	return nil
}

func (g *grouping) add(c *call) error {
	switch len(c.args) {
	case 0:
		if _, marks := c.acc.(*distinctUnder); marks {
			return nil // it is told by the call that it marks the values of
		}
		return c.acc.add(g.args.where[c.where].slots, nil, nil)
	case 1:
		x := &g.args.operands[c.args[0]]
		if c.timed {
			return c.acc.add(x.slots, g.stamps(x), x.vector())
		}
		if err := c.acc.add(x.slots, x.vector(), nil); err != nil {
			return err
		}
		for _, i := range c.under {
			u := &g.calls[i]
			where := &g.args.where[u.where]
			u.acc.(*distinctUnder).mark(where.rows, where.slots, x.rows)
		}
		return nil
	}
	// Two arguments: the second decides which rows count, the first may be null.
	x, y := &g.args.operands[c.args[0]], &g.args.operands[c.args[1]]
	return c.acc.add(y.slots, y.vector(), x.along(y.rows))
}

// stamps gives the event times of an operand's rows.
func (g *grouping) stamps(x *operand) *state.Vector {
	words := g.stamp.Fill(len(x.slots))
	for i := range words {
		row := i
		if x.rows != nil {
			row = int(x.rows[i])
		}
		words[i] = uint64(g.times[row])
	}
	return &g.stamp
}

// everything lists all groups, ascending by slot: in the order in which they first came, while none was removed.
func (g *grouping) everything() []int32 {
	g.all = g.table.All(g.all[:0])
	return g.all
}

func (g *grouping) emit(slots []int32, out op.Emitter) error {
	return g.out.emit(g.table, g.calls, slots, out)
}

// State implements op.Stateful.
func (g *grouping) State() (rows, bytes int64) { return int64(g.table.Live()), g.table.Bytes() }
