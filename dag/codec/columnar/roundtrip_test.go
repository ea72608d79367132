package columnar

import (
	"slices"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"flowrun/dag/batch"
	"flowrun/dag/schema"
)

// writings are all ways to write.
var writings = []struct {
	format string
	config any
}{
	{"parquet", nil},
	{"parquet", Parquet{Compression: "zstd", RowGroupRows: 100}},
	{"parquet", Parquet{Compression: "snappy", RowGroupRows: 37}},
	{"parquet", Parquet{Compression: "gzip", RowGroupRows: 1000}},
	{"parquet", Parquet{Compression: "none", RowGroupRows: 500}},
	{"arrow", nil},
	{"arrow", Arrow{Compression: "none"}},
	{"arrow", Arrow{Compression: "lz4"}},
	{"arrow", Arrow{Compression: "zstd"}},
}

func TestEveryTypeComesBack(t *testing.T) {
	for _, w := range writings {
		for _, sizes := range [][]int{{}, {1}, {0, 3, 0}, {120}, {1, 1030, 3}} {
			if w.config != nil && len(sizes) == 3 && sizes[1] > 1000 {
				continue
			}
			var in []*batch.Batch
			var want []string
			from := 0
			for _, n := range sizes {
				b := randomRows(everyType, 1, from, n)
				defer b.Release()
				in = append(in, b)
				from += n
				for i := range n {
					want = append(want, text(b.Record, i))
				}
			}
			f := opened(t, w.format, written(t, w.format, w.config, everyType, in...))
			s, err := f.Schema()
			if err != nil {
				t.Fatal(err)
			}
			if !s.Equal(everyType) {
				t.Fatalf("%v: the schema is\n%s", w, s)
			}
			for _, rows := range []int{64, 10_000} {
				got := texts(readAll(t, fit(t, f, nil), ReadOptions{Rows: rows}))
				if !slices.Equal(got, want) {
					t.Fatalf("%v %v: %d rows, want %d", w, sizes, len(got), len(want))
				}
			}
		}
	}
}

// A selection and a slice of a longer record are written as the rows that they are.
func TestSelectionsAreWritten(t *testing.T) {
	whole := randomRows(everyType, 2, 0, 1300)
	defer whole.Release()
	slice := batch.Slice(whole, 100, 1200)
	defer slice.Release()
	for _, sel := range [][]int32{{0, 5, 1099}, seq(1, 1090, 1), {}} {
		b := slice.WithSelection(sel)
		defer b.Release()
		var want []string
		for _, i := range sel {
			want = append(want, text(slice.Record, int(i)))
		}
		for _, w := range writings {
			if w.config != nil {
				continue
			}
			f := opened(t, w.format, written(t, w.format, w.config, everyType, b))
			if got := texts(readAll(t, fit(t, f, nil), ReadOptions{})); !slices.Equal(got, want) {
				t.Fatalf("%v: %d rows, want %d", w, len(got), len(want))
			}
		}
	}
}

func seq(from, to, step int32) []int32 {
	var all []int32
	for i := from; i < to; i += step {
		all = append(all, i)
	}
	return all
}

// Files without rows still say what columns they have; one row groups are read as well.
func TestTinyGroups(t *testing.T) {
	b := randomRows(everyType, 6, 0, 9)
	defer b.Release()
	f := opened(t, "parquet", written(t, "parquet", Parquet{Compression: "none", RowGroupRows: 1}, everyType, b))
	for from := range 10 {
		if got := texts(readAll(t, fit(t, f, nil), ReadOptions{From: int64(from), Rows: 2})); len(got) != 9-from {
			t.Errorf("%d rows from %d", len(got), from)
		}
	}
}

// Reading may go on at any row, and gives what is behind it.
func TestReadingGoesOnAnywhere(t *testing.T) {
	b := randomRows(everyType, 3, 0, 130)
	defer b.Release()
	for _, w := range writings {
		data := written(t, w.format, w.config, everyType, b)
		all := texts(readAll(t, fit(t, opened(t, w.format, data), nil), ReadOptions{}))
		for _, from := range []int{0, 36, 37, 38, 100, 129, 130} {
			got := texts(readAll(t, fit(t, opened(t, w.format, data), nil), ReadOptions{From: int64(from), Rows: 9}))
			if !slices.Equal(got, all[from:]) {
				t.Fatalf("%v from %d: %d rows, want %d", w, from, len(got), len(all)-from)
			}
		}
		_, err := tryRead(fit(t, opened(t, w.format, data), nil), ReadOptions{From: 131})
		if err == nil {
			t.Errorf("%v: a place behind the end is not told", w)
		}
	}
}

// Columns that nobody wants are blank, the others are what they are with all of them.
func TestProjection(t *testing.T) {
	b := randomRows(everyType, 4, 0, 300)
	defer b.Release()
	n := everyType.NumFields()
	for _, w := range writings {
		data := written(t, w.format, w.config, everyType, b)
		for _, wanted := range [][]int{{}, {0}, {4, 12}, {13}, {1, 2, 3}} {
			want := make([]bool, n)
			for _, i := range wanted {
				want[i] = true
			}
			row := 0
			for _, p := range readAll(t, fit(t, opened(t, w.format, data), nil), ReadOptions{Want: want, Rows: 50}) {
				for i := range int(p.Record.NumRows()) {
					for c := range n {
						got := p.Record.Column(c)
						if !want[c] {
							if got.IsValid(i) {
								t.Fatalf("%v: column %d is not blank", w, c)
							}
							continue
						}
						if got.ValueStr(i) != b.Record.Column(c).ValueStr(row) {
							t.Fatalf("%v: row %d column %d is %s", w, row, c, got.ValueStr(i))
						}
					}
					row++
				}
			}
			if row != 300 {
				t.Fatalf("%v %v: %d rows", w, wanted, row)
			}
		}
	}
}

// Some of the columns, in another order, and declared with other words for the same.
func TestSubset(t *testing.T) {
	b := randomRows(everyType, 5, 0, 20)
	defer b.Release()
	s := arrow.NewSchema([]arrow.Field{
		{Name: "y", Type: schema.Bytes, Nullable: true}, {Name: "id", Type: schema.Int, Nullable: true},
		{Name: "s", Type: schema.Bytes, Nullable: true},
	}, nil)
	for _, w := range writings {
		f := fit(t, opened(t, w.format, written(t, w.format, w.config, everyType, b)), s)
		row := 0
		for _, p := range readAll(t, f, ReadOptions{}) {
			if !p.Record.Schema().Equal(s) {
				t.Fatal(p.Record.Schema())
			}
			for i := range int(p.Record.NumRows()) {
				if p.Record.Column(1).ValueStr(i) != b.Record.Column(0).ValueStr(row) || p.Record.Column(0).ValueStr(i) != b.Record.Column(6).ValueStr(row) {
					t.Fatalf("row %d differs", row)
				}
				row++
			}
		}
	}
}

// Wide rows close a row group by their bytes, so that what is held does not go by their number.
func TestWideRowsCloseGroups(t *testing.T) {
	s := arrow.NewSchema([]arrow.Field{{Name: "s", Type: schema.String}}, nil)
	e := NewEncoder("parquet", Parquet{Compression: "none", RowGroupRows: 100_000}, s)
	row := make([]byte, 1<<20)
	for i := range row {
		row[i] = 'a' + byte(i%26)
	}
	b := batch.NewBuilder(s, memory.DefaultAllocator)
	defer b.Release()
	var data []byte
	most := 0
	for i := range 160 {
		row[0] = byte(i % 26)
		b.Column(0).AppendBytes(row)
		one := b.Batch()
		before := len(data)
		data, _ = e.Append(data, one)
		one.Release()
		most = max(most, len(data)-before)
	}
	data, err := e.End(data)
	if err != nil {
		t.Fatal(err)
	}
	groups, _ := opened(t, "parquet", data).stored.groups()
	if len(groups) != 3 || most > groupBytes+8<<20 {
		t.Errorf("groups of %v rows, %d bytes at once", groups, most)
	}
}
