package schema

import (
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/google/go-cmp/cmp"
)

func TestNames(t *testing.T) {
	for _, c := range []struct {
		t           arrow.DataType
		name, spark string
		number      bool
	}{
		{Bool, "bool", "boolean", false},
		{Int, "int", "long", true},
		{Float, "float", "double", true},
		{String, "string", "string", false},
		{Bytes, "bytes", "binary", false},
		{Timestamp, "timestamp", "timestamp", false},
		{Date, "date", "date", false},
		{Duration, "duration", "interval day to second", false},
		{List(String), "list<string>", "array<string>", false},
		{Map(Int), "map<int>", "map<string,long>", false},
		{Struct(col("a", Int), col("b", List(Float))), "{a: int, b: list<float>}", "struct<a:long,b:array<double>>", false},
		{arrow.Null, "any", "void", false},
		{nil, "any", "void", false},
		{arrow.PrimitiveTypes.Int32, "int32", "integer", true},
	} {
		if got := Name(c.t); got != c.name {
			t.Errorf("Name(%v) = %q, want %q", c.t, got, c.name)
		}
		if got := SparkName(c.t); got != c.spark {
			t.Errorf("SparkName(%v) = %q, want %q", c.t, got, c.spark)
		}
		if got := IsNumber(c.t); got != c.number {
			t.Errorf("IsNumber(%v) = %v", c.t, got)
		}
	}
}

func TestDiff(t *testing.T) {
	in := arrow.NewSchema([]arrow.Field{col("id", Int), col("raw", String), col("amount", String), col("tags", List(String))}, nil)
	out := arrow.NewSchema([]arrow.Field{col("id", Int), col("amount", Float), col("tags", List(Int)), col("n", Int)}, nil)
	want := []string{"~ amount: string → double", "~ tags: array<string> → array<long>", "+ n: long", "- raw"}
	if d := cmp.Diff(want, Diff(in, out)); d != "" {
		t.Error(d)
	}
	if got := Diff(in, in); got != nil {
		t.Errorf("no change, but %q", got)
	}
}

func TestSame(t *testing.T) {
	ab := arrow.NewSchema([]arrow.Field{col("a", Int), col("b", String)}, nil)
	ba := arrow.NewSchema([]arrow.Field{{Name: "b", Type: String}, col("a", Int)}, nil)
	if !Same(ab, ba) || !Same(ba, ab) {
		t.Error("order and nullability do not count")
	}
	for _, other := range []*arrow.Schema{
		arrow.NewSchema([]arrow.Field{col("a", Int)}, nil),
		arrow.NewSchema([]arrow.Field{col("a", Int), col("c", String)}, nil),
		arrow.NewSchema([]arrow.Field{col("a", Float), col("b", String)}, nil),
		arrow.NewSchema([]arrow.Field{col("a", Int), col("a", Int)}, nil),
	} {
		if Same(ab, other) || Same(other, ab) {
			t.Errorf("%v is not %v", ab, other)
		}
	}
}

func TestPlainRemovesUnitsEverywhere(t *testing.T) {
	list, _, _, _ := Parse("list<timestamp(ms)>")
	m, _, _, _ := Parse("map<timestamp(s)>")
	s := arrow.NewSchema([]arrow.Field{
		{Name: "at", Type: Timestamp, Metadata: Unit("ms")},
		{Name: "list", Type: list},
		{Name: "map", Type: m},
		{Name: "struct", Type: Struct(arrow.Field{Name: "at", Type: Timestamp, Metadata: Unit("us")})},
	}, nil)
	plain := arrow.NewSchema([]arrow.Field{
		{Name: "at", Type: Timestamp},
		{Name: "list", Type: List(Timestamp)},
		{Name: "map", Type: Map(Timestamp)},
		{Name: "struct", Type: Struct(arrow.Field{Name: "at", Type: Timestamp})},
	}, nil)
	got := Plain(s)
	for i, f := range got.Fields() {
		if !arrow.TypeEqual(f.Type, plain.Field(i).Type, arrow.CheckMetadata()) || f.Metadata.Len() != 0 {
			t.Errorf("%v is not plain", f)
		}
	}
}
