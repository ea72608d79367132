package relational

import (
	"github.com/apache/arrow-go/v18/arrow"

	"flowrun/dag/expr"
	"flowrun/dag/plan"
	"flowrun/dag/state"
)

// distinct counts the different values.
type distinct struct {
	count
	set   *state.Set
	under []*distinctUnder
}

func newDistinct(of arrow.DataType) (*distinct, error) {
	set, err := state.NewSet(of)
	return &distinct{set: set}, err
}

func (d *distinct) attach(t *state.Table, name string) {
	d.count.attach(t, name)
	t.Attach(name+"/values", d.set)
}

func (d *distinct) add(slots []int32, x, _ *state.Vector) error { return d.set.Add(slots, x, d.n.V) }

func (d *distinct) merge(into, from []int32) error { return d.set.Merge(into, from, d.n.V, d.moved) }

func (d *distinct) moved(into int32, from, to []int32) {
	for _, u := range d.under {
		u.moved(into, from, to)
	}
}

// distinctUnder counts, of the values that a distinct has of all rows, those that came with a condition as well: by a mark beside
// each value. So a value is kept and looked for once, however many conditions there are.
type distinctUnder struct {
	count
	of   *distinct
	seen state.Fixed[bool]
}

func (d *distinctUnder) attach(t *state.Table, name string) {
	d.count.attach(t, name)
	d.of.set.Attach(name, &d.seen)
}

// mark takes the rows for which the condition is true, ascending, with the slots of their groups, behind the call of the distinct's
// add with the values of the rows in of; nil stands for all of the record.
func (d *distinctUnder) mark(rows, slots, of []int32) {
	places, seen, n := d.of.set.Places(), d.seen.V, d.n.V
	for i, row := range rows {
		at := row
		if of != nil {
			for len(of) > 0 && of[0] < row {
				of, places = of[1:], places[1:]
			}
			if len(of) == 0 {
				return
			}
			if of[0] != row {
				continue // its value is null
			}
			at = 0
		}
		if p := places[at]; !seen[p] {
			seen[p] = true
			n[slots[i]]++
		}
	}
}

// moved marks values where they stand now, in the set of a group.
func (d *distinctUnder) moved(into int32, from, to []int32) {
	for i, p := range from {
		if d.seen.V[p] && !d.seen.V[to[i]] {
			d.seen.V[to[i]] = true
			d.n.V[into]++
		}
	}
}

// merge has nothing to do: the distinct does it.
func (d *distinctUnder) merge(_, _ []int32) error { return nil }

// sharedSet is a distinct of all rows that others with conditions share.
type sharedSet struct {
	of    *expr.Program
	acc   *distinct
	call  int // its place among the calls; -1: not there yet
	under []int
}

// sharedOf finds the values that an aggregate counts without a condition.
func sharedOf(o *plan.Aggregate) ([]*sharedSet, error) {
	var all []*sharedSet
	for _, it := range o.Take {
		for _, c := range it.Take.Calls {
			if c.Func != "count_distinct" || c.If != nil || find(all, c) != nil {
				continue
			}
			acc, err := newDistinct(c.Args[0].Type())
			if err != nil {
				return nil, err
			}
			all = append(all, &sharedSet{of: c.Args[0], acc: acc, call: -1})
		}
	}
	return all, nil
}

// find gives what a call can share; nil: nothing.
func find(all []*sharedSet, c expr.Call) *sharedSet {
	if c.Func != "count_distinct" {
		return nil
	}
	for _, s := range all {
		if sameProgram(s.of, c.Args[0]) {
			return s
		}
	}
	return nil
}
