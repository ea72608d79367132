package columnar

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"strings"
	"testing"
)

// touchAll reads a damaged file as a run would, and looks at all that comes out, so that what points astray panics here.
func touchAll(format string, data []byte) error {
	f, err := Open(format, bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return err
	}
	s, err := f.Schema()
	if err != nil || s.NumFields() == 0 {
		return err
	}
	fitted, problems := f.Fit(s)
	if fitted == nil {
		return problems[0]
	}
	pieces, err := tryRead(fitted, ReadOptions{Rows: 50, Conditions: []Condition{{0, ">", int64(3)}}})
	for _, p := range pieces {
		texts([]*Piece{p})
		p.Record.Release()
	}
	return err
}

// What is damaged is an error of one of three kinds, or was not noticed; never a panic, and never a way to wait for ever.
func TestDamagedFiles(t *testing.T) {
	b := randomRows(everyType, 11, 0, 90)
	defer b.Release()
	r := rand.New(rand.NewPCG(1, 2))
	const tries = 60
	for _, w := range []struct {
		format string
		config any
	}{
		{"parquet", Parquet{Compression: "none", RowGroupRows: 40}}, {"parquet", Parquet{Compression: "zstd", RowGroupRows: 40}},
		{"parquet", Parquet{Compression: "snappy", RowGroupRows: 1000}},
		{"arrow", nil}, {"arrow", Arrow{Compression: "zstd"}}, {"arrow", Arrow{Compression: "lz4"}},
	} {
		whole := written(t, w.format, w.config, everyType, b)
		if err := touchAll(w.format, whole); err != nil {
			t.Fatal(err)
		}
		told := 0
		check := func(data []byte) {
			err := touchAll(w.format, data)
			var d *Damage
			var p *Problem
			switch {
			case err == nil:
			case errors.As(err, &d), errors.As(err, &p):
				told++
			default:
				t.Fatalf("%v: an error of another kind: %v", w, err)
			}
		}
		for range tries {
			data := bytes.Clone(whole)
			for range 1 + r.IntN(4) {
				data[r.IntN(len(data))] ^= 1 << r.IntN(8)
			}
			check(data)
			// What stands at the end tells where all else is.
			data = bytes.Clone(whole)
			at := len(data) - 1 - r.IntN(min(len(data), 2000))
			data[at] = byte(r.IntN(256))
			check(data)
			check(whole[:r.IntN(len(whole))])
			from := r.IntN(len(whole))
			check(append(bytes.Clone(whole[:from]), whole[min(from+1+r.IntN(64), len(whole)):]...))
		}
		if told < tries {
			t.Errorf("%v: only %d of %d damaged files were told", w, told, 4*tries)
		}
	}
}

func TestWhatIsNoFileOfTheFormat(t *testing.T) {
	b := randomRows(everyType, 12, 0, 3)
	defer b.Release()
	parquet, arrow := written(t, "parquet", nil, everyType, b), written(t, "arrow", nil, everyType, b)
	for _, c := range []struct {
		format string
		data   string
		want   string
	}{
		{"parquet", "", "it is empty"},
		{"parquet", `{"a":1}`, "does not begin as one"},
		{"parquet", strings.Repeat("lines\n", 100), "does not begin as one"},
		{"parquet", string(arrow), "does not begin as one"},
		{"arrow", "", "it is empty"},
		{"arrow", string(parquet), "it is a Parquet file"},
		{"arrow", "FEA1" + strings.Repeat("x", 100), "Feather file of version 1"},
		{"arrow", strings.Repeat("lines\n", 100), "it is damaged, or no arrow file"},
		{"arrow", string(arrow[:len(arrow)-20]), "it is damaged, or no arrow file"},
		{"parquet", string(parquet[:len(parquet)-20]), "it is damaged, or no parquet file"},
	} {
		err := touchAll(c.format, []byte(c.data))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %s", c.format, err, c.want)
		}
	}
}
