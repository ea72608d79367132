package columnar

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/parquet-go/parquet-go"

	"flowrun/dag/schema"
)

// What is written here another implementation of Parquet reads: every column's values, nulls and nesting.
func TestAnotherImplementationReads(t *testing.T) {
	b := randomRows(everyType, 21, 0, 257)
	defer b.Release()
	for _, w := range writings {
		if w.format != "parquet" {
			continue
		}
		data := written(t, w.format, w.config, everyType, b)
		f, err := parquet.OpenFile(bytes.NewReader(data), int64(len(data)))
		if err != nil {
			t.Fatal(w, err)
		}
		if f.NumRows() != 257 {
			t.Fatal(f.NumRows())
		}
		leaves := leafPaths(everyType)
		row := 0
		for _, g := range f.RowGroups() {
			rows := g.Rows()
			buf := make([]parquet.Row, 50)
			for {
				n, err := rows.ReadRows(buf)
				for _, r := range buf[:n] {
					if got, want := theirs(r, len(leaves)), ours(everyType, b.Record, row); got != want {
						t.Fatalf("%v row %d:\n%s\n%s", w, row, got, want)
					}
					row++
				}
				if errors.Is(err, io.EOF) {
					break
				}
				if err != nil {
					t.Fatal(err)
				}
			}
			rows.Close()
		}
		if row != 257 {
			t.Errorf("%d rows", row)
		}
	}
}

func leafPaths(s *arrow.Schema) (paths []string) {
	var walk func(path string, t arrow.DataType)
	walk = func(path string, t arrow.DataType) {
		switch t := t.(type) {
		case *arrow.StructType:
			for _, f := range t.Fields() {
				walk(path+"."+f.Name, f.Type)
			}
		case arrow.ListLikeType:
			walk(path+"[]", t.Elem())
		default:
			paths = append(paths, path)
		}
	}
	for _, f := range s.Fields() {
		walk(f.Name, f.Type)
	}
	return paths
}

// theirs is a row as text, by column of the file: the values of each, with where they stand.
func theirs(r parquet.Row, columns int) string {
	all := make([]strings.Builder, columns)
	for _, v := range r {
		out := &all[v.Column()]
		if v.IsNull() {
			fmt.Fprintf(out, " (%d) null", v.DefinitionLevel())
			continue
		}
		switch v.Kind() {
		case parquet.ByteArray:
			fmt.Fprintf(out, " %q", v.ByteArray())
		default:
			fmt.Fprintf(out, " %v", v)
		}
	}
	var b strings.Builder
	for i := range all {
		fmt.Fprintf(&b, "%d:%s\n", i, all[i].String())
	}
	return b.String()
}

// ours is the same of a row here. A null knows how many of what encloses it are there.
func ours(s *arrow.Schema, rec arrow.RecordBatch, row int) string {
	var all []string
	var walk func(a arrow.Array, at []int, level []int, nullable bool, def int)
	// at lists the entries of a that belong to the row; an absent one is -1 with its level in level.
	walk = func(a arrow.Array, at, level []int, nullable bool, def int) {
		next := make([]int, 0, len(at))
		levels := make([]int, 0, len(at))
		if nullable {
			def++
		}
		for i, e := range at {
			switch {
			case e < 0:
				next, levels = append(next, -1), append(levels, level[i])
			case a.IsNull(e):
				next, levels = append(next, -1), append(levels, def-1)
			default:
				next, levels = append(next, e), append(levels, def)
			}
		}
		switch a := a.(type) {
		case *array.Struct:
			for i, f := range a.DataType().(*arrow.StructType).Fields() {
				walk(a.Field(i), next, levels, f.Nullable, def)
			}
			return
		case array.ListLike:
			var inner, innerLevels []int
			for i, e := range next {
				if e < 0 {
					inner, innerLevels = append(inner, -1), append(innerLevels, levels[i])
					continue
				}
				from, to := a.ValueOffsets(e)
				if from == to {
					inner, innerLevels = append(inner, -1), append(innerLevels, def)
				}
				for k := from; k < to; k++ {
					inner, innerLevels = append(inner, int(k)), append(innerLevels, def+1)
				}
			}
			nullable := true
			if _, isMap := a.(*array.Map); isMap {
				nullable = false
			}
			walk(a.ListValues(), inner, innerLevels, nullable, def+1)
			return
		}
		var out strings.Builder
		for i, e := range next {
			if e < 0 {
				fmt.Fprintf(&out, " (%d) null", levels[i])
				continue
			}
			switch a := a.(type) {
			case *array.Boolean:
				fmt.Fprintf(&out, " %v", a.Value(e))
			case *array.Int64:
				fmt.Fprintf(&out, " %v", a.Value(e))
			case *array.Timestamp:
				fmt.Fprintf(&out, " %v", int64(a.Value(e)))
			case *array.Duration:
				fmt.Fprintf(&out, " %v", int64(a.Value(e)))
			case *array.Date32:
				fmt.Fprintf(&out, " %v", int32(a.Value(e)))
			case *array.Float64:
				fmt.Fprintf(&out, " %v", parquet.DoubleValue(a.Value(e)))
			case *array.String:
				fmt.Fprintf(&out, " %q", a.Value(e))
			case *array.Binary:
				fmt.Fprintf(&out, " %q", a.Value(e))
			}
		}
		all = append(all, out.String())
	}
	for i, f := range s.Fields() {
		walk(rec.Column(i), []int{row}, []int{0}, f.Nullable, 0)
	}
	var b strings.Builder
	for i, text := range all {
		fmt.Fprintf(&b, "%d:%s\n", i, text)
	}
	return b.String()
}

type inner struct {
	Lat  *float64 `parquet:"lat,optional"`
	Name string   `parquet:"name"`
}

type foreign struct {
	ID    int32              `parquet:"id"`
	Small *int16             `parquet:"small,optional"`
	U32   uint32             `parquet:"u32"`
	U64   uint64             `parquet:"u64"`
	F32   float32            `parquet:"f32"`
	S     *string            `parquet:"s,optional,dict,zstd"`
	Delta string             `parquet:"delta,delta"`
	Raw   []byte             `parquet:"raw"`
	Milli int64              `parquet:"milli,timestamp(millisecond)"`
	Nano  int64              `parquet:"nano,timestamp(nanosecond)"`
	Day   int32              `parquet:"day,date"`
	Tags  []string           `parquet:"tags,list"`
	M     map[string]float64 `parquet:"m"`
	Pos   *inner             `parquet:"pos,optional"`
	Split float64            `parquet:"split,split"`
	Price int64              `parquet:"price,decimal(2:18)"`
	UUID  [16]byte           `parquet:"uuid,uuid"`
	Epoch int64              `parquet:"epoch"`
}

// What another implementation writes is read here.
func TestAnotherImplementationWrites(t *testing.T) {
	one, text, lat := int16(-7), "Zoë", 1.5
	day := time.Date(2026, 3, 1, 12, 0, 0, 123_456_789, time.UTC)
	var rows []foreign
	for i := range 250 {
		r := foreign{ID: int32(i), U32: 4_000_000_000, U64: uint64(i), F32: 0.5, Delta: strings.Repeat("x", i%5), Raw: []byte{0xff, byte(i)},
			Milli: day.UnixMilli(), Nano: day.UnixNano(), Day: 20513, Split: float64(i) / 4, Price: 1999, Epoch: day.Unix()}
		if i%2 == 0 {
			r.Small, r.S, r.Pos = &one, &text, &inner{Name: "n"}
			r.Tags, r.M = []string{"a", "", "b"}, map[string]float64{"k": 2}
		}
		if i%4 == 0 {
			r.Pos.Lat = &lat
		}
		rows = append(rows, r)
	}
	var b bytes.Buffer
	w := parquet.NewGenericWriter[foreign](&b, parquet.MaxRowsPerRowGroup(100), parquet.PageBufferSize(300))
	if _, err := w.Write(rows); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	f := opened(t, "parquet", b.Bytes())
	_, err := f.Schema()
	if err == nil || !strings.Contains(err.Error(), `column "price" cannot be read: it is of type decimal`) {
		t.Error(err)
	}
	s := arrow.NewSchema([]arrow.Field{
		{Name: "id", Type: schema.Int}, {Name: "small", Type: schema.Int, Nullable: true}, {Name: "u32", Type: schema.Int},
		{Name: "u64", Type: schema.Int}, {Name: "f32", Type: schema.Float}, {Name: "s", Type: schema.String, Nullable: true},
		{Name: "delta", Type: schema.String}, {Name: "raw", Type: schema.Bytes}, {Name: "milli", Type: schema.Timestamp},
		{Name: "nano", Type: schema.Timestamp}, {Name: "day", Type: schema.Date}, {Name: "tags", Type: schema.List(schema.String), Nullable: true},
		{Name: "m", Type: schema.Map(schema.Float), Nullable: true},
		{Name: "pos", Type: schema.Struct(arrow.Field{Name: "lat", Type: schema.Float, Nullable: true}, arrow.Field{Name: "name", Type: schema.String}), Nullable: true},
		{Name: "split", Type: schema.Float}, {Name: "uuid", Type: schema.Bytes},
		{Name: "epoch", Type: schema.Timestamp, Metadata: schema.Unit("s")},
	}, nil)
	fitted := fit(t, f, s)
	row := 0
	r, err := fitted.Read(ReadOptions{Rows: 64, Allocator: checked(t)})
	if err != nil {
		t.Fatal(err)
	}
	for {
		p, err := r.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if len(p.Faults) > 0 {
			t.Fatal(p.Faults)
		}
		for i := range int(p.Record.NumRows()) {
			v := func(c int) string { return p.Record.Column(c).ValueStr(i) }
			want := []string{fmt.Sprint(row), "-7", "4000000000", fmt.Sprint(row), "0.5", "Zoë", strings.Repeat("x", row%5), "",
				"2026-03-01T12:00:00.123Z", "2026-03-01T12:00:00.123456Z", "2026-03-01", `["a","","b"]`, `[{"key":"k","value":2}]`}
			if row%2 == 1 {
				want[1], want[5], want[11], want[12] = "(null)", "(null)", "[]", "[]"
			}
			for c, text := range want {
				if c != 7 && v(c) != text && !(c >= 11 && row%2 == 1 && v(c) == "(null)") {
					t.Fatalf("row %d: %s is %s, want %s", row, s.Field(c).Name, v(c), text)
				}
			}
			if p.Record.Column(13).IsNull(i) != (row%2 == 1) || v(14) != fmt.Sprint(float64(row)/4) || v(16) != "2026-03-01T12:00:00Z" {
				t.Fatalf("row %d: %s %s %s", row, v(13), v(14), v(16))
			}
			row++
		}
		p.Record.Release()
	}
	if lost := r.Lost(); len(lost) != 1 || lost[0] != "nano" {
		t.Error(lost)
	}
	r.Close()
	if row != 250 {
		t.Errorf("%d rows", row)
	}
}
