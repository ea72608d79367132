package file

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"

	"flowrun/dag/codec"
	"flowrun/dag/op/optest"
	"flowrun/dag/plan"
	"flowrun/dag/schema"
)

// A run that goes on in the middle of a CSV file knows its columns from the header, however the file is packed.
func TestResumeBehindTheHeader(t *testing.T) { inLanes(t, resumeBehindTheHeader) }

func resumeBehindTheHeader(t *testing.T) {
	columns := arrow.NewSchema([]arrow.Field{{Name: "b", Type: schema.Int, Nullable: true}, {Name: "a", Type: schema.String, Nullable: true}}, nil)
	const text = "a,b\n\"x\ny\",1\nz,2\n,3\n"
	for _, name := range []string{"in.csv", "in.csv.gz"} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), name)
			f, err := os.Create(path)
			if err != nil {
				t.Fatal(err)
			}
			w, err := compressionOf("auto", path).writer(f)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := w.Write([]byte(text)); err != nil {
				t.Fatal(err)
			}
			if err := w.Close(); err != nil {
				t.Fatal(err)
			}
			if err := f.Close(); err != nil {
				t.Fatal(err)
			}
			rt := lent(t)
			rt.Rows = 1
			read := func(from []byte, enough func(*optest.Taken) bool) *optest.Taken {
				s := newSource(Config{Path: path, Compression: "auto", MaxLineBytes: 100}, &plan.Scan{Format: plan.Format{Name: "csv", Config: codec.DefaultCSV}, Schema: columns})
				defer s.Close()
				if err := s.Open(context.Background(), rt, from); err != nil {
					t.Fatal(err)
				}
				return optest.Take(context.Background(), t, s, enough)
			}
			first := read(nil, optest.Rows(1))
			from, err := first.Last.AppendBinary(nil)
			if err != nil {
				t.Fatal(err)
			}
			rest := read(from, nil)
			got := append(append(first.Column(1), rest.Column(1)...), append(first.Column(0), rest.Column(0)...)...)
			if want := []string{"x\ny", "z", "(null)", "1", "2", "3"}; !slices.Equal(got, want) || len(rest.Rejects) > 0 {
				t.Errorf("%q, rejects %v", got, rest.Rejects)
			}
		})
	}
}
