package columnar

import (
	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"flowrun/dag/batch"
)

// lookUp makes a plain array of the entries of dict that d points to.
func lookUp(s *session, d *array.Dictionary, dict arrow.Array, to arrow.DataType) arrow.Array {
	c := batch.NewColumn(to, s.mem)
	defer c.Release()
	c.Reserve(d.Len(), 0)
	rows := make([]int32, 0, d.Len())
	for i := range d.Len() {
		if at := index(d, i); at >= 0 {
			rows = append(rows, int32(at))
			continue
		}
		c.AppendRows(dict, rows)
		rows = rows[:0]
		c.AppendNull()
	}
	c.AppendRows(dict, rows)
	return c.Finish()
}
