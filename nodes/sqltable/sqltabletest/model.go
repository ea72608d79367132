package sqltabletest

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"

	"pgregory.net/rapid"

	"flowrun/dag/op"
	"flowrun/dag/op/optest"
	"flowrun/nodes/sqltable"
)

// model writes, prepares, commits, gives up and crashes at random: the table has the rows of the durable commits, each once, and a
// row of an upsert as its last one says.
func model(t *testing.T, d Database, checks int) {
	if f := flag.Lookup("rapid.checks"); checks > 0 && f.Value.String() == f.DefValue {
		Must(t, f.Value.Set(strconv.Itoa(checks)))
		defer f.Value.Set(f.DefValue)
	}
	tables := 0
	rapid.Check(t, func(r *rapid.T) {
		tables++
		dir, err := os.MkdirTemp(t.TempDir(), "")
		Must(t, err)
		target := sqltable.Target{Table: fmt.Sprint("model_", tables), Create: true, Mode: sqltable.Insert}
		if rapid.Bool().Draw(r, "upsert") {
			target.Mode, target.Key = sqltable.Upsert, []string{"id"}
		}
		refusing := rapid.Bool().Draw(r, "refusing")
		if refusing {
			text := "CREATE TABLE " + target.Table + " (id integer, name text CHECK (name <> 'bad')"
			if target.Mode == sqltable.Upsert {
				text += ", UNIQUE (id)"
			}
			d.Do(t, text+")")
		}
		rt := optest.New(t)
		rt.Saved, rt.Stage = true, filepath.Join(dir, "stage")
		s := d.Sink(target)
		Must(t, s.Open(t.Context(), rt, nil))
		var table, fresh []Thing // what was durable, what has come since
		var durable op.Prepared  // the last durable token
		n := 0
		apply := func() {
			for _, row := range fresh {
				if refusing && row.Name == "bad" {
					continue
				}
				if target.Mode == sqltable.Upsert {
					table = slices.DeleteFunc(table, func(have Thing) bool { return have.ID == row.ID })
				}
				table = append(table, row)
			}
			fresh = nil
		}
		reopen := func() {
			Must(t, s.Close())
			s, fresh = d.Sink(target), nil
			var pending []op.Prepared
			if durable != nil {
				pending = []op.Prepared{durable}
			}
			Must(t, s.Open(t.Context(), rt, pending))
		}
		somewhere := func() {
			for range rapid.IntRange(0, 2).Draw(r, "batches") {
				var rows []Thing
				for range rapid.IntRange(1, 150).Draw(r, "rows") {
					n++
					row := Thing{n % 7, fmt.Sprint("row ", n)}
					if n%5 == 0 {
						row.ID = nil
					}
					if n%11 == 0 {
						row.Name = "bad"
					}
					rows = append(rows, row)
				}
				Put(t, s, rt, rows...)
				fresh = append(fresh, rows...)
			}
		}
		r.Repeat(map[string]func(*rapid.T){
			"write": func(*rapid.T) { somewhere() },
			"crash": func(*rapid.T) { reopen() },
			"commit": func(r *rapid.T) {
				p, err := s.Prepare(t.Context(), &optest.Emitter{})
				Must(t, err)
				before := fresh
				fresh = nil
				how := rapid.SampledFrom([]string{"done", "twice", "not durable", "durable, not carried out", "carried out, then crash", "given up"}).Draw(r, "how")
				if how == "done" || how == "twice" { // rows may come between
					somewhere()
				}
				since := fresh
				fresh = before
				switch how {
				case "not durable":
					reopen()
					return
				case "given up":
					Must(t, s.Abort(t.Context(), p))
					reopen()
					return
				case "durable, not carried out":
					apply()
					durable = p
					reopen()
					return
				}
				apply()
				durable = p
				Must(t, s.Commit(t.Context(), p))
				if how == "twice" {
					Must(t, s.Commit(t.Context(), p))
				}
				if fresh = since; how == "carried out, then crash" {
					reopen()
				}
			},
			"": func(*rapid.T) {
				want, got := lines(table), d.Rows(t, "SELECT * FROM "+target.Table)
				slices.Sort(got)
				slices.Sort(want)
				if !slices.Equal(got, want) {
					r.Fatalf("the table has %q, want %q", got, want)
				}
			},
		})
		Must(t, s.Close())
		d.Do(t, "DROP TABLE "+target.Table)
	})
}
