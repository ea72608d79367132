package relational

import (
	"testing"

	"pgregory.net/rapid"

	"flowrun/dag/batch"
	"flowrun/dag/diag"
	"flowrun/dag/plan"
)

// Columns are dropped and renamed as in a map, all at once, and the rest stays in place.
func TestDropAndRenameAgainstModel(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		fields := sensors.Fields()
		names := make([]string, len(fields))
		for i, f := range fields {
			names[i] = f.Name
		}
		order := rapid.Permutation(names).Draw(rt, "columns")
		o := &plan.Project{Keep: true}
		drops := rapid.IntRange(0, 4).Draw(rt, "dropped")
		gone := map[string]bool{}
		for _, name := range order[:drops] {
			o.Drop, gone[name] = append(o.Drop, text(name)), true
		}
		// Some of the others take each other's names in a circle, one a new name.
		circle := order[drops : drops+rapid.IntRange(2, 4).Draw(rt, "renamed")]
		to := map[string]string{order[8]: "fresh"}
		for i, name := range circle {
			to[name] = circle[(i+1)%len(circle)]
		}
		for _, name := range names {
			if to[name] != "" {
				o.Rename = append(o.Rename, plan.Renamed{Old: text(name), New: text(to[name])})
			}
		}
		p := open(t, rt, o, plan.Rows, nil, sensors)
		var left []int
		for i, name := range names {
			if gone[name] {
				continue
			}
			want := name
			if to[name] != "" {
				want = to[name]
			}
			if got := p.node.Output("").Schema.Field(len(left)).Name; got != want {
				rt.Fatalf("column %d is %s, want %s", len(left), got, want)
			}
			left = append(left, i)
		}
		if n := p.node.Output("").Schema.NumFields(); n != len(left) {
			rt.Fatalf("%d columns, want %d", n, len(left))
		}
		rows := drawRows(rt)
		var want []row
		for _, r := range rows {
			var w row
			for _, c := range left {
				w = append(w, r[c])
			}
			want = append(want, w)
		}
		for _, rows := range cut(rt, rows) {
			p.send(0, drawBatch(rt, p.rt.Allocator(), sensors, rows))
		}
		check(rt, p.taken(), want)
		p.close()
	})
}

// Nothing is copied: a kept column is the very array that came in.
func TestDropAndRenameShareColumns(t *testing.T) {
	o := &plan.Project{Keep: true, Drop: []diag.Text{text("y")}, Rename: []plan.Renamed{{Old: text("x"), New: text("z")}}}
	p := open(t, t, o, plan.Rows, nil, schemaOf("x int", "y int"))
	b := makeBatch(p.rt.Allocator(), schemaOf("x int", "y int"), []row{{int64(1), int64(2)}}, nil)
	p.send(0, b.Retain())
	var got *batch.Batch
	if all := p.out.Batches[""]; len(all) == 1 {
		got = all[0]
	}
	if got == nil || got.Record.Column(0) != b.Record.Column(0) {
		t.Error("the kept column was copied")
	}
	b.Release()
	p.close()
}
