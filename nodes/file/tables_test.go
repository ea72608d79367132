package file

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"flowrun/dag/batch"
	"flowrun/dag/codec"
	"flowrun/dag/codec/columnar"
	"flowrun/dag/diag"
	"flowrun/dag/expr"
	"flowrun/dag/op/optest"
	"flowrun/dag/plan"
	"flowrun/dag/schema"
	"flowrun/nodes"
)

var events = arrow.NewSchema([]arrow.Field{
	{Name: "n", Type: schema.Int},
	{Name: "temp", Type: schema.Float, Nullable: true},
	{Name: "dev", Type: schema.String, Nullable: true},
	{Name: "at", Type: schema.Timestamp, Nullable: true},
	{Name: "ok", Type: schema.Bool, Nullable: true},
}, nil)

// someEvents are rows whose columns have bounds that differ from group to group.
func someEvents(from, n int) *batch.Batch {
	b := batch.NewBuilder(events, memory.DefaultAllocator)
	defer b.Release()
	for i := from; i < from+n; i++ {
		b.Column(0).AppendInt(int64(i))
		if i%7 == 0 {
			b.Column(1).AppendNull()
		} else {
			b.Column(1).AppendFloat(float64(i%50) + 0.5)
		}
		if i/100%3 == 2 {
			b.Column(2).AppendNull()
		} else {
			b.Column(2).AppendString(fmt.Sprintf("dev-%d", i/100))
		}
		b.Column(3).AppendInt(int64(i) * 1_000_000)
		b.Column(4).AppendBool(i/50%2 == 0)
	}
	return b.Batch()
}

// tableOf writes a file of rows and gives its path.
func tableOf(t testing.TB, name, format string, config any, s *arrow.Schema, batches ...*batch.Batch) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	e := columnar.NewEncoder(format, config, s)
	var data []byte
	for _, b := range batches {
		data, _ = e.Append(data, b)
	}
	data, err := e.End(data)
	if err == nil {
		err = os.WriteFile(path, data, 0o666)
	}
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// lines are rows as JSON.
func linesOf(t testing.TB, s *arrow.Schema, b *batch.Batch) []string {
	t.Helper()
	text, failed := codec.NewEncoder("json", s).Append(nil, b)
	if len(failed) > 0 {
		t.Fatal(failed)
	}
	return strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
}

// reading is what a source gave from a position on.
type reading struct {
	rows      []string
	counted   int // with those that were skipped
	rejects   []batch.Reject
	positions [][]byte // behind each batch
	after     []int    // rows so far, at each position
}

func readTables(t testing.TB, rt *optest.Runtime, scan *plan.Scan, path string, from []byte) (*reading, error) {
	t.Helper()
	s := newTables(Config{Path: path, Compression: "auto"}, scan)
	if err := s.Open(context.Background(), rt, from); err != nil {
		return nil, err
	}
	defer s.Close()
	out := &reading{}
	for {
		b, pos, err := s.Read(context.Background())
		if b != nil {
			if b.Rows() > 0 {
				out.rows = append(out.rows, linesOf(t, b.Schema(), b)...)
			}
			out.counted += b.Count()
			out.rejects = append(out.rejects, b.Rejects...)
			b.Release()
		}
		if pos != nil {
			p, err := pos.AppendBinary(nil)
			if err != nil {
				t.Fatal(err)
			}
			out.positions, out.after = append(out.positions, p), append(out.after, len(out.rows))
		}
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return out, err
		}
	}
}

func scanOf(format string, s *arrow.Schema) *plan.Scan {
	return &plan.Scan{Format: plan.Format{Name: format}, Schema: s, Pushes: true}
}

func TestTablesGoOnWhereTheyWere(t *testing.T) {
	for _, format := range columnar.Formats() {
		dir := t.TempDir()
		for i := range 3 {
			b := someEvents(i*250, 250)
			data, err := os.ReadFile(tableOf(t, "x", format, columnar.Parquet{Compression: "zstd", RowGroupRows: 100}, events, b))
			if format == "arrow" {
				data, err = os.ReadFile(tableOf(t, "x", format, nil, events, batch.Slice(b, 0, 100), batch.Slice(b, 100, 250)))
			}
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("%d.%s", i, format)), data, 0o666); err != nil {
				t.Fatal(err)
			}
			b.Release()
		}
		rt := optest.New(t)
		rt.Rows = 30
		whole, err := readTables(t, rt, scanOf(format, events), dir, nil)
		if err != nil || len(whole.rows) != 750 {
			t.Fatal(len(whole.rows), err)
		}
		for i, p := range whole.positions {
			rest, err := readTables(t, rt, scanOf(format, events), dir, p)
			if err != nil || !slices.Equal(rest.rows, whole.rows[whole.after[i]:]) {
				t.Fatalf("%s: from behind %d rows: %d rows, %v", format, whole.after[i], len(rest.rows), err)
			}
		}
		// Bytes of lines and rows of columns are not taken for one another.
		if _, err := parsePosition(whole.positions[0]); !errors.Is(err, errOfRows) {
			t.Error(err)
		}
		text, _ := position{}.with(0, &mark{name: "x", at: 3}).AppendBinary(nil)
		if _, err := readTables(t, rt, scanOf(format, events), dir, text); !errors.Is(err, errOfBytes) {
			t.Error(err)
		}
	}
}

func compiled(t testing.TB, s *arrow.Schema, text string) *expr.Program {
	t.Helper()
	p, list := expr.Compile(diag.Text{Value: text}, &expr.Env{Schema: s})
	if p == nil {
		t.Fatal(list)
	}
	return p
}

// What a pushed condition leaves out is what a filter would leave out, and all of it is counted; columns that nobody wants do
// not change that.
func TestPushedConditionsChangeNothing(t *testing.T) {
	b := someEvents(0, 700)
	defer b.Release()
	conditions := []string{
		`n >= 650`, `n < 20`, `n == 555`, `n == 5000`, `n != 3`, `n > 10.5 && n < 12.5`, `temp > 49`, `temp > 100`, `temp == nil`,
		`temp != nil && temp < 1`, `dev == "dev-3"`, `dev == nil`, `dev > "dev-4"`, `dev != "dev-0"`, `ok`, `not ok`, `ok && n > 600`,
		`n > 600 || dev == "dev-0"`, `at >= date("1970-01-01T00:10:00Z")`, `temp / 2 > 24`, `1 > 2`, `n > 30 && n < 35 && dev startsWith "dev"`,
	}
	for _, format := range columnar.Formats() {
		path := tableOf(t, "x."+format, format, columnar.Parquet{Compression: "none", RowGroupRows: 64}, events, b)
		if format == "arrow" {
			path = tableOf(t, "x.arrow", format, nil, events, b)
		}
		rt := optest.New(t)
		rt.Rows = 50
		for _, text := range conditions {
			program := compiled(t, events, text)
			e := program.Evaluator(memory.DefaultAllocator)
			sel, _, err := e.Select(b)
			e.Close()
			if err != nil {
				t.Fatal(err)
			}
			kept := b.WithSelection(sel)
			var want []string
			if len(sel) > 0 {
				want = linesOf(t, events, kept)
			}
			kept.Release()
			for _, columns := range [][]bool{nil, {true, false, false, false, false}, {false, false, false, true, false}} {
				scan := scanOf(format, events)
				scan.Want, scan.Pushed = columns, []*expr.Program{program}
				got, err := readTables(t, rt, scan, path, nil)
				if err != nil || got.counted != 700 || len(got.rejects) > 0 {
					t.Fatalf("%s %s: %d counted, %d rejects, %v", format, text, got.counted, len(got.rejects), err)
				}
				if blanked := blankLines(t, want, columns); !slices.Equal(got.rows, blanked) {
					t.Fatalf("%s %s %v:\n%d rows, want %d", format, text, columns, len(got.rows), len(blanked))
				}
				for i := 0; i < len(got.positions); i += 7 {
					p := got.positions[i]
					rest, err := readTables(t, rt, scan, path, p)
					if err != nil || !slices.Equal(rest.rows, got.rows[got.after[i]:]) {
						t.Fatalf("%s %s: from behind %d rows: %d rows, %v", format, text, got.after[i], len(rest.rows), err)
					}
				}
			}
		}
	}
}

// blankLines are rows as JSON with null in the columns that are not wanted.
func blankLines(t testing.TB, rows []string, want []bool) []string {
	if want == nil || len(rows) == 0 {
		return rows
	}
	d := codec.NewDecoder(codec.DecoderOptions{Format: "json", Schema: events, Want: want, Allocator: memory.DefaultAllocator, Now: time.Now})
	defer d.Close()
	for _, r := range rows {
		d.Decode([]byte(r))
	}
	b := d.Batch(time.Time{})
	defer b.Release()
	return linesOf(t, events, b)
}

// Groups that statistics rule out are not read: of a file of many groups, a condition on one reads little.
func TestGroupsAreNotRead(t *testing.T) {
	b := someEvents(0, 20_000)
	defer b.Release()
	path := tableOf(t, "x.parquet", "parquet", columnar.Parquet{Compression: "none", RowGroupRows: 1000}, events, b)
	read := func(text string) uint64 {
		scan := scanOf("parquet", events)
		if text != "" {
			scan.Pushed = []*expr.Program{compiled(t, events, text)}
		}
		s := newTables(Config{Path: path, Compression: "auto"}, scan)
		if err := s.Open(context.Background(), optest.New(t), nil); err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		for {
			b, _, err := s.Read(context.Background())
			if b != nil {
				b.Release()
			}
			if err == io.EOF {
				return s.BytesRead()
			} else if err != nil {
				t.Fatal(err)
			}
		}
	}
	all := read("")
	for _, text := range []string{`n == 7777`, `at > date("1970-01-01T05:30:00Z")`, `dev == "dev-121"`, `temp > 50`} {
		if some := read(text); some > all/2 {
			t.Errorf("%s: %d bytes read of %d", text, some, all)
		}
	}
}

// A value that has no form in its column rejects its row, with its place, whether its column is wanted or not.
func TestTablesReject(t *testing.T) {
	// What the file allows to be null the schema does not.
	b := someEvents(0, 100)
	defer b.Release()
	strict := arrow.NewSchema([]arrow.Field{{Name: "n", Type: schema.Int}, {Name: "temp", Type: schema.Float}}, nil)
	for _, format := range columnar.Formats() {
		path := tableOf(t, "x."+format, format, nil, events, b)
		rt := optest.New(t)
		rt.Rows = 30
		for _, want := range [][]bool{nil, {true, false}} {
			scan := scanOf(format, strict)
			scan.Want = want
			scan.Pushed = []*expr.Program{compiled(t, strict, "n < 50")}
			got, err := readTables(t, rt, scan, path, nil)
			if err != nil || len(got.rejects) != 15 || got.counted != 85 || len(got.rows) != 42 {
				t.Fatalf("%s: %d rejects, %d counted, %d rows, %v", format, len(got.rejects), got.counted, len(got.rows), err)
			}
			r := got.rejects[14]
			if r.Reason != codec.UnwantedNull || r.Detail != "temp" || string(r.Raw) != fmt.Sprintf(`{"file":%q,"row":98,"column":"temp"}`, path) {
				t.Errorf("%s: %+v %s", format, r, r.Raw)
			}
		}
	}
}

func TestDamagedTableEndsTheRun(t *testing.T) {
	b := someEvents(0, 100)
	defer b.Release()
	for _, format := range columnar.Formats() {
		path := tableOf(t, "x."+format, format, nil, events, b)
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		clear(data[20:400])
		if err := os.WriteFile(path, data, 0o666); err != nil {
			t.Fatal(err)
		}
		_, err = readTables(t, optest.New(t), scanOf(format, events), path, nil)
		if err == nil || !strings.HasPrefix(err.Error(), "read "+path+": it is damaged, or no "+format+" file: ") {
			t.Error(format, err)
		}
	}
}

// The columns are those of the first file; one that comes later has to have them too, and may have more.
func TestLaterTables(t *testing.T) {
	b := someEvents(1, 5)
	defer b.Release()
	optional := slices.Clone(events.Fields())
	optional[0].Nullable = true
	more := append(slices.Clone(events.Fields()), arrow.Field{Name: "more", Type: schema.Int, Nullable: true})
	for want, fields := range map[string][]arrow.Field{
		"":                            events.Fields(),
		`the file has no column "ok"`: events.Fields()[:4],
		"never null":                  optional,
		"more":                        more,
	} {
		dir := t.TempDir()
		s := arrow.NewSchema(fields, nil)
		r := batch.NewBuilder(s, memory.DefaultAllocator)
		for i := range fields {
			if fields[i].Nullable {
				r.Column(i).AppendNull()
			} else {
				r.Column(i).AppendInt(7)
			}
		}
		other := r.Batch()
		r.Release()
		writeTables(t, SinkConfig{Path: filepath.Join(dir, "a.parquet")}, plan.Format{Name: "parquet"}, b)
		data, err := os.ReadFile(tableOf(t, "b", "parquet", nil, s, other))
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, "b.parquet"), data, 0o666)
		}
		other.Release()
		if err != nil {
			t.Fatal(err)
		}
		got, err := readTables(t, optest.New(t), scanOf("parquet", events), dir, nil)
		switch want {
		case "", "more":
			if err != nil || len(got.rows) != 6 {
				t.Error(want, err, got.rows)
			}
		case "never null":
			if err != nil || len(got.rows) != 5 || len(got.rejects) != 1 || !strings.Contains(got.rejects[0].Reason, want) {
				t.Error(want, err, got)
			}
		default:
			if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "b.parquet") || len(got.rows) != 5 {
				t.Error(want, err)
			}
		}
	}
}

func TestTableScan(t *testing.T) {
	b := someEvents(0, 3)
	defer b.Release()
	path := tableOf(t, "x.parquet", "parquet", nil, events, b)
	feather := tableOf(t, "x.feather", "arrow", nil, events, b)
	all := "{n: int!, temp: float, dev: string, at: timestamp, ok: bool}"
	for node, want := range map[string]string{
		fmt.Sprintf("file: {path: %q}", path):                                            all,
		fmt.Sprintf("file: {path: %q}", feather):                                         all,
		fmt.Sprintf("file: {path: %q}", filepath.Dir(path)):                              all,
		fmt.Sprintf("file: {path: %q}", filepath.Dir(path)+"/*.parquet"):                 all,
		fmt.Sprintf("file: {path: %q}, schema: infer", path):                             all,
		fmt.Sprintf("file: {path: %q}, format: arrow", feather):                          all,
		fmt.Sprintf("file: {path: %q}, schema: {dev: string!, n: int}", path):            "{dev: string!, n: int}",
		"file: {path: no/such.parquet}, schema: {n: int}":                                "{n: int}",
		fmt.Sprintf("file: {path: %q}, schema: {n: timestamp(ms), dev: bytes}", feather): "{n: timestamp, dev: bytes}",
	} {
		s, wrong := lower(t, node)
		if strings.Contains(node, "no/such") {
			if !strings.Contains(wrong, "there is no file") {
				t.Error(wrong)
			}
			continue
		}
		if wrong != "" || nodes.SchemaText(s.Schema) != want || !s.Pushes || !s.Bounded || !s.Replays || s.Inferred != strings.Contains(node, "infer") {
			t.Errorf("%s: %s %+v", node, wrong, s)
		}
	}
}

func TestWrongTableScans(t *testing.T) {
	b := someEvents(0, 3)
	defer b.Release()
	path := tableOf(t, "x.parquet", "parquet", nil, events, b)
	empty := t.TempDir()
	for node, want := range map[string]string{
		"file: {path: %q, follow: true}":                                  "does not grow",
		"file: {path: %q, compression: gzip}":                             "packs its own parts",
		"file: {path: %q, max_line_bytes: 1KiB}":                          "has no lines",
		"file: {path: %q}, format: {parquet: {compression: zstd}}":        "are for writing",
		"file: {path: %q}, format: arrow":                                 "it is a Parquet file",
		"file: {path: %q}, schema: {nn: int}":                             `the file has no column "nn"`,
		"file: {path: %q}, schema: {n: float}":                            `column "n" is of type int in the file, and is declared float`,
		"file: {path: %q}, schema: {dev: int}":                            `column "dev" is of type string in the file, and is declared int`,
		"file: {path: %q}, schema: {n: timestamp}":                        "is declared timestamp",
		fmt.Sprintf("file: {path: %q}, format: parquet", empty) + " # %q": "no file in",
	} {
		node, _, comment := strings.Cut(fmt.Sprintf(node, path), " #")
		_ = comment
		if _, wrong := lower(t, node); !strings.Contains(wrong, want) {
			t.Errorf("%s: %s, want %s", node, wrong, want)
		}
	}
	_, wrong := lower(t, fmt.Sprintf("file: {path: %q}, schema: {n: int, dvv: string}", path))
	if !strings.Contains(wrong, "x.yaml:2:") || !strings.Contains(wrong, "dvv") {
		t.Error("the place is not that of the column: ", wrong)
	}
	for yaml, want := range map[string]string{
		"  out: {from: in, file: {path: no/out.parquet.gz}}":                                     "packs its own parts",
		"  out: {from: in, file: {path: no/out, compression: zstd}, format: parquet}":            "packs its own parts",
		"  out: {from: in, file: {path: no/out.parquet}, format: {parquet: {compression: lzo}}}": "lzo",
		"  out: {from: in, file: {path: no/o.parquet}, format: {parquet: {row_group_rows: 0}}}":  "row_group_rows",
	} {
		if _, wrong := lowerSink(t, ends+yaml); !strings.Contains(wrong, want) {
			t.Errorf("%s: %s, want %s", yaml, wrong, want)
		}
	}
}

func writeTables(t *testing.T, c SinkConfig, format plan.Format, batches ...*batch.Batch) {
	t.Helper()
	c.Compression = "auto"
	if c.Roll.Size == 0 {
		c.Roll.Size = 128 << 20
	}
	s := newSink(c, &plan.Write{Format: format, Schema: events})
	ctx := context.Background()
	if err := s.Open(ctx, optest.New(t), nil); err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for _, b := range batches {
		if err := s.Write(ctx, b, &optest.Emitter{}); err != nil {
			t.Fatal(err)
		}
	}
	token, err := s.Prepare(ctx, &optest.Emitter{})
	if err == nil {
		err = s.Commit(ctx, token)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func TestTablesAreWritten(t *testing.T) {
	b, few := someEvents(0, 5000), someEvents(5000, 7)
	defer b.Release()
	defer few.Release()
	want := append(linesOf(t, events, b), linesOf(t, events, few)...)
	for _, format := range columnar.Formats() {
		dir := t.TempDir()
		read := func(path string) *reading {
			t.Helper()
			got, err := readTables(t, optest.New(t), scanOf(format, events), path, nil)
			if err != nil {
				t.Fatal(err)
			}
			return got
		}
		one := filepath.Join(dir, "one."+format)
		writeTables(t, SinkConfig{Path: one}, plan.Format{Name: format}, b, few)
		if got := read(one); !slices.Equal(got.rows, want) {
			t.Errorf("%s: %d rows", format, len(got.rows))
		}
		none := filepath.Join(dir, "none."+format)
		writeTables(t, SinkConfig{Path: none}, plan.Format{Name: format})
		if got := read(none); len(got.rows) != 0 {
			t.Errorf("%s: %d rows", format, len(got.rows))
		}
		parts := filepath.Join(dir, "parts")
		writeTables(t, SinkConfig{Path: parts, Roll: Roll{Size: 1}}, plan.Format{Name: format}, few, b, few, few)
		names, err := filepath.Glob(filepath.Join(parts, "part-*."+format))
		if err != nil || len(names) != 4 {
			t.Errorf("%s: %v", format, names)
		}
		if got := read(parts); len(got.rows) != 5021 {
			t.Errorf("%s: %d rows", format, len(got.rows))
		}
	}
}
