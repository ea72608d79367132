package lookup_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"go.uber.org/goleak"

	"flowrun/dag/batch"
	"flowrun/dag/diag"
	"flowrun/dag/exec"
	"flowrun/dag/job"
	"flowrun/dag/job/pipetest"
	"flowrun/dag/op"
	"flowrun/dag/op/optest"
	"flowrun/dag/plan"
	"flowrun/dag/relational"
	"flowrun/nodes"
	_ "flowrun/nodes/all"
	"flowrun/nodes/postgres/postgrestest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// database is one whose tables are looked up in.
type database struct {
	do    func(t *testing.T, statement string)
	table func(more string) string // the setting that names a table: sqlite: {..., more}
	place string                   // as it is shown
	// the type of bytes, and what is said of such a column that is read as int
	bytes, mismatch string
}

func sqliteIn(t *testing.T) database {
	path := filepath.Join(t.TempDir(), "app.db")
	return database{
		do: func(t *testing.T, statement string) {
			t.Helper()
			db, err := sql.Open("sqlite", path)
			if err != nil {
				t.Fatal(err)
			}
			defer db.Close()
			if _, err := db.Exec(statement); err != nil {
				t.Fatal(err)
			}
		},
		table: func(more string) string { return fmt.Sprintf("sqlite: {path: %q, %s}", path, more) },
		place: path, bytes: "blob", mismatch: "row 1: column id is read as int, and holds iron",
	}
}

func postgresOf(t *testing.T) database {
	url := postgrestest.New(t).URL
	secret := strings.Replace(url, "flow@", "flow:hush-hush@", 1)
	config, err := pgx.ParseConfig(url)
	if err != nil {
		t.Fatal(err)
	}
	return database{
		do: func(t *testing.T, statement string) {
			t.Helper()
			conn, err := pgx.Connect(context.Background(), url)
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close(context.Background())
			if _, err := conn.Exec(context.Background(), statement); err != nil {
				t.Fatal(err)
			}
		},
		table: func(more string) string { return fmt.Sprintf("postgres: {url: %q, %s}", secret, more) },
		place: fmt.Sprintf("127.0.0.1:%d/postgres", config.Port), bytes: "bytea", mismatch: `column "id" is bytea, which cannot be read as int`,
	}
}

func parse(t *testing.T, lookup string) *job.Job {
	t.Helper()
	return job.Parse(t.Context(), "p.yaml", []byte(`nodes:
  in: {stdin: {}, format: json, schema: {user: int, name: string}}
  known: {from: in, lookup: {`+lookup+`}}
  out: {from: known, stdout: {}}
  rest: {from: known.rejected, stdout: {}}
`), job.Options{})
}

// looking is a lookup of a bound pipeline, open, on a clock of its own.
type looking struct {
	op.Runtime
	t   *testing.T
	rt  *optest.Runtime
	op  op.Transform
	in  *plan.Output
	now time.Time
}

func (l *looking) Now() time.Time { return l.now }

func openLookup(t *testing.T, lookup string) *looking {
	t.Helper()
	j := parse(t, lookup)
	if j.Plan == nil {
		t.Fatal(j.Diags)
	}
	rt := optest.New(t)
	for _, n := range j.Plan.Nodes {
		if n.ID != "known" {
			continue
		}
		tr, err := relational.With(nodes.Connectors{}.Table)(n)
		if err != nil {
			t.Fatal(err)
		}
		l := &looking{Runtime: rt, t: t, rt: rt, op: tr, in: n.Inputs[0].Source(), now: time.Unix(0, 0)}
		if err := tr.Open(t.Context(), l); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := tr.Close(); err != nil {
				t.Error(err)
			}
		})
		return l
	}
	panic("no lookup")
}

// look looks users up, nil is null, and gives what was added to each, and the details of rejects.
func (l *looking) look(users ...any) (rows, rejects []string) {
	l.t.Helper()
	b := batch.NewBuilder(l.in.Schema, l.rt.Allocator())
	defer b.Release()
	for _, u := range users {
		if u == nil {
			b.Column(0).AppendNull()
		} else {
			b.Column(0).AppendInt(int64(u.(int)))
		}
		b.Column(1).AppendNull()
	}
	in := b.Batch()
	defer in.Release()
	var out optest.Emitter
	defer out.Release()
	if err := l.op.Process(l.t.Context(), 0, in, &out); err != nil {
		l.t.Fatal(err)
	}
	for _, made := range out.Batches[""] {
		for i := range made.Rows() {
			var text []byte
			for c := 2; c < int(made.Record.NumCols()); c++ {
				text = append(batch.AppendText(text, made.Record.Column(c), made.Row(i)), '|')
			}
			rows = append(rows, strings.TrimSuffix(string(text), "|"))
		}
	}
	for _, f := range out.Failures {
		rejects = append(rejects, f.Reason+": "+f.Detail)
	}
	return rows, rejects
}

func (l *looking) sees(users []any, want ...string) {
	l.t.Helper()
	if got, _ := l.look(users...); !slices.Equal(got, want) {
		l.t.Errorf("it sees %q, want %q", got, want)
	}
}

// seesSoon lets time pass until it does.
func (l *looking) seesSoon(users []any, want ...string) {
	l.t.Helper()
	for end := time.Now().Add(optest.Patience); ; l.now = l.now.Add(5 * time.Second) {
		got, _ := l.look(users...)
		if slices.Equal(got, want) {
			return
		}
		if time.Now().After(end) {
			l.t.Fatalf("it sees %q, want %q", got, want)
		}
	}
}

func TestTables(t *testing.T) {
	for name, make := range map[string]func(*testing.T) database{"sqlite": sqliteIn, "postgres": postgresOf} {
		t.Run(name, func(t *testing.T) {
			d := make(t)
			d.do(t, "CREATE TABLE users (id integer, name text, tier text, since date, odd numeric)")
			d.do(t, "INSERT INTO users VALUES (1, 'Ada', 'gold', '2024-03-01', 1), (2, 'Bob', NULL, NULL, 1), (NULL, 'nobody', 'x', NULL, 1)")
			t.Run("rows", func(t *testing.T) { tableRows(t, d) })
			t.Run("required", func(t *testing.T) { tableRequired(t, d) })
			t.Run("reload", func(t *testing.T) { tableReload(t, d) })
			t.Run("mistakes", func(t *testing.T) { tableMistakes(t, d) })
			t.Run("tests", func(t *testing.T) { tableInTests(t, d) })
			t.Run("no secrets", func(t *testing.T) { tableSecrets(t, d) })
		})
	}
}

func tableRows(t *testing.T, d database) {
	l := openLookup(t, d.table("table: users")+", on: {user: id}, take: [{called: name}, tier, since]")
	l.sees([]any{1, nil, 2, 3}, "Ada|gold|2024-03-01", "NULL|NULL|NULL", "Bob|NULL|NULL", "NULL|NULL|NULL")
	if logs := strings.Join(l.rt.Logs(), "\n"); !strings.Contains(logs, "rows of the table have a null in the key: they match nothing") {
		t.Errorf("logged: %s", logs)
	}
	l = openLookup(t, d.table("query: 'SELECT id + 10 AS n, upper(name) AS loud FROM users'")+", schema: {n: int, loud: string}, on: {user: n}, take: [loud]")
	l.sees([]any{11}, "ADA")
	d.do(t, "CREATE VIEW gold AS SELECT * FROM users WHERE tier = 'gold'")
	l = openLookup(t, d.table("table: gold")+", on: {user: id}, take: [tier]")
	l.sees([]any{1, 2}, "gold", "NULL")
}

func tableRequired(t *testing.T, d database) {
	l := openLookup(t, d.table("table: users")+", on: {user: id}, take: [tier], required: true")
	rows, rejects := l.look(1, 7, nil)
	want := []string{"not in the table of the lookup: user 7 is not in table users of " + d.place, "not in the table of the lookup: user NULL is not in table users of " + d.place}
	if !slices.Equal(rows, []string{"gold"}) || !slices.Equal(rejects, want) {
		t.Errorf("rows %q, rejects %q", rows, rejects)
	}
}

// A change is seen at the interval and not before; while the table cannot be read what was read before holds.
func tableReload(t *testing.T, d database) {
	d.do(t, "CREATE TABLE tiers (id integer, tier text)")
	d.do(t, "INSERT INTO tiers VALUES (1, 'gold')")
	l := openLookup(t, d.table("table: tiers")+", on: {user: id}, take: [tier], reload: 1m")
	l.sees([]any{1, 2}, "gold", "NULL")
	d.do(t, "UPDATE tiers SET tier = 'lead'")
	d.do(t, "INSERT INTO tiers VALUES (2, 'tin')")
	l.now = l.now.Add(59 * time.Second)
	l.sees([]any{1, 2}, "gold", "NULL")
	l.now = l.now.Add(time.Second)
	l.sees([]any{1, 2}, "lead", "tin")
	d.do(t, "ALTER TABLE tiers RENAME TO elsewhere")
	l.now = l.now.Add(time.Minute)
	l.sees([]any{1, 2}, "lead", "tin")
	l.rt.AwaitLog("cannot read the table again, what was read before still holds")
	d.do(t, "CREATE TABLE tiers (id integer, tier text)")
	d.do(t, "INSERT INTO tiers VALUES (2, 'zinc')")
	l.seesSoon([]any{1, 2}, "NULL", "zinc")
	// a column that is of another type now
	d.do(t, "DROP TABLE tiers")
	d.do(t, "CREATE TABLE tiers (id "+d.bytes+", tier text)")
	d.do(t, "INSERT INTO tiers VALUES (CAST('iron' AS "+d.bytes+"), 'none')")
	l.now = l.now.Add(time.Minute)
	l.sees([]any{1, 2}, "NULL", "zinc")
	l.rt.AwaitLog(d.mismatch)
}

func tableMistakes(t *testing.T, d database) {
	for lookup, want := range map[string]string{
		d.table("table: user") + ", on: {user: id}, take: [tier]":                 `did you mean "users"?`,
		d.table("table: users") + ", on: {user: idd}, take: [tier]":               `table users of ` + d.place + ` has no column "idd" (did you mean "id"?`,
		d.table("table: users") + ", on: {user: id}, take: [teir]":                `has no column "teir" (did you mean "tier"?`,
		d.table("table: users") + ", on: {name: id}, take: [tier]":                `name is string, and id of table users of ` + d.place + ` is int`,
		d.table("table: users") + ", on: {user: id}, take: [odd]":                 `column odd of table users of ` + d.place + ` cannot be read: `,
		d.table("query: SELECT 1 FROM nowhere") + ", on: {user: id}, take: [odd]": `cannot read a query of ` + d.place,
	} {
		j := parse(t, lookup)
		var all []string
		for _, m := range j.Diags {
			all = append(all, fmt.Sprintf("%s:%d %s (%s)", m.Code, m.At.Line, m.Message, m.Hint))
		}
		if text := strings.Join(all, "\n"); len(j.Diags) != 1 || !strings.Contains(text, want) || j.Diags[0].At.Line != 3 {
			t.Errorf("%s gives\n%s\nwant %s", lookup, text, want)
		}
	}
}

// In tests of pipelines the table is the real one, as files are.
func tableInTests(t *testing.T, d database) {
	path := filepath.Join(t.TempDir(), "p.yaml")
	text := `nodes:
  in: {stdin: {}, format: json, schema: {user: int}}
  known: {from: in, lookup: {` + d.table("table: users") + `, on: {user: id}, take: [name], required: true, reload: 1m}}
  out: {from: known, stdout: {}}
tests:
  - name: known
    steps:
      - {input: {in: [1, 7]}, advance: 2m, expect: {out: [{user: 1, name: Ada}], known.rejected: ["not in the table of the lookup: user 7 is not in table users of ` + d.place + `"]}}
      - {input: {in: [2]}, expect: {out: [{user: 2, name: Bob}]}}
`
	if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	s, err := pipetest.Load(t.Context(), path, pipetest.Options{})
	if err != nil || len(s.Diags) > 0 || len(s.Tests) != 1 {
		t.Fatal(err, s.Diags)
	}
	r := s.Tests[0].Run(t.Context())
	for _, d := range r.Diagnostics() {
		t.Error(d.Error())
	}
}

// What a url hides is in nothing that is shown of a run.
func tableSecrets(t *testing.T, d database) {
	j := parse(t, d.table("table: users")+", on: {user: id}, take: [tier]")
	if j.Plan == nil {
		t.Fatal(j.Diags)
	}
	run, err := exec.Build(j.Plan, job.Connectors{}, exec.Options{})
	if err != nil {
		t.Fatal(err)
	}
	topology, err := run.Topology(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	drawn, err := json.Marshal(topology)
	if err != nil {
		t.Fatal(err)
	}
	var told, explained strings.Builder
	plan.Explain(&explained, j.Plan)
	diag.Print(&told, parse(t, d.table("table: nobody")+", on: {user: id}, take: [tier]").Diags, j.SourceOf, diag.PrintOptions{})
	for what, text := range map[string]string{"explain": explained.String(), "topology": string(drawn), "diagnostics": told.String()} {
		if !strings.Contains(text, d.place) || strings.Contains(text, "hush") {
			t.Errorf("%s:\n%s", what, text)
		}
	}
}
