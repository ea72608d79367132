package columnar

import (
	"bytes"
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"pgregory.net/rapid"

	"flowrun/dag/batch"
	"flowrun/dag/schema"
)

var bounded4 = arrow.NewSchema([]arrow.Field{
	{Name: "n", Type: schema.Int, Nullable: true},
	{Name: "f", Type: schema.Float, Nullable: true},
	{Name: "s", Type: schema.String, Nullable: true},
	{Name: "b", Type: schema.Bool, Nullable: true},
	{Name: "at", Type: schema.Timestamp, Nullable: true},
}, nil)

// holds is what a condition says of one row.
func holds(c Condition, a arrow.Array, row int) bool {
	if c.Value == nil {
		return a.IsNull(row) == (c.Op == "==")
	}
	if a.IsNull(row) {
		return false
	}
	truth := func(less, equal bool) bool {
		switch c.Op {
		case "==":
			return equal
		case "!=":
			return !equal
		case "<":
			return less
		case "<=":
			return less || equal
		case ">":
			return !less && !equal
		}
		return !less
	}
	floats := func(x, y float64) bool {
		if math.IsNaN(x) || math.IsNaN(y) {
			return c.Op == "!="
		}
		return truth(x < y, x == y)
	}
	switch a := a.(type) {
	case *array.Int64:
		if y, ok := c.Value.(float64); ok {
			return floats(float64(a.Value(row)), y)
		}
		return truth(a.Value(row) < c.Value.(int64), a.Value(row) == c.Value.(int64))
	case *array.Timestamp:
		return truth(int64(a.Value(row)) < c.Value.(int64), int64(a.Value(row)) == c.Value.(int64))
	case *array.Float64:
		return floats(a.Value(row), c.Value.(float64))
	case *array.String:
		return truth(a.Value(row) < c.Value.(string), a.Value(row) == c.Value.(string))
	case *array.Boolean:
		x, y := a.Value(row), c.Value.(bool)
		return truth(!x && y, x == y)
	}
	panic("no such column")
}

// No row for which the conditions are true is in a group that was left out, and what was left out and what came are all rows.
func TestNoRowIsLost(t *testing.T) {
	ints := []int64{math.MinInt64, -5, 0, 1, 2, 7, math.MaxInt64 - 1, math.MaxInt64}
	floats := []float64{math.Inf(-1), -1.5, math.Copysign(0, -1), 0, 1, 2, 2.5, 1e300, math.Inf(1), math.NaN()}
	texts := []string{"", "a", "aa", "b", "Zoë", "\U0010ffff", string(slices.Repeat([]byte{'x'}, 5000))}
	skipped := 0
	rapid.Check(t, func(t *rapid.T) {
		b := batch.NewBuilder(bounded4, memory.DefaultAllocator)
		defer b.Release()
		n := rapid.IntRange(0, 30).Draw(t, "rows")
		narrow := rapid.IntRange(1, len(ints)).Draw(t, "narrow")
		pick := func(most int) int { return rapid.IntRange(0, min(most, narrow)-1).Draw(t, "pick") }
		for range n {
			for i := range 5 {
				c := b.Column(i)
				switch {
				case rapid.IntRange(0, 3).Draw(t, "null") == 0:
					c.AppendNull()
				case i == 0 || i == 4:
					c.AppendInt(ints[pick(len(ints))])
				case i == 1:
					c.AppendFloat(floats[pick(len(floats))])
				case i == 2:
					c.AppendString(texts[pick(len(texts))])
				default:
					c.AppendBool(pick(2) == 0)
				}
			}
		}
		all := b.Batch()
		defer all.Release()
		var conditions []Condition
		for range rapid.IntRange(1, 2).Draw(t, "conditions") {
			c := Condition{Column: rapid.IntRange(0, 4).Draw(t, "column"), Op: rapid.SampledFrom([]string{"==", "!=", "<", "<=", ">", ">="}).Draw(t, "op")}
			switch c.Column {
			case 0:
				if c.Value = any(rapid.SampledFrom(ints).Draw(t, "int")); rapid.Bool().Draw(t, "as float") {
					c.Value = rapid.SampledFrom(floats).Draw(t, "float")
				}
			case 1:
				c.Value = rapid.SampledFrom(floats).Draw(t, "float")
			case 2:
				c.Value = rapid.SampledFrom(texts).Draw(t, "text")
			case 3:
				c.Value = rapid.Bool().Draw(t, "bool")
			case 4:
				c.Value = rapid.SampledFrom(ints).Draw(t, "int")
			}
			if c.Op[1:] == "=" && c.Op[0] != '<' && c.Op[0] != '>' && rapid.IntRange(0, 5).Draw(t, "nil") == 0 {
				c.Value = nil
			}
			conditions = append(conditions, c)
		}
		e := NewEncoder("parquet", Parquet{Compression: "none", RowGroupRows: int64(rapid.IntRange(1, 9).Draw(t, "group"))}, bounded4)
		data, _ := e.Append(nil, all)
		data, err := e.End(data)
		if err != nil {
			t.Fatal(err)
		}
		f, err := Open("parquet", bytes.NewReader(data), int64(len(data)))
		if err != nil {
			t.Fatal(err)
		}
		fitted, _ := f.Fit(bounded4)
		pieces, err := tryRead(fitted, ReadOptions{Conditions: conditions, Rows: 4})
		if err != nil {
			t.Fatal(err)
		}
		came := map[int64]bool{}
		rows := int64(0)
		for _, p := range pieces {
			rows += p.Skipped + p.Record.NumRows()
			skipped += int(p.Skipped)
			for i := range p.Record.NumRows() {
				came[p.Row+i] = true
				for c := range 5 {
					if got, want := p.Record.Column(c).ValueStr(int(i)), all.Record.Column(c).ValueStr(int(p.Row+i)); got != want {
						t.Fatalf("row %d: %s, want %s", p.Row+i, got, want)
					}
				}
			}
			p.Record.Release()
		}
		if rows != int64(n) {
			t.Fatalf("%d rows, want %d", rows, n)
		}
		for i := range n {
			lost := !came[int64(i)]
			for _, c := range conditions {
				lost = lost && holds(c, all.Record.Column(c.Column), i)
			}
			if lost {
				t.Fatalf("row %d was left out for %v: %.80s", i, conditions, all.Record.Column(conditions[0].Column).ValueStr(i))
			}
		}
	})
	if skipped == 0 {
		t.Error("nothing was ever left out")
	}
}

func TestGroupsThatCannotHold(t *testing.T) {
	b := bounds{rows: 10, nulls: 2, min: int64(5), max: int64(9)}
	for text, want := range map[string]bool{
		"== 4": false, "== 5": true, "== 9": true, "== 10": false, "!= 5": true, "< 5": false, "< 6": true, "<= 4": false, "<= 5": true,
		"> 9": false, "> 8": true, ">= 10": false, ">= 9": true,
	} {
		var c Condition
		var v int64
		if _, err := fmt.Sscan(text, &c.Op, &v); err != nil {
			t.Fatal(err)
		}
		c.Value = v
		if c.possible(b) != want {
			t.Errorf("%s: %v", text, !want)
		}
		if !c.possible(bounds{rows: 10, nulls: -1}) {
			t.Errorf("%s: what is not known is taken for impossible", text)
		}
		if c.possible(bounds{rows: 10, nulls: 10}) {
			t.Errorf("%s: nulls are compared", text)
		}
	}
	same := bounds{rows: 10, nulls: 0, min: int64(5), max: int64(5)}
	if (Condition{Op: "!=", Value: int64(5)}).possible(same) || (Condition{Op: "==", Value: nil}).possible(same) || !(Condition{Op: "!=", Value: nil}).possible(same) {
		t.Error("wrong for one value")
	}
}

// A writer leaves out a bound that is too long: then nothing is known, and not that it is small.
func TestLongTextsHaveNoBounds(t *testing.T) {
	b := batch.NewBuilder(bounded4, memory.DefaultAllocator)
	defer b.Release()
	for _, text := range []string{"", "x"} {
		for i := range 5 {
			if i != 2 {
				b.Column(i).AppendNull()
			}
		}
		b.Column(2).AppendString(text + string(bytes.Repeat([]byte(text), 5000)))
	}
	all := b.Batch()
	defer all.Release()
	f := opened(t, "parquet", written(t, "parquet", nil, bounded4, all))
	for _, c := range []Condition{{2, ">=", "a"}, {2, "==", string(bytes.Repeat([]byte("x"), 5001))}, {2, "<", "a"}} {
		if p := readAll(t, fit(t, f, nil), ReadOptions{Conditions: []Condition{c}}); p[0].Record.NumRows() != 2 {
			t.Errorf("%s: %d rows", c.Op, p[0].Record.NumRows())
		}
	}
	if p := readAll(t, fit(t, f, nil), ReadOptions{Conditions: []Condition{{0, ">", int64(3)}}}); p[0].Skipped != 2 {
		t.Error("a column of nulls was compared")
	}
}
