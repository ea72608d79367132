package sqltable

import (
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"

	"flowrun/dag/diag"
	"flowrun/dag/plan"
	"flowrun/dag/schema"
)

func columns(names ...string) *arrow.Schema {
	var fields []arrow.Field
	for _, n := range names {
		name, never := strings.CutSuffix(n, "!")
		fields = append(fields, arrow.Field{Name: name, Type: schema.Int, Nullable: !never})
	}
	return arrow.NewSchema(fields, nil)
}

func TestTargetOf(t *testing.T) {
	for _, c := range []struct {
		name string
		w    plan.Write
		mode Mode
		key  string
	}{
		{"rows", plan.Write{}, Insert, ""},
		{"rows with a key", plan.Write{Upserts: &plan.Upserts{By: []diag.Text{{Value: "a"}, {Value: "b"}}}}, Upsert, "a b"},
		{"updates", plan.Write{Mode: plan.Updates, Key: []string{"b"}, Upserts: &plan.Upserts{}}, Upsert, "b"},
		{"updates with another key", plan.Write{Mode: plan.Updates, Key: []string{"b"}, Upserts: &plan.Upserts{By: []diag.Text{{Value: "a"}}}}, Upsert, "a"},
		{"complete results", plan.Write{Mode: plan.Complete, Key: []string{"b"}, Upserts: &plan.Upserts{}}, Replace, ""},
	} {
		got := TargetOf(&c.w, "t", true)
		if got.Mode != c.mode || strings.Join(got.Key, " ") != c.key || got.Table != "t" || !got.Create {
			t.Errorf("%s: %+v", c.name, got)
		}
	}
}

func TestCreateTable(t *testing.T) {
	number := func(arrow.DataType) string { return "number" }
	for _, c := range []struct {
		t    Target
		want string
	}{
		{Target{Mode: Insert, Schema: columns("a!", `b"c`)}, `CREATE TABLE x ("a" number NOT NULL, "b""c" number)`},
		{Target{Mode: Upsert, Key: []string{"a"}, Schema: columns("a!", "b")}, `CREATE TABLE x ("a" number NOT NULL, "b" number, PRIMARY KEY ("a"))`},
		{Target{Mode: Upsert, Key: []string{"a", "b"}, Schema: columns("a!", "b")}, `CREATE TABLE x ("a" number NOT NULL, "b" number, UNIQUE ("a", "b"))`},
	} {
		if got := c.t.CreateTable("x", number); got != c.want {
			t.Errorf("%s, want %s", got, c.want)
		}
	}
}

// A table is plain where no row can be refused.
func TestPlain(t *testing.T) {
	no := func(Column, arrow.Field) bool { return false }
	table := func(change func(*Table)) *Table {
		tab := &Table{Kind: "table", Columns: []Column{{Name: "a", NotNull: true}, {Name: "b"}, {Name: "more"}}}
		change(tab)
		return tab
	}
	same := func(*Table) {}
	unique := func(names ...string) func(*Table) { return func(t *Table) { t.Uniques = [][]string{names} } }
	upsert := Target{Mode: Upsert, Key: []string{"a", "b"}, Schema: columns("a!", "b")}
	for _, c := range []struct {
		name    string
		t       *Table
		to      Target
		refuses func(Column, arrow.Field) bool
		want    bool
	}{
		{"rows", table(same), Target{Mode: Insert, Schema: columns("a!", "b")}, no, true},
		{"a null where there can be none", table(same), Target{Mode: Insert, Schema: columns("a", "b")}, no, false},
		{"a column that refuses", table(same), Target{Mode: Insert, Schema: columns("a!", "b")}, func(c Column, f arrow.Field) bool { return c.Name == "b" && f.Name == "b" }, false},
		{"a unique index", table(unique("a")), Target{Mode: Insert, Schema: columns("a!", "b")}, no, false},
		{"the index of the key", table(unique("b", "a")), upsert, no, true},
		{"another index", table(unique("b")), upsert, no, false},
		{"complete results", table(same), Target{Mode: Replace, Schema: columns("a!"), Create: true}, no, true},
		{"complete results, in a table of others", table(same), Target{Mode: Replace, Schema: columns("a!")}, no, false},
	} {
		if got := c.t.Plain(c.to, c.refuses); got != c.want {
			t.Errorf("%s: plain is %v", c.name, got)
		}
	}
}

// Nested values are JSON, and what JSON cannot say is null.
func TestJSON(t *testing.T) {
	b := batchOfLists(t, []int64{1, 2}, nil, []int64{})
	defer b.Release()
	got := JSON(b.Record.Column(0))
	if string(got[0]) != "[1,2]" || got[1] != nil || string(got[2]) != "[]" {
		t.Errorf("%q", got)
	}
	if !IsNested(b.Record.Column(0).DataType()) || IsNested(schema.Int) {
		t.Error("which values are nested")
	}
}
