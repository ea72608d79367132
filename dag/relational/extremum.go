package relational

import (
	"fmt"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"flowrun/dag/batch"
	"flowrun/dag/state"
)

// extremum is the least or the greatest value. NaN is greater than every number; of equal values the first stays, or with
// latest the last one does.
type extremum struct {
	max    bool
	latest bool // of words
	of     arrow.DataType
	float  bool
	seen   state.Fixed[bool]
	best   state.Fixed[int64] // of words: the order of the best, its bits turned round for min, so that more is better
	text   *state.Values      // of texts: the best; nil for words
	wins   []int32            // rows of the last add, or pairs of the last merge, that beat what was there before them
}

func newExtremum(max bool, of arrow.DataType) (*extremum, error) {
	kind, err := state.KindOf(of)
	if err != nil {
		return nil, err
	}
	c := &extremum{max: max, of: of, float: of.ID() == arrow.FLOAT64}
	switch kind {
	case state.Text:
		c.text, err = state.NewValues(of)
	case state.Nested:
		err = fmt.Errorf("values of type %s have no order", of)
	}
	return c, err
}

func (c *extremum) attach(t *state.Table, name string) {
	if c.text != nil {
		t.Attach(name, c.text)
		return
	}
	t.Attach(name, &c.best)
	t.Attach(name+"/seen", &c.seen)
}

func (c *extremum) add(slots []int32, x, _ *state.Vector) error {
	c.wins = c.wins[:0]
	if c.text != nil {
		c.addTexts(slots, x)
		return nil
	}
	var turn int64
	if !c.max {
		turn = -1
	}
	best, seen, words, float, latest := c.best.V, c.seen.V, x.Words[:len(slots)], c.float, c.latest
	for i, s := range slots {
		if o := state.OrderOf(words[i], float) ^ turn; o > best[s] || !seen[s] || latest && o == best[s] {
			best[s], seen[s] = o, true
			c.wins = append(c.wins, int32(i))
		}
	}
	return nil
}

func (c *extremum) addTexts(slots []int32, x *state.Vector) {
	for i, s := range slots {
		if !c.text.Null(s) {
			if order := c.text.CompareText(x, i, s); order == 0 || (order > 0) != c.max {
				continue
			}
		}
		c.text.Set(s, x, i)
		c.wins = append(c.wins, int32(i))
	}
}

// merge leaves in wins the pairs of which from[i] had the better value.
func (c *extremum) merge(into, from []int32) error {
	c.wins = c.wins[:0]
	for i, f := range from {
		if s := into[i]; c.beats(f, s) {
			if c.text != nil {
				c.text.Move(s, f)
			} else {
				c.best.V[s], c.seen.V[s] = c.best.V[f], true
			}
			c.wins = append(c.wins, int32(i))
		}
	}
	return nil
}

// beats reports whether the value of slot f takes the place of that of slot s.
func (c *extremum) beats(f, s int32) bool {
	switch {
	case c.text == nil:
		return c.seen.V[f] && (!c.seen.V[s] || c.best.V[f] > c.best.V[s] || c.latest && c.best.V[f] == c.best.V[s])
	case c.text.Null(f):
		return false
	case c.text.Null(s):
		return true
	}
	order := c.text.CompareTexts(f, s)
	return order != 0 && (order > 0) == c.max
}

func (c *extremum) result(mem memory.Allocator, slots []int32) (arrow.Array, []batch.Failure, error) {
	if c.text != nil {
		arr, err := c.text.Build(mem, slots)
		return arr, nil, err
	}
	var turn int64
	if !c.max {
		turn = -1
	}
	words, nulls := make([]uint64, len(slots)), make([]bool, len(slots))
	for i, s := range slots {
		words[i], nulls[i] = state.WordOf(c.best.V[s]^turn, c.float), !c.seen.V[s]
	}
	return state.ArrayOf(mem, c.of, words, nulls), nil, nil
}

func (c *extremum) addSizes(sizes []int64, slots []int32) {
	if c.text != nil {
		c.text.AddSizes(sizes, slots)
	}
}

// extremumBy is the value, null too, of the row where another value is the least or the greatest; of equal ones the first.
type extremumBy struct {
	by     *extremum
	values *state.Values
}

func newExtremumBy(max bool, of, by arrow.DataType) (*extremumBy, error) {
	values, err := state.NewValues(of)
	if err != nil {
		return nil, err
	}
	order, err := newExtremum(max, by)
	return &extremumBy{by: order, values: values}, err
}

func (c *extremumBy) attach(t *state.Table, name string) {
	c.by.attach(t, name+"/by")
	t.Attach(name, c.values)
}

func (c *extremumBy) add(slots []int32, by, of *state.Vector) error {
	if err := c.by.add(slots, by, nil); err != nil {
		return err
	}
	for _, i := range c.by.wins {
		c.values.Set(slots[i], of, int(i))
	}
	return nil
}

func (c *extremumBy) merge(into, from []int32) error {
	if err := c.by.merge(into, from); err != nil {
		return err
	}
	for _, i := range c.by.wins {
		c.values.Move(into[i], from[i])
	}
	return nil
}

func (c *extremumBy) result(mem memory.Allocator, slots []int32) (arrow.Array, []batch.Failure, error) {
	arr, err := c.values.Build(mem, slots)
	return arr, nil, err
}

func (c *extremumBy) addSizes(sizes []int64, slots []int32) { c.values.AddSizes(sizes, slots) }
