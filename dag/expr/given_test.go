package expr

import (
	"fmt"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"flowrun/dag/batch"
	"flowrun/dag/schema"
)

// What is computed row by row with a struct that is given is what is computed by column where the struct is one of the columns.
func TestGiven(t *testing.T) {
	acc := schema.Struct(arrow.Field{Name: "n", Type: schema.Int, Nullable: true}, arrow.Field{Name: "name", Type: schema.String, Nullable: true},
		arrow.Field{Name: "list", Type: schema.List(schema.Int), Nullable: true})
	s := arrow.NewSchema([]arrow.Field{{Name: "x", Type: schema.Int, Nullable: true}, {Name: "acc", Type: acc, Nullable: true}}, nil)
	mem := memory.NewCheckedAllocator(memory.DefaultAllocator)
	defer mem.AssertSize(t, 0)
	rec, _, err := array.RecordFromJSON(mem, s, strings.NewReader(`[
		{"x": 1, "acc": {"n": 2, "name": "a", "list": [1, 2]}}, {"x": 2, "acc": {"n": null, "name": null, "list": null}},
		{"x": null, "acc": {"n": 5, "name": "b", "list": []}}, {"x": 0, "acc": {"n": 7, "name": "c", "list": [null]}}, {"x": 3, "acc": null}]`))
	if err != nil {
		t.Fatal(err)
	}
	b := batch.New(rec)
	defer b.Release()
	field := rec.Column(1).(*array.Struct)
	for _, text := range []string{"x + acc.n", "acc.n % x", `acc.name ?? "none"`, "len(acc.list) + x", "filter(acc.list, # > x)", "acc == nil", "x", "acc.list[x]"} {
		p := compileOver(t, text, s)
		ev := p.Evaluator(mem)
		want, failed, err := ev.Eval(b)
		if err != nil {
			t.Fatal(err)
		}
		g, err := NewGiven([]*Program{p}, "acc")
		if err != nil {
			t.Fatal(err)
		}
		bld := array.NewBuilder(mem, p.Type())
		var alone []batch.Failure
		for row := range b.Rows() {
			var given Struct
			if field.IsValid(row) {
				if given, err = ReadStruct([]string{"n", "name", "list"}, []arrow.Array{field.Field(0), field.Field(1), field.Field(2)}, row); err != nil {
					t.Fatal(err)
				}
			}
			g.Give(0, given)
			v, failure := g.Run(0, b, row)
			if failure != nil {
				alone = append(alone, *failure)
			}
			if err := AppendValue(bld, v); err != nil {
				t.Fatal(err)
			}
		}
		got := bld.NewArray()
		if fmt.Sprint(got) != fmt.Sprint(want) || fmt.Sprint(alone) != fmt.Sprint(failed) {
			t.Errorf("%s: %v %v, want %v %v", text, got, alone, want, failed)
		}
		got.Release()
		want.Release()
		bld.Release()
		ev.Close()
	}
}

// A program whose result is wanted as another type has it where no cast has to be written for that.
func TestCompileAs(t *testing.T) {
	e := &Env{Schema: arrow.NewSchema([]arrow.Field{{Name: "x", Type: schema.Int, Nullable: true}}, nil)}
	for _, c := range []struct {
		text       string
		want, gets arrow.DataType
	}{
		{"x", schema.Float, schema.Float}, {"1.5", schema.Int, schema.Float}, {"[1]", schema.List(schema.Float), schema.List(schema.Float)},
		{"x > 0 ? [] : [x]", schema.List(schema.Int), schema.List(schema.Int)}, {"string(x)", schema.Int, schema.String},
	} {
		p, list := CompileAs(plainText(c.text), e, c.want)
		if list.HasErrors() {
			t.Fatalf("%s: %v", c.text, list)
		}
		if !schema.Equal(p.Type(), c.gets) {
			t.Errorf("%s as %s is %s, want %s", c.text, schema.Name(c.want), schema.Name(p.Type()), schema.Name(c.gets))
		}
	}
}
