package relational

import (
	"context"
	"time"

	"github.com/apache/arrow-go/v18/arrow"

	"flowrun/dag/op"
	"flowrun/dag/plan"
)

// lookupConnector reads a table of a database, through its connector.
type lookupConnector struct {
	*lookupColumns
	table op.Table
}

func newLookupConnector(o *plan.Lookup, rt op.Runtime, reads func(i int) bool, table op.Table) (*lookupConnector, error) {
	c := &lookupConnector{newLookupColumns(o, rt, reads, true), table}
	return c, table.Open(rt, c.schema)
}

func (c *lookupConnector) changed(ctx context.Context) (bool, error) { return c.table.Changed(ctx) }

func (c *lookupConnector) load(ctx context.Context) (*lookupTable, error) {
	t, err := newLookupTable(c.lookupColumns)
	if err != nil {
		return nil, err
	}
	if err := c.table.Read(ctx, func(rec arrow.RecordBatch) error { return t.add(rec) }); err != nil {
		return nil, err
	}
	c.loaded(t)
	return t, nil
}

func (c *lookupConnector) passes(err error) (string, bool) { return c.table.Passes(err) }
func (c *lookupConnector) patience() time.Duration         { return c.table.Patience() }
func (c *lookupConnector) near() bool                      { return false }
