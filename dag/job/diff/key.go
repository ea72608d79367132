package diff

import (
	"context"
	"slices"

	"flowrun/dag/batch"
	"flowrun/dag/codec"
)

// last is the last row of a key on a side.
type last struct {
	there bool
	row   hash
	aside []float64
}

// byKey compares the last rows of keys.
func (c *comparison) byKey(ctx context.Context) error {
	keys := map[hash]*[2]last{}
	var order []hash // in which keys first came
	for side, count := range []*int64{&c.result.RowsA, &c.result.RowsB} {
		columns := c.keyColumns(side)
		err := c.rows(ctx, side, count, func(r *rower, b *batch.Batch, row int) error {
			k := r.key(b, columns, row)
			if keys[k] == nil {
				keys[k] = &[2]last{}
				order = append(order, k)
			}
			h, aside := r.of(b, row)
			l := &keys[k][side]
			l.there, l.row, l.aside = true, h, append(l.aside[:0], aside...)
			return nil
		})
		if err != nil {
			return err
		}
	}
	shown := map[hash]*[2]string{}
	var show [3][]hash // of those only in A, only in B, and changed
	for _, k := range order {
		a, b := &keys[k][0], &keys[k][1]
		count, kind := &c.result.Changed, 2
		switch {
		case !b.there:
			count, kind = &c.result.OnlyA, 0
		case !a.there:
			count, kind = &c.result.OnlyB, 1
		case a.row == b.row && c.within(a.aside, b.aside):
			continue
		}
		if *count++; len(show[kind]) < c.o.Show {
			show[kind], shown[k] = append(show[kind], k), &[2]string{}
		}
	}
	if len(shown) == 0 {
		return nil
	}
	for side := range c.in {
		columns := c.keyColumns(side)
		var again int64
		err := c.rows(ctx, side, &again, func(r *rower, b *batch.Batch, row int) error {
			if texts := shown[r.key(b, columns, row)]; texts != nil {
				texts[side] = string(codec.AppendRow(nil, b, row))
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	for _, k := range show[0] {
		c.result.ShownA = append(c.result.ShownA, shown[k][0])
	}
	for _, k := range show[1] {
		c.result.ShownB = append(c.result.ShownB, shown[k][1])
	}
	for _, k := range show[2] {
		c.result.ShownChanged = append(c.result.ShownChanged, *shown[k])
	}
	return nil
}

// keyColumns are the places of the key's columns on a side.
func (c *comparison) keyColumns(side int) []int {
	s := c.schema(side)
	if s == nil {
		return nil
	}
	var columns []int
	for _, name := range c.o.By {
		columns = append(columns, slices.Index(names(s.Fields()), name))
	}
	return columns
}
