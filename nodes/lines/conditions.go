package lines

import (
	"fmt"

	"github.com/apache/arrow-go/v18/arrow/memory"

	"flowrun/dag/batch"
	"flowrun/dag/expr"
)

// Conditions leave out, right where rows are decoded, those that a filter further down would leave out; see plan.Scan. They
// are used by one goroutine. The zero Conditions leave out nothing.
type Conditions struct{ each []*expr.Evaluator }

// NewConditions makes the conditions of a source. The caller must Close them.
func NewConditions(pushed []*expr.Program, mem memory.Allocator) Conditions {
	var c Conditions
	for _, p := range pushed {
		c.each = append(c.each, p.Evaluator(mem))
	}
	return c
}

// Apply leaves out of b, which was not emitted yet, the rows for which a condition is not true, and counts them as skipped.
func (c *Conditions) Apply(b *batch.Batch) error {
	before := b.Rows()
	for _, e := range c.each {
		if b.Rows() == 0 {
			break
		}
		sel, failed, err := e.Select(b)
		switch {
		case err != nil:
			return err
		case len(failed) > 0: // only conditions that cannot fail are pushed
			return fmt.Errorf("a condition that was pushed into the source failed: %s: %s", failed[0].Reason, failed[0].Detail)
		case len(sel) < b.Rows():
			b.Sel = sel
		}
	}
	b.Skipped += before - b.Rows()
	return nil
}

// Close gives back what evaluators hold.
func (c *Conditions) Close() {
	for _, e := range c.each {
		e.Close()
	}
}
