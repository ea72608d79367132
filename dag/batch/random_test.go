package batch

import (
	"math/rand/v2"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"flowrun/dag/schema"
)

// checked is an allocator that fails the test when something was not released.
func checked(t testing.TB) memory.Allocator {
	mem := memory.NewCheckedAllocator(NewPool())
	t.Cleanup(func() { mem.AssertSize(t, 0) })
	return dirty{mem}
}

// dirty gives memory that is as far from clear as can be to whoever does not ask for clear one.
type dirty struct{ *memory.CheckedAllocator }

func (d dirty) AllocateUnclear(size int) []byte {
	b := d.Allocate(size)
	for i := range b {
		b[i] = 0xcd
	}
	return b
}

func (d dirty) ReallocateUnclear(size int, b []byte) []byte {
	was := len(b)
	b = d.Reallocate(size, b)
	for i := was; i < size; i++ {
		b[i] = 0xcd
	}
	return b
}

func column(name string, t arrow.DataType) arrow.Field {
	return arrow.Field{Name: name, Type: t, Nullable: true}
}

// everyType has a column of each type that an edge can carry, nested ones in each other.
var everyType = arrow.NewSchema([]arrow.Field{
	column("bool", schema.Bool),
	column("int", schema.Int),
	column("float", schema.Float),
	column("string", schema.String),
	column("bytes", schema.Bytes),
	column("timestamp", schema.Timestamp),
	column("date", schema.Date),
	column("duration", schema.Duration),
	column("list", schema.List(schema.String)),
	column("bools", schema.List(schema.Bool)),
	column("lists", schema.List(schema.List(schema.Int))),
	column("map", schema.Map(schema.Float)),
	column("struct", schema.Struct(column("a", schema.Int), column("b", schema.List(schema.Date)))),
	column("structs", schema.List(schema.Struct(column("a", schema.String), column("m", schema.Map(schema.Bool))))),
	column("null", arrow.Null),
	column("int16", arrow.PrimitiveTypes.Int16),
}, nil)

// appendRandom appends a value that depends on rng; nulls says how many of ten are null.
func appendRandom(c *Column, rng *rand.Rand, nulls int) {
	if rng.IntN(10) < nulls {
		c.AppendNull()
		return
	}
	switch t := c.Type().(type) {
	case *arrow.NullType:
		c.AppendNull()
	case *arrow.BooleanType:
		c.AppendBool(rng.IntN(2) == 0)
	case *arrow.Int64Type, *arrow.TimestampType, *arrow.DurationType:
		c.AppendInt(rng.Int64() >> rng.IntN(60))
	case *arrow.Date32Type:
		c.AppendInt(int64(rng.IntN(40_000)))
	case *arrow.Float64Type:
		c.AppendFloat(rng.NormFloat64())
	case *arrow.StringType:
		c.AppendString([]string{"", "a", "word", "東京", "a longer line of text than the others"}[rng.IntN(5)])
	case *arrow.BinaryType:
		c.AppendBytes([]byte{0, 1, 0xff, 'x'}[:rng.IntN(5)])
	case *arrow.ListType:
		for range rng.IntN(4) {
			appendRandom(c.Elem(), rng, nulls)
		}
		c.Append()
	case *arrow.MapType:
		for i := range rng.IntN(3) {
			c.Key().AppendString(string(rune('a' + i)))
			appendRandom(c.Value(), rng, nulls)
		}
		c.Append()
	case *arrow.StructType:
		for i := range t.NumFields() {
			appendRandom(c.Field(i), rng, nulls)
		}
		c.Append()
	default: // other fixed-width types have no typed append: only copies of rows can be appended
		c.AppendNull()
	}
}

func randomRecord(rng *rand.Rand, s *arrow.Schema, rows, nulls int, mem memory.Allocator) arrow.RecordBatch {
	b := NewBuilder(s, mem)
	defer b.Release()
	for i := range s.NumFields() {
		for range rows {
			appendRandom(b.Column(i), rng, nulls)
		}
	}
	return b.Record()
}
