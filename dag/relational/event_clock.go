package relational

import (
	"math"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"flowrun/dag/batch"
	"flowrun/dag/plan"
)

// eventClock reads the event time of rows as [plan.Clock] says. It reuses its memory.
type eventClock struct {
	plan.Clock
	made []int64
}

// times gives the event time of each row of b's record, in microseconds of the Unix epoch (0 where there is no event time at
// all), and the rows that have none. The times are valid until the next call.
func (c *eventClock) times(b *batch.Batch) ([]int64, []batch.Failure) {
	c.made = resized(c.made, int(b.Record.NumRows()))
	if c.Index < 0 {
		clear(c.made)
		return c.made, nil
	}
	less := c.Less.Microseconds()
	for i, t := range stamps(b, c.Index) {
		c.made[i] = int64(t) - less
	}
	if c.Or < 0 {
		return c.made, untimed(b, c.Index)
	}
	return c.made, c.later(b, less)
}

// later makes the later of two times of each row.
func (c *eventClock) later(b *batch.Batch, less int64) []batch.Failure {
	x, y := b.Record.Column(c.Index), b.Record.Column(c.Or)
	var failed []batch.Failure
	if x.NullN() > 0 {
		for i := range c.made {
			if x.IsNull(i) {
				c.made[i] = math.MinInt64
			}
		}
	}
	for i, t := range stamps(b, c.Or) {
		if y.IsValid(i) {
			c.made[i] = max(c.made[i], int64(t)-less)
		}
	}
	if x.NullN() > 0 && y.NullN() > 0 {
		for i := range b.Rows() {
			if row := b.Row(i); x.IsNull(row) && y.IsNull(row) {
				failed = append(failed, batch.Failure{Row: int32(row), Reason: NoEventTime,
					Detail: b.Schema().Field(c.Index).Name + " and " + b.Schema().Field(c.Or).Name + " are null"})
			}
		}
	}
	return failed
}

func stamps(b *batch.Batch, column int) []arrow.Timestamp {
	return b.Record.Column(column).(*array.Timestamp).TimestampValues()
}

// behind lists the rows of b whose times are before a watermark; math.MinInt64 is none.
func behind(b *batch.Batch, times []int64, now int64) []int32 {
	if now == math.MinInt64 {
		return nil
	}
	var late []int32
	for i := range b.Rows() {
		if row := b.Row(i); times[row] < now {
			late = append(late, int32(row))
		}
	}
	return late
}
