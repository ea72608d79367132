package generate

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"flowrun/dag/op"
	"flowrun/dag/op/optest"
	"flowrun/dag/plan"
	"flowrun/dag/spec"
	"flowrun/nodes"
)

// lower reads the settings of a generate and gives its scan, or what is said against it.
func lower(t testing.TB, settings string) (*plan.Scan, string) {
	t.Helper()
	src := "nodes:\n  in:\n    generate: " + settings + "\n"
	f, list := spec.Load("x.yaml", []byte(src), spec.Options{Kinds: nodes.Names()})
	if list.HasErrors() {
		return nil, list.Error()
	}
	p, list := nodes.Lower(context.Background(), f)
	if list.HasErrors() {
		return nil, list.Error()
	}
	s, ok := p.Nodes[0].Op.(*plan.Scan)
	if !ok {
		t.Fatalf("no scan, and nothing said against it: %s", settings)
	}
	return s, ""
}

func open(t *testing.T, rt op.Runtime, settings string, from []byte) op.Source {
	t.Helper()
	scan, wrong := lower(t, settings)
	if wrong != "" {
		t.Fatal(wrong)
	}
	s, err := nodes.Connectors{}.Source(&plan.Node{Kind: "generate", Op: scan})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Open(t.Context(), rt, from); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func take(t *testing.T, rt op.Runtime, settings string) [][]string {
	t.Helper()
	return optest.Take(t.Context(), t, open(t, rt, settings, nil), nil).Rows
}

func equal(a, b [][]string) bool { return slices.EqualFunc(a, b, slices.Equal[[]string]) }

const sensors = `{rows: 40, pace: none, seed: 7, start: "2026-01-01T00:00:00Z", rows_per_second: 4, ` +
	`fields: {n: n, ts: at, device: '"dev-" + string(rand_int(1, 5))', temp: 'normal(20, 5)', other: 'rand() - rand()', status: 'pick(["ok", "ok", "warn"])'}}`

func TestRowsFollowFromTheSettings(t *testing.T) {
	first := optest.New(t)
	rows := take(t, first, sensors)
	if len(rows) != 40 {
		t.Fatalf("%d rows", len(rows))
	}
	other := optest.New(t)
	other.Rows = 3 // cut differently
	if again := take(t, other, sensors); !equal(again, rows) {
		t.Errorf("the same settings gave\n%v\nand\n%v", rows, again)
	}
	if reseeded := take(t, optest.New(t), strings.Replace(sensors, "seed: 7", "seed: 8", 1)); equal(reseeded, rows) {
		t.Error("another seed gave the same rows")
	}
	if got := rows[6]; got[0] != "6" || got[1] != "2026-01-01T00:00:01.5Z" || !strings.HasPrefix(got[2], "dev-") {
		t.Errorf("row 6 is %v", got)
	}
	zero := 0
	for _, r := range rows {
		if r[4] == "0" {
			zero++
		}
	}
	if zero > 0 {
		t.Error("two calls of one expression gave the same number")
	}
}

func TestGoesOnAtEveryPosition(t *testing.T) {
	settings := strings.Replace(sensors, `start: "2026-01-01T00:00:00Z", `, "", 1)
	for stop := 1; stop <= 14; stop++ {
		rt := optest.New(t)
		rt.Rows = 3
		first := optest.Take(t.Context(), t, open(t, rt, settings, nil), func(got *optest.Taken) bool { return got.Batches == stop })
		from, err := first.Last.AppendBinary(nil)
		if err != nil {
			t.Fatal(err)
		}
		rest := optest.Take(t.Context(), t, open(t, rt, settings, from), nil)
		rows := append(first.Rows, rest.Rows...)
		if len(rows) != 40 {
			t.Fatalf("%d rows", len(rows))
		}
		start, err := time.Parse(time.RFC3339Nano, rows[0][1])
		if err != nil {
			t.Fatal(err)
		}
		for i, r := range rows { // the times go on too
			if at, err := time.Parse(time.RFC3339Nano, r[1]); err != nil || !at.Equal(start.Add(time.Duration(i)*250*time.Millisecond)) {
				t.Fatalf("row %d is at %s, %v", i, r[1], err)
			}
		}
	}
}

func TestDefaultColumns(t *testing.T) {
	scan, wrong := lower(t, "{}")
	if wrong != "" {
		t.Fatal(wrong)
	}
	if got := scan.Schema.String(); !strings.Contains(got, "n: type=int64") || !strings.Contains(got, "at: type=timestamp[us, tz=UTC]") {
		t.Errorf("schema %s", got)
	}
	if scan.Bounded || scan.UntilNow || !scan.Replays || scan.Detail != "10 rows/s" {
		t.Errorf("scan %+v", scan)
	}
	if scan, _ := lower(t, "{rows: 5, pace: none}"); !scan.Bounded || !scan.UntilNow || scan.Detail != "as fast as possible, 5 rows" {
		t.Errorf("scan %+v", scan)
	}
}

func TestRowsThatCannotBeComputed(t *testing.T) {
	rt := optest.New(t)
	s := open(t, rt, `{rows: 6, pace: none, fields: {n: n, x: 'rand_int(n, 3)', y: '10 % (n - 1)'}}`, nil)
	got := optest.Take(t.Context(), t, s, nil)
	if rows := got.Column(0); !slices.Equal(rows, []string{"0", "2", "3"}) {
		t.Errorf("rows %q", rows)
	}
	var raws []string
	for _, r := range got.Rejects {
		raws = append(raws, string(r.Raw))
		if r.Reason == "" || r.At.IsZero() || !strings.Contains(r.Detail, "field ") {
			t.Errorf("reject %+v", r)
		}
	}
	if !slices.Equal(raws, []string{`{"n":1}`, `{"n":4}`, `{"n":5}`}) {
		t.Errorf("rejects of %q", raws)
	}
}

func TestPacedRowsComeWhenTheyAreDue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := open(t, optest.New(t), "{rows_per_second: 4, rows: 9}", nil)
		start := time.Now()
		for i := range 9 {
			b, _, err := s.Read(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if b.Rows() != 1 || time.Since(start) != time.Duration(i)*250*time.Millisecond {
				t.Errorf("batch %d has %d rows after %v", i, b.Rows(), time.Since(start))
			}
			b.Release()
		}
		if _, _, err := s.Read(t.Context()); err != io.EOF {
			t.Errorf("behind the last row: %v", err)
		}
	})
}

func TestUntilNowDoesNotWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rt := optest.New(t)
		rt.Until = true
		start := time.Now()
		if n := len(take(t, rt, "{rows_per_second: 1, rows: 100}")); n != 100 || time.Since(start) != 0 {
			t.Errorf("%d rows after %v", n, time.Since(start))
		}
	})
}

func TestCancelWhileWaiting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := open(t, optest.New(t), "{rows_per_second: 0.01}", nil)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		got := optest.Take(ctx, t, s, nil)
		if len(got.Rows) != 1 {
			t.Errorf("%d rows", len(got.Rows))
		}
		if _, _, err := s.Read(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Read = %v", err)
		}
	})
}

func TestDamagedPosition(t *testing.T) {
	s := &source{}
	for _, from := range [][]byte{{}, {0x80}, {1}, {1, 2, 3}} {
		if err := s.Open(t.Context(), optest.New(t), from); err == nil || !strings.Contains(err.Error(), "damaged") {
			t.Errorf("position %x: %v", from, err)
		}
	}
}

func TestWrongSettings(t *testing.T) {
	for settings, want := range map[string]string{
		"{rows_per_second: 0}":            "rows_per_second is 0, but has to be from 0.001 to 1000000000",
		"{rows_per_second: -1}":           "rows_per_second is -1",
		"{rows: -1}":                      "rows cannot be negative",
		"{start: yesterday}":              `start "yesterday" is no time in RFC 3339`,
		"{pace: fast}":                    "pace",
		"{fields: {a: nil}}":              "always nil",
		"{fields: {a: b}}":                `"b"`,
		"{fields: {a: 'rand_int(1)'}}":    "rand_int",
		"{fields: {a: 'pick(1)'}}":        "wants one list",
		`{fields: {a: 'normal("x", 1)'}}`: "normal",
	} {
		if _, wrong := lower(t, settings); !strings.Contains(wrong, want) {
			t.Errorf("%s: said %q, want %q", settings, wrong, want)
		}
	}
}

func BenchmarkGenerate(b *testing.B) {
	for name, fields := range map[string]string{
		"given":  "",
		"random": ", fields: {a: 'rand()', b: 'rand_int(1, 1000)', c: 'pick([\"ok\", \"warn\"])'}",
	} {
		b.Run(name, func(b *testing.B) {
			scan, wrong := lower(b, "{pace: none"+fields+"}")
			if wrong != "" {
				b.Fatal(wrong)
			}
			s, err := nodes.Connectors{}.Source(&plan.Node{Kind: "generate", Op: scan})
			if err != nil {
				b.Fatal(err)
			}
			if err := s.Open(b.Context(), optest.New(b), nil); err != nil {
				b.Fatal(err)
			}
			defer s.Close()
			b.ReportAllocs()
			rows := 0
			for rows < b.N {
				out, _, err := s.Read(b.Context())
				if err != nil {
					b.Fatal(err)
				}
				rows += out.Rows()
				out.Release()
			}
			b.ReportMetric(float64(rows)/b.Elapsed().Seconds()/1e6, "Mrows/s")
		})
	}
}

// A field that nobody reads is not computed where nothing can be wrong with it; one that can reject rows still does.
func TestFieldsNobodyReads(t *testing.T) {
	const settings = `{rows: 3, pace: none, fields: {a: n, b: 'string(n)', c: '10 % n'}}`
	read := func(want []bool) *optest.Taken {
		scan, wrong := lower(t, settings)
		if wrong != "" {
			t.Fatal(wrong)
		}
		scan.Want = want
		s, err := nodes.Connectors{}.Source(&plan.Node{Kind: "generate", Op: scan})
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Open(t.Context(), optest.New(t), nil); err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		return optest.Take(t.Context(), t, s, nil)
	}
	all, some := read(nil), read([]bool{true, false, false})
	if got := some.Column(0); !slices.Equal(got, all.Column(0)) || !slices.Equal(got, []string{"1", "2"}) {
		t.Errorf("rows %q, all columns wanted %q", got, all.Column(0))
	}
	if got := some.Column(1); !slices.Equal(got, []string{"(null)", "(null)"}) {
		t.Errorf("not wanted: %q", got)
	}
	if len(some.Rejects) != 1 || len(all.Rejects) != 1 || some.Rejects[0].Detail != all.Rejects[0].Detail {
		t.Errorf("rejects %v, all columns wanted %v", some.Rejects, all.Rejects)
	}
}
