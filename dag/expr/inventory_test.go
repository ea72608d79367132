package expr

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"

	"flowrun/dag/diag"
	"flowrun/dag/schema"
)

// The inventory in testdata/columnar says of every operator over all types, of every cast and of every function whether it runs
// by column, and why not. It is read when a kernel is added or lost.

var inventoryColumns = []arrow.Field{
	{Name: "b", Type: schema.Bool}, {Name: "i", Type: schema.Int}, {Name: "f", Type: schema.Float}, {Name: "s", Type: schema.String},
	{Name: "y", Type: schema.Bytes}, {Name: "t", Type: schema.Timestamp}, {Name: "d", Type: schema.Date}, {Name: "u", Type: schema.Duration},
	{Name: "l", Type: schema.List(schema.Int)}, {Name: "w", Type: schema.List(schema.String)}, {Name: "m", Type: schema.Map(schema.Int)},
	{Name: "r", Type: schema.Struct(arrow.Field{Name: "a", Type: schema.Int}, arrow.Field{Name: "b", Type: schema.Int})},
}

// inventory lists the texts that compile, with how they run.
func inventory(texts []string) string {
	fields := slices.Clone(inventoryColumns)
	for i := range fields {
		fields[i].Nullable = true
	}
	env := &Env{Schema: arrow.NewSchema(fields, nil)}
	var out strings.Builder
	for _, text := range texts {
		p, list := Compile(diag.Text{Value: text}, env)
		if p == nil || list.HasErrors() {
			continue
		}
		how := "by column"
		if all, notes := p.Columnar(); !all {
			how = "row by row: " + strings.Join(notes, "; ")
		}
		fmt.Fprintf(&out, "%-40s %s\n", text, how)
	}
	return out.String()
}

func holdInventory(t *testing.T, name string, texts []string) {
	t.Helper()
	file := filepath.Join("testdata", "columnar", name+".golden")
	got := inventory(texts)
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if string(want) == got {
		return
	}
	known := strings.Split(string(want), "\n")
	for _, line := range strings.Split(got, "\n") {
		if !slices.Contains(known, line) {
			t.Errorf("%s does not have: %s", file, line)
		}
	}
	t.Errorf("%s is not what it was; go test ./dag/expr -update rewrites it", file)
}

func TestInventoryOfOperators(t *testing.T) {
	var texts []string
	for _, op := range []string{"+", "-", "*", "/", "%", "**", "==", "!=", "<", "<=", ">", ">=", "and", "or", "??", "in", "contains", "startsWith", "endsWith", "matches", ".."} {
		for _, a := range inventoryColumns {
			for _, b := range inventoryColumns {
				texts = append(texts, fmt.Sprintf("%s %s %s", a.Name, op, b.Name))
			}
		}
	}
	for _, a := range inventoryColumns {
		x := a.Name
		texts = append(texts, "-"+x, "+"+x, "not "+x, x+" == nil", x+" in ["+x+", "+x+"]", "b ? "+x+" : "+x, "let v = "+x+"; [v, v]", "{k: "+x+"}", "("+x+"; i)",
			x+"[i]", x+"[s]", x+"[1:i]", x+".a", x+"?.a", x+"[i]?.a", "["+x+"]")
	}
	texts = append(texts, "i in [1, 2]", `s in ["a", "b"]`, "t in [date(\"2026-01-01\")]", "i in 1..9", "f in 1..9", "i in i..i", `s matches "a+"`, `y matches "a+"`, "let v = i; v * 2", "let v = i; filter(l, # > v)", "1 < i <= 9",
		`fromJSON(s).a`, `int(fromJSON(s).a)`, "any(l, # > i)", "{(s): i}")
	holdInventory(t, "operators", texts)
}

// exampleCalls are calls of the functions whose arguments the table does not say.
var exampleCalls = map[string][]string{
	"string": {"string(b)", "string(i)", "string(f)", "string(s)", "string(y)", "string(t)", "string(d)", "string(u)", "string(l)", "string(m)", "string(r)"},
	"type":   {"type(i)", "type(l)", "type(r)", "type(fromJSON(s))"}, "toJSON": {"toJSON(b)", "toJSON(i)", "toJSON(f)", "toJSON(s)", "toJSON(t)", "toJSON(l)", "toJSON(r)"},
	"hash": {"hash(b)", "hash(i)", "hash(f)", "hash(s)", "hash(y)", "hash(t)", "hash(d)", "hash(u)", "hash(l)", "hash(r)"},
	"len":  {"len(s)", "len(y)", "len(l)", "len(m)", "len(r)"}, "get": {"get(l, i)", "get(m, s)", `get(r, "a")`},
	"first": {"first(l)"}, "last": {"last(w)"}, "take": {"take(l, i)"}, "reverse": {"reverse(l)"}, "uniq": {"uniq(l)"}, "concat": {"concat(l, l)"}, "flatten": {"flatten([l, l])"}, "sort": {"sort(l)"},
	"max": {"max(i, i)", "max(i, f)", "max(s, s)", "max(t, t)", "max(d, d)", "max(u, u)", "max(l)"}, "min": {"min(f, f)", "min(l, i)"}, "mean": {"mean(i, f)", "mean(l)"}, "median": {"median(f, f)", "median(l)"},
	"keys": {"keys(m)"}, "values": {"values(m)"}, "toPairs": {"toPairs(m)"}, "fromPairs": {"fromPairs(toPairs(m))"}, "now": {"now()", `now(timezone("UTC"))`},
	"all": {"all(l, # > 1)"}, "any": {"any(l, # > 1)"}, "none": {"none(l, # > 1)"}, "one": {"one(l, # > 1)"}, "filter": {"filter(l, # > 1)"}, "find": {"find(l, # > 1)"}, "findLast": {"findLast(l, # > 1)"},
	"findIndex": {"findIndex(l, # > 1)"}, "findLastIndex": {"findLastIndex(l, # > 1)"}, "count": {"count(l, # > 1)"}, "map": {"map(l, # + 1)"}, "sum": {"sum(l)"}, "reduce": {"reduce(l, #acc + #)"},
	"groupBy": {"groupBy(w, #)"}, "sortBy": {"sortBy(l, -#)"}, "join": {"join(w)", "join(w, s)"},
	"timezone": {`t.In(timezone("Europe/Berlin"))`, "t.In(timezone(s))"}, ".In": {`t.In(timezone("Europe/Berlin")).Hour()`, `t.In(timezone("Europe/Berlin")).Format(s)`, "t.In(timezone(s)).Hour()"},
	"capture": {`capture(s, "(a)", 1)`, `capture(s, "(a)", i)`, "capture(s, s, i)"}, "fromJSON": {"string(fromJSON(s))"},
	"timestamp": {`timestamp(i, "ms")`, "timestamp(i, s)", "timestamp(d)", "timestamp(t)"}, "epoch": {`epoch(t, "ms")`, "epoch(t, s)"},
	"date": {"date(s)", "date(s, s)", "date(s, s, s)", `date(timezone("UTC"), s)`},
}

func TestInventoryOfFunctions(t *testing.T) {
	letters := map[arrow.Type]string{arrow.BOOL: "b", arrow.INT64: "i", arrow.FLOAT64: "f", arrow.STRING: "s", arrow.BINARY: "y", arrow.TIMESTAMP: "t", arrow.DATE32: "d", arrow.DURATION: "u"}
	names := make([]string, 0, len(functions))
	for name := range functions {
		names = append(names, name)
	}
	slices.Sort(names)
	var texts []string
	for _, name := range names {
		before := len(texts)
		texts = append(texts, exampleCalls[name]...)
		if len(texts) == before {
			for _, o := range functions[name].overloads {
				for n := len(o.params) - o.optional; n <= len(o.params); n++ {
					var args []string
					for _, p := range o.params[:n] {
						args = append(args, letters[p.ID()])
					}
					switch {
					case slices.Contains(args, ""): // of a type that no column has
					case name[0] == '.':
						texts = append(texts, args[0]+name+"("+strings.Join(args[1:], ", ")+")")
					default:
						texts = append(texts, name+"("+strings.Join(args, ", ")+")")
					}
				}
			}
		}
		if len(texts) == before || inventory(texts[before:]) == "" {
			t.Errorf("there is no call of %s in the inventory", name)
		}
	}
	holdInventory(t, "functions", texts)
}
