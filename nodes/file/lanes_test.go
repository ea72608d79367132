package file

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"pgregory.net/rapid"

	"flowrun/dag/codec"
	"flowrun/dag/diag"
	"flowrun/dag/expr"
	"flowrun/dag/op/optest"
	"flowrun/dag/plan"
	"flowrun/dag/schema"
)

// lanes is how many the Runtimes have that lent makes.
var lanes = 1

// inLanes runs a test of the source with one lane and with several.
func inLanes(t *testing.T, test func(*testing.T)) {
	for _, n := range []int{1, 2, 4} {
		t.Run(fmt.Sprint(n, " lanes"), func(t *testing.T) {
			lanes = n
			defer func() { lanes = 1 }()
			test(t)
		})
	}
}

func lent(t testing.TB) *optest.Runtime {
	rt := optest.New(t)
	rt.Paths = lanes
	return rt
}

// laneCase is a format as the tests of lanes read it, and what its lines are made of.
type laneCase struct {
	name      string
	format    plan.Format
	schema    *arrow.Schema
	condition string
	pieces    []string
}

func laneCases() []laneCase {
	columns := arrow.NewSchema([]arrow.Field{{Name: "a", Type: schema.Int, Nullable: true}, {Name: "b", Type: schema.String, Nullable: true}}, nil)
	long := strings.Repeat("x", 90)
	return []laneCase{
		{"text", plan.Format{Name: "text"}, codec.TextSchema, `value contains "b"`,
			[]string{"to be\n", "or not\r\n", "\n", "\xff\n", "b", long, long + "\n", "ä", "\n"}},
		{"csv", plan.Format{Name: "csv", Config: codec.DefaultCSV}, columns, `a > 1`,
			[]string{"1,x\n", "2,\"y\ny\"\r\n", ",\n", "\n", "3,\"", "\"", "4,\"a\"\"b\"\n", "5,z,6\n", "a\"b,1\n", long, "\xff\n"}},
		{"csv without a header", plan.Format{Name: "csv", Config: codec.CSV{Delimiter: ";"}}, columns, `a > 1`,
			[]string{"1;x\n", "2;\"y\ny\"\r\n", ";\n", "\n", "3;\"", "\"", "\ufeff7;q\n", long}},
		{"kv", plan.Format{Name: "kv", Config: codec.DefaultKV}, columns, `a > 1`,
			[]string{"a=1 b=x\n", "b=\"y y\" a=2\r\n", "a=3\n", "\n", "a=", " ", "b", long}},
		{"json", plan.Format{Name: "json"}, columns, `a > 1`,
			[]string{"{\"a\":1,\"b\":\"x\"}\n", "{\"a\":2}\r\n", "{\"b\":\"y\"}\n", "{\n", "{\"a\":", " ", long}},
	}
}

func (c laneCase) program(t *testing.T) *expr.Program {
	t.Helper()
	p, list := expr.Compile(diag.Text{Value: c.condition}, &expr.Env{Schema: c.schema})
	if p == nil {
		t.Fatal(list)
	}
	return p
}

// all is what a source gave, as text, and the position behind what was taken.
type all struct {
	rows, rejects []string
	skipped       int
	from          []byte
}

func (a *all) String() string {
	return fmt.Sprintf("rows %q\nrejects %q\nskipped %d", a.rows, a.rejects, a.skipped)
}

// readAll reads up to the end of the input, or, where batches is not negative, so many of them.
func readAll(t *testing.T, lanes, bytes, rows int, path string, scan *plan.Scan, from []byte, batches int) *all {
	t.Helper()
	rt := optest.New(t)
	rt.Paths, rt.Bytes, rt.Rows = lanes, bytes, rows
	s := newSource(Config{Path: path, Compression: "auto", MaxLineBytes: 70}, scan)
	if err := s.Open(context.Background(), rt, from); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}()
	got := &all{from: from}
	for batches != 0 {
		b, p, err := s.Read(context.Background())
		if b != nil {
			batches--
			got.skipped += b.Skipped
			if n := b.Rows() + len(b.Rejects) + b.Skipped; n == 0 || n > rows {
				t.Errorf("a batch of %d rows and rejects, and at most %d are asked for", n, rows)
			}
			for _, j := range b.Rejects {
				got.rejects = append(got.rejects, fmt.Sprintf("%s: %s: %s", j.Reason, j.Detail, j.Raw))
			}
			var taken optest.Taken
			taken.Add(b)
			for _, row := range taken.Rows {
				got.rows = append(got.rows, strings.Join(row, "|"))
			}
			if got.from, err = p.AppendBinary(nil); err != nil {
				t.Fatal(err)
			}
		}
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("Read: %v", err)
		}
	}
	return got
}

// However many lanes decode, and wherever a run stops and goes on, the rows, their order, the rejects and what was left out
// are those of one lane.
func TestLanesAreAsOne(t *testing.T) {
	dir := t.TempDir()
	for _, c := range laneCases() {
		packed := []compression{plain}
		if c.name == "csv" { // what packs a file knows nothing of its format
			packed = append(packed, gz, zst)
		}
		for _, how := range packed {
			t.Run(c.name+" "+string(how), func(t *testing.T) {
				path := filepath.Join(dir, "in"+how.extension())
				condition := c.program(t)
				rapid.Check(t, func(rt *rapid.T) {
					var text strings.Builder
					if c.format.Config == any(codec.DefaultCSV) {
						text.WriteString("b,a\n")
						if rapid.Bool().Draw(rt, "in our order") {
							text.Reset()
							text.WriteString("a,b\n")
						}
					}
					for _, piece := range rapid.SliceOfN(rapid.SampledFrom(c.pieces), 0, 80).Draw(rt, "pieces") {
						text.WriteString(piece)
					}
					if err := os.WriteFile(path, pack(t, how, text.String()), 0o600); err != nil {
						t.Fatal(err)
					}
					scan := &plan.Scan{Format: c.format, Schema: c.schema}
					if rapid.Bool().Draw(rt, "pushed") {
						scan.Pushed = []*expr.Program{condition}
					}
					bytes, rows := rapid.IntRange(8, 120).Draw(rt, "chunk"), rapid.IntRange(1, 9).Draw(rt, "rows")
					lanes := rapid.IntRange(2, 4).Draw(rt, "lanes")
					want := readAll(t, 1, bytes, rows, path, scan, nil, -1)
					got := readAll(t, lanes, bytes, rows, path, scan, nil, -1)
					if got.String() != want.String() {
						rt.Fatalf("%d lanes of %q:\n%v\none lane:\n%v", lanes, text.String(), got, want)
					}
					first := readAll(t, lanes, bytes, rows, path, scan, nil, rapid.IntRange(0, 12).Draw(rt, "stop"))
					rest := readAll(t, rapid.IntRange(1, 4).Draw(rt, "later"), bytes, rows, path, scan, first.from, -1)
					rest.rows, rest.rejects = append(first.rows, rest.rows...), append(first.rejects, rest.rejects...)
					rest.skipped += first.skipped
					if rest.String() != want.String() {
						rt.Fatalf("stopped, of %q:\n%v\none lane:\n%v", text.String(), rest, want)
					}
				})
			})
		}
	}
}

// A run that stops while lanes read ahead leaves no goroutine (TestMain looks) and no buffer behind.
func TestStopsWhileLanesReadAhead(t *testing.T) {
	rt := optest.New(t)
	rt.Paths, rt.Bytes, rt.Rows = 3, 64, 2
	s := open(t, rt, onDisk(t, strings.Repeat("to be\nor not\n", 1000)), nil)
	ctx, cancel := context.WithCancel(t.Context())
	got := optest.Take(ctx, t, s, func(got *optest.Taken) bool {
		if got.Batches == 40 {
			cancel()
		}
		return false
	})
	if got.Batches != 40 || !s.lanes.Busy() {
		t.Errorf("%d batches, lanes at work: %v", got.Batches, s.lanes.Busy())
	}
	if _, _, err := s.Read(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("Read = %v", err)
	}
	// What was read ahead is still there for who goes on.
	rest := optest.Take(t.Context(), t, s, nil)
	if n := len(got.Rows) + len(rest.Rows); n != 2000 {
		t.Errorf("%d rows in all", n)
	}
}

func TestDamageBehindWhatLanesRead(t *testing.T) {
	packed := pack(t, gz, strings.Repeat("to be or not to be\n", 10_000))
	path := put(t, filepath.Join(t.TempDir(), "in.gz"), packed[:len(packed)-6])
	for _, lanes := range []int{1, 3} {
		rt := optest.New(t)
		rt.Paths, rt.Bytes = lanes, 8
		s := open(t, rt, path, nil)
		rows := 0
		for {
			b, _, err := s.Read(t.Context())
			if b != nil {
				rows += b.Rows()
				b.Release()
			}
			if err != nil {
				if !strings.Contains(err.Error(), "its gzip data is cut off") {
					t.Errorf("Read = %v", err)
				}
				break
			}
		}
		if rows == 0 {
			t.Errorf("%d lanes: no row came before the damage", lanes)
		}
	}
}

// A condition that fails although it was said not to ends the run, in a lane as in the reader.
func TestPushedConditionThatFails(t *testing.T) {
	p, list := expr.Compile(diag.Text{Value: "int(value) > 0"}, &expr.Env{Schema: codec.TextSchema})
	if p == nil {
		t.Fatal(list)
	}
	for _, bad := range []int{0, 900} {
		rows := make([]string, 1000)
		for i := range rows {
			rows[i] = "1\n"
		}
		rows[bad] = "x\n"
		rt := optest.New(t)
		rt.Paths, rt.Bytes = 2, 64
		s := newSource(Config{Path: onDisk(t, strings.Join(rows, "")), Compression: "auto", MaxLineBytes: 70},
			&plan.Scan{Format: plan.Format{Name: "text"}, Schema: codec.TextSchema, Pushed: []*expr.Program{p}})
		if err := s.Open(t.Context(), rt, nil); err != nil {
			t.Fatal(err)
		}
		var err error
		for err == nil {
			b, _, e := s.Read(t.Context())
			if err = e; b != nil {
				b.Release()
			}
		}
		if !strings.Contains(err.Error(), "a condition that was pushed into the source failed") {
			t.Errorf("row %d: Read = %v", bad, err)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}
