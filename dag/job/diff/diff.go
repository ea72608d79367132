package diff

import (
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"

	"flowrun/dag/batch"
	"flowrun/dag/codec"
)

// Options say how two outputs are compared.
type Options struct {
	// By are columns of a key: then only the last row of each key counts, in the order of files by name, as behind a sink of updates.
	By []string
	// Tolerance lets numbers of columns with fractions be apart by so much, or by so much of the larger one where that is above 1.
	Tolerance float64
	// Show bounds how many rows, or keys, of each kind of difference are shown.
	Show int
	// Format and Schema are as in a pipeline file, of both; "": as the files and their records say.
	Format, Schema string
}

// Result is how two outputs compare. With keys, OnlyA and OnlyB count keys that only one has, and Changed those whose last rows
// differ; without, OnlyA and OnlyB count rows.
type Result struct {
	RowsA, RowsB          int64
	OnlyA, OnlyB, Changed int64
	ColumnsA, ColumnsB    []string // that only one has
	ShownA, ShownB        []string // rows that only one has, as JSON, the first that were read
	ShownChanged          [][2]string
}

// Equal reports whether there is no difference.
func (r *Result) Equal() bool { return r.OnlyA+r.OnlyB+r.Changed == 0 }

// Compare reads two files, or directories of files, and compares their rows. What cannot be read ends it with an error that names
// it, a row that does not fit the columns found as well.
func Compare(ctx context.Context, a, b string, o Options) (*Result, error) {
	c := &comparison{o: o, result: &Result{}}
	for side, path := range []string{a, b} {
		in, err := open(ctx, path, o.Format, o.Schema)
		if err != nil {
			return nil, err
		}
		c.in[side] = in
	}
	if err := c.columns(); err != nil {
		return nil, err
	}
	if len(o.By) > 0 {
		return c.result, c.byKey(ctx)
	}
	if len(c.near) > 0 {
		return c.result, c.nearly(ctx)
	}
	return c.result, c.exactly(ctx)
}

type comparison struct {
	o      Options
	in     [2]*input
	near   map[string]bool
	result *Result
}

// schema gives the columns of a side; nil where it has no row.
func (c *comparison) schema(side int) *arrow.Schema {
	if c.in[side].plan == nil {
		return nil
	}
	return c.in[side].plan.Nodes[0].Output("").Schema
}

// columns looks at which columns there are.
func (c *comparison) columns() error {
	c.near = map[string]bool{}
	var has [2]map[string]bool
	for side := range c.in {
		s := c.schema(side)
		if s == nil {
			continue
		}
		has[side] = map[string]bool{}
		for _, f := range s.Fields() {
			has[side][f.Name] = true
			if c.o.Tolerance > 0 && fractional(f.Type) {
				c.near[f.Name] = true
			}
		}
		for _, name := range c.o.By {
			if !has[side][name] {
				return fmt.Errorf("%s has no column %q; it has %s", c.in[side].path, name, strings.Join(slices.Sorted(maps.Keys(has[side])), ", "))
			}
		}
	}
	if has[0] == nil || has[1] == nil {
		return nil
	}
	for side, only := range []*[]string{&c.result.ColumnsA, &c.result.ColumnsB} {
		for _, f := range c.schema(side).Fields() {
			if !has[1-side][f.Name] {
				*only = append(*only, f.Name)
			}
		}
	}
	return nil
}

// rows calls f with each row of a side, and counts them.
func (c *comparison) rows(ctx context.Context, side int, count *int64, f func(r *rower, b *batch.Batch, row int) error) error {
	r := &rower{near: c.near}
	return c.in[side].each(ctx, func(b *batch.Batch) error {
		*count += int64(b.Rows())
		for i := range b.Rows() {
			if err := f(r, b, b.Row(i)); err != nil {
				return err
			}
		}
		return nil
	})
}

// exactly counts rows by their hash: up for those of A, down for those of B.
func (c *comparison) exactly(ctx context.Context) error {
	apart := map[hash]int64{}
	for side, count := range []*int64{&c.result.RowsA, &c.result.RowsB} {
		err := c.rows(ctx, side, count, func(r *rower, b *batch.Batch, row int) error {
			h, _ := r.of(b, row)
			n := apart[h] + 1 - 2*int64(side)
			if n == 0 {
				delete(apart, h)
			} else {
				apart[h] = n
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	for _, n := range apart {
		c.result.OnlyA += max(n, 0)
		c.result.OnlyB += max(-n, 0)
	}
	return c.show(ctx, func(side int, r *rower, b *batch.Batch, row int) bool {
		h, _ := r.of(b, row)
		sign := 1 - 2*int64(side)
		if apart[h]*sign <= 0 {
			return false
		}
		apart[h] -= sign
		return true
	})
}

// show reads again, for rows that differ.
func (c *comparison) show(ctx context.Context, differs func(side int, r *rower, b *batch.Batch, row int) bool) error {
	only := []int64{c.result.OnlyA, c.result.OnlyB}
	for side, shown := range []*[]string{&c.result.ShownA, &c.result.ShownB} {
		want := int(min(only[side], int64(c.o.Show)))
		if want == 0 {
			continue
		}
		var again int64
		err := c.rows(ctx, side, &again, func(r *rower, b *batch.Batch, row int) error {
			if differs(side, r, b, row) {
				*shown = append(*shown, string(codec.AppendRow(nil, b, row)))
			}
			if len(*shown) == want {
				return errEnough
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// nearly compares the numbers that were put aside of rows that are equal but for them.
func (c *comparison) nearly(ctx context.Context) error {
	all := map[hash]*[2][][]float64{}
	for side, count := range []*int64{&c.result.RowsA, &c.result.RowsB} {
		err := c.rows(ctx, side, count, func(r *rower, b *batch.Batch, row int) error {
			h, aside := r.of(b, row)
			if all[h] == nil {
				all[h] = &[2][][]float64{}
			}
			all[h][side] = append(all[h][side], slices.Clone(aside))
			return nil
		})
		if err != nil {
			return err
		}
	}
	for h, sides := range all {
		left := c.pair(sides[0], sides[1])
		if len(left[0])+len(left[1]) == 0 {
			delete(all, h)
			continue
		}
		*sides = left
		c.result.OnlyA += int64(len(left[0]))
		c.result.OnlyB += int64(len(left[1]))
	}
	return c.show(ctx, func(side int, r *rower, b *batch.Batch, row int) bool {
		h, aside := r.of(b, row)
		if all[h] == nil {
			return false
		}
		at := slices.IndexFunc(all[h][side], func(v []float64) bool { return compareNumbers(v, aside) == 0 })
		if at < 0 {
			return false
		}
		all[h][side] = slices.Delete(all[h][side], at, at+1)
		return true
	})
}

// pair pairs rows whose numbers are near one another, each with the smallest that is left, and gives those that are left over.
func (c *comparison) pair(a, b [][]float64) (left [2][][]float64) {
	slices.SortFunc(a, compareNumbers)
	slices.SortFunc(b, compareNumbers)
	used, first := make([]bool, len(b)), 0
	for _, x := range a {
		found := false
		for first < len(b) && (used[first] || len(x) > 0 && c.below(b[first][0], x[0])) {
			first++
		}
		for j := first; j < len(b) && !found && (len(x) == 0 || !c.below(x[0], b[j][0])); j++ {
			if !used[j] && c.within(x, b[j]) {
				used[j], found = true, true
			}
		}
		if !found {
			left[0] = append(left[0], x)
		}
	}
	for j, y := range b {
		if !used[j] {
			left[1] = append(left[1], y)
		}
	}
	return left
}

// below reports whether x is smaller than y by more than the tolerance. NaN is below all.
func (c *comparison) below(x, y float64) bool { return !c.same(x, y) && compareNumber(x, y) < 0 }

func (c *comparison) within(x, y []float64) bool {
	for i := range x {
		if !c.same(x[i], y[i]) {
			return false
		}
	}
	return len(x) == len(y)
}

func (c *comparison) same(x, y float64) bool {
	if math.IsNaN(x) || math.IsNaN(y) {
		return math.IsNaN(x) && math.IsNaN(y)
	}
	return x == y || math.Abs(x-y) <= c.o.Tolerance*max(1, math.Abs(x), math.Abs(y)) && !math.IsInf(x-y, 0)
}

func compareNumbers(x, y []float64) int { return slices.CompareFunc(x, y, compareNumber) }

func compareNumber(x, y float64) int {
	switch {
	case x < y, math.IsNaN(x) && !math.IsNaN(y):
		return -1
	case x > y, math.IsNaN(y) && !math.IsNaN(x):
		return 1
	}
	return 0
}
