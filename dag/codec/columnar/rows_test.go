package columnar

import (
	"bytes"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"flowrun/dag/batch"
	"flowrun/dag/schema"
)

// everyType has a column of every type, nullable and not.
var everyType = arrow.NewSchema([]arrow.Field{
	{Name: "id", Type: schema.Int},
	{Name: "b", Type: schema.Bool, Nullable: true},
	{Name: "i", Type: schema.Int, Nullable: true},
	{Name: "f", Type: schema.Float, Nullable: true},
	{Name: "s", Type: schema.String, Nullable: true},
	{Name: "must", Type: schema.String},
	{Name: "y", Type: schema.Bytes, Nullable: true},
	{Name: "at", Type: schema.Timestamp, Nullable: true},
	{Name: "day", Type: schema.Date, Nullable: true},
	{Name: "took", Type: schema.Duration, Nullable: true},
	{Name: "tags", Type: schema.List(schema.String), Nullable: true},
	{Name: "m", Type: schema.Map(schema.Float), Nullable: true},
	{Name: "pos", Type: schema.Struct(arrow.Field{Name: "lat", Type: schema.Float, Nullable: true}, arrow.Field{Name: "name", Type: schema.String}), Nullable: true},
	{Name: "items", Type: schema.List(schema.Struct(
		arrow.Field{Name: "sku", Type: schema.String, Nullable: true},
		arrow.Field{Name: "ns", Type: schema.List(schema.Int), Nullable: true})), Nullable: true},
}, nil)

// filler appends random values to a column.
type filler struct{ r *rand.Rand }

func (g filler) append(c *batch.Column, t arrow.DataType, nullable bool) {
	if nullable && g.r.IntN(5) == 0 {
		c.AppendNull()
		return
	}
	switch t := t.(type) {
	case *arrow.BooleanType:
		c.AppendBool(g.r.IntN(2) == 0)
	case *arrow.Int64Type:
		c.AppendInt([]int64{0, 1, -1, math.MaxInt64, math.MinInt64, g.r.Int64N(1000)}[g.r.IntN(6)])
	case *arrow.TimestampType:
		c.AppendInt(g.r.Int64N(4e15) - 2e15)
	case *arrow.DurationType:
		c.AppendInt(g.r.Int64() - g.r.Int64())
	case *arrow.Date32Type:
		c.AppendInt(g.r.Int64N(80_000) - 40_000)
	case *arrow.Float64Type:
		c.AppendFloat([]float64{0, math.Copysign(0, -1), 1.5, math.Inf(1), math.NaN(), g.r.NormFloat64()}[g.r.IntN(6)])
	case *arrow.StringType:
		c.AppendString([]string{"", "a", "Zoë", "a longer text that is no short one", fmt.Sprint(g.r.IntN(100))}[g.r.IntN(5)])
	case *arrow.BinaryType:
		c.AppendBytes([][]byte{{}, {0}, {255, 254, 0, 1}}[g.r.IntN(3)])
	case *arrow.ListType:
		for range g.r.IntN(4) {
			g.append(c.Elem(), t.Elem(), true)
		}
		c.Append()
	case *arrow.MapType:
		for i := range g.r.IntN(3) {
			c.Key().AppendString(fmt.Sprint("k", i))
			g.append(c.Value(), t.ItemType(), true)
		}
		c.Append()
	case *arrow.StructType:
		for i, f := range t.Fields() {
			g.append(c.Field(i), f.Type, f.Nullable)
		}
		c.Append()
	default:
		panic(t.String())
	}
}

// randomRows makes rows of a schema. An int column called id counts.
func randomRows(s *arrow.Schema, seed uint64, from, n int) *batch.Batch {
	b := batch.NewBuilder(s, memory.DefaultAllocator)
	defer b.Release()
	g := filler{rand.New(rand.NewPCG(seed, uint64(from)))}
	for i := range n {
		for k, f := range s.Fields() {
			if f.Name == "id" {
				b.Column(k).AppendInt(int64(from + i))
				continue
			}
			g.append(b.Column(k), f.Type, f.Nullable)
		}
	}
	return b.Batch()
}

// written is a file of the batches.
func written(t testing.TB, format string, config any, s *arrow.Schema, batches ...*batch.Batch) []byte {
	t.Helper()
	e := NewEncoder(format, config, s)
	var file []byte
	for _, b := range batches {
		var failed []batch.Failure
		if file, failed = e.Append(file, b); failed != nil {
			t.Fatal(failed)
		}
	}
	file, err := e.End(file)
	if err != nil {
		t.Fatal(err)
	}
	return file
}

func opened(t testing.TB, format string, data []byte) *File {
	t.Helper()
	f, err := Open(format, bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func fit(t testing.TB, f *File, s *arrow.Schema) *Fitted {
	t.Helper()
	if s == nil {
		var err error
		if s, err = f.Schema(); err != nil {
			t.Fatal(err)
		}
	}
	fitted, problems := f.Fit(s)
	for _, p := range problems {
		t.Error(p)
	}
	if fitted == nil {
		t.FailNow()
	}
	return fitted
}

// readAll reads a file to its end; the pieces are released with the test.
func readAll(t testing.TB, f *Fitted, o ReadOptions) []*Piece {
	t.Helper()
	pieces, err := tryRead(f, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		for _, p := range pieces {
			p.Record.Release()
		}
	})
	return pieces
}

func tryRead(f *Fitted, o ReadOptions) (pieces []*Piece, err error) {
	if o.Rows == 0 {
		o.Rows = 1000
	}
	if o.Allocator == nil {
		o.Allocator = memory.DefaultAllocator
	}
	r, err := f.Read(o)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	row := o.From
	for {
		p, err := r.Next()
		if err == io.EOF {
			return pieces, nil
		}
		if err != nil {
			return pieces, err
		}
		pieces = append(pieces, p)
		row += p.Skipped
		if p.Row != row || p.Record.NumRows() > int64(o.Rows) {
			return pieces, fmt.Errorf("a piece of %d rows at %d, want it at %d", p.Record.NumRows(), p.Row, row)
		}
		row += p.Record.NumRows()
		if r.Row() != row {
			return pieces, fmt.Errorf("the reader is at %d, want %d", r.Row(), row)
		}
	}
}

// text is a row as text.
func text(rec arrow.RecordBatch, row int) string {
	var b bytes.Buffer
	for i, c := range rec.Columns() {
		if i > 0 {
			b.WriteByte('|')
		}
		one := array.NewSlice(c, int64(row), int64(row+1))
		fmt.Fprint(&b, one)
		one.Release()
	}
	return b.String()
}

func texts(pieces []*Piece) []string {
	var all []string
	for _, p := range pieces {
		for i := range int(p.Record.NumRows()) {
			all = append(all, text(p.Record, i))
		}
	}
	return all
}

// checked is an allocator of which everything has to come back.
func checked(t testing.TB) memory.Allocator {
	mem := memory.NewCheckedAllocator(batch.NewPool())
	t.Cleanup(func() { mem.AssertSize(t, 0) })
	return mem
}
