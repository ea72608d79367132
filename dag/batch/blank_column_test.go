package batch

import (
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"flowrun/dag/schema"
)

// Columns that nobody reads take every value and become nulls, beside others that are built.
func TestBlankColumns(t *testing.T) {
	mem := memory.NewCheckedAllocator(NewPool())
	defer mem.AssertSize(t, 0)
	types := []arrow.DataType{
		schema.Bool, schema.Int, schema.Float, schema.String, schema.Bytes, schema.Timestamp, schema.Date, schema.Duration,
		schema.List(schema.Int), schema.Map(schema.String), schema.Struct(arrow.Field{Name: "x", Type: schema.Int}),
	}
	fields := []arrow.Field{{Name: "n", Type: schema.Int}}
	for _, dt := range types {
		fields = append(fields, arrow.Field{Name: dt.Name(), Type: dt, Nullable: true})
	}
	want := make([]bool, len(fields))
	want[0] = true
	b := NewBuilderOf(arrow.NewSchema(fields, nil), want, mem)
	defer b.Release()
	put := func(row int) {
		for i := range fields {
			switch c := b.Column(i); {
			case i == 0:
				c.AppendInt(int64(row))
			case row%3 == 2:
				c.AppendNull()
			default:
				switch c.Type().ID() {
				case arrow.BOOL:
					c.AppendBool(true)
				case arrow.FLOAT64:
					c.AppendFloat(1.5)
				case arrow.STRING:
					c.AppendShort([]byte("a text of more than Slack bytes, and not"), 2, 4+row)
				case arrow.BINARY:
					copy(c.Extend(3), "abc")
				case arrow.LIST:
					c.Elem().AppendInt(1)
					c.Append()
				case arrow.MAP:
					c.Key().AppendString("k")
					c.Value().AppendString("v")
					c.Append()
				case arrow.STRUCT:
					c.Field(0).AppendInt(1)
					c.Append()
				default:
					c.AppendInt(7)
				}
			}
		}
	}
	for _, rows := range []int{5, 0, 20} {
		b.Reserve(rows)
		for row := range rows {
			put(row)
			put(row)
			b.Truncate(row + 1)
		}
		rec := b.Record()
		for i, c := range rec.Columns() {
			if err := array.ValidateFull(c); err != nil {
				t.Errorf("column %d: %v", i, err)
			}
			switch nulls := c.NullN(); {
			case c.Len() != rows:
				t.Errorf("column %d has %d of %d rows", i, c.Len(), rows)
			case i == 0 && nulls != 0, i > 0 && nulls != rows:
				t.Errorf("column %d has %d nulls of %d rows", i, nulls, rows)
			}
		}
		rec.Release()
	}
}

func TestAppendShort(t *testing.T) {
	mem := memory.NewCheckedAllocator(NewPool())
	defer mem.AssertSize(t, 0)
	src := []byte("0123456789abcdefghijklmnopqrstuvwxyz")
	c, same := NewColumn(schema.String, mem), NewColumn(schema.String, mem)
	for row := range 2000 {
		n := row * 7 % 21
		i := row % (len(src) - 21)
		if row%11 == 0 {
			c.AppendNull()
			same.AppendNull()
		}
		c.AppendShort(src, i, n)
		same.AppendBytes(src[i : i+n])
	}
	a, b := c.Finish(), same.Finish()
	defer a.Release()
	defer b.Release()
	if !array.Equal(a, b) {
		t.Error("AppendShort appends something else than AppendBytes")
	}
}
