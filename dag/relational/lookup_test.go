package relational

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"flowrun/dag/codec"
	"flowrun/dag/op"
	"flowrun/dag/op/optest"
	"flowrun/dag/plan"
)

var (
	clicks = schemaOf("who string", "n int", "page string")
	people = schemaOf("id string", "num int", "name string", "score int", "tags list")
)

// person is a row of people.
type person struct {
	ID    any   `json:"id"`
	Num   any   `json:"num"`
	Name  any   `json:"name"`
	Score any   `json:"score"`
	Tags  []any `json:"tags"`
}

// lookupModel is a file as a list, of which a search begins at the end.
type lookupModel []person

func (m lookupModel) find(both bool, who, n any) *person {
	if who == nil || both && n == nil {
		return nil
	}
	for i := range slices.Backward(m) {
		if p := &m[i]; p.ID == who && (!both || p.Num == n) {
			return p
		}
	}
	return nil
}

// put makes a file of what the model has, by putting another one in its place.
func (m lookupModel) put(t tb, path string) {
	var text []byte
	for _, p := range m {
		line, err := json.Marshal(p)
		if err != nil {
			t.Fatal(err)
		}
		text = append(append(text, line...), '\n')
	}
	putFile(t, path, string(text))
}

// written counts files, each of which has a time of its own.
var written int64

func putFile(t tb, path, text string) {
	if err := os.WriteFile(path+".new", []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	written++
	if err := os.Chtimes(path+".new", time.Time{}, time.Unix(written, 0)); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		t.Fatal(err)
	}
}

func drawPeople(r *rapid.T) lookupModel {
	return rapid.SliceOfN(rapid.Custom(func(r *rapid.T) person {
		p := person{ID: rapid.SampledFrom([]any{"a", "b", "c", "", "a key that is not short", nil}).Draw(r, "id"),
			Num:   rapid.SampledFrom([]any{int64(0), int64(1), nil}).Draw(r, "num"),
			Name:  rapid.SampledFrom([]any{"", "Ada", "a name that is not short at all", nil}).Draw(r, "name"),
			Score: rapid.SampledFrom([]any{int64(0), int64(7), nil}).Draw(r, "score")}
		if rapid.Bool().Draw(r, "tags") {
			p.Tags = []any{"x", rapid.SampledFrom([]any{"y", nil}).Draw(r, "tag")}
		}
		return p
	}), 0, 12).Draw(r, "people")
}

func (p *person) taken(tagged bool) row {
	made := row{nil, nil}
	if p != nil {
		made = row{p.Name, p.Score}
	}
	if tagged {
		var tags any
		if p != nil && p.Tags != nil {
			tags = p.Tags
		}
		made = append(made, tags)
	}
	return made
}

// lookupClock is a Runtime on a clock of its own.
type lookupClock struct {
	op.Runtime
	now time.Time
}

func (c *lookupClock) Now() time.Time { return c.now }

// Each row gets what the last row of the file with its key has, of the file as it was when it was last looked at and could be read.
func TestLookup(t *testing.T) {
	path := filepath.Join(t.TempDir(), "people.json")
	rapid.Check(t, func(r *rapid.T) {
		both, tagged, required := rapid.Bool().Draw(r, "both"), rapid.Bool().Draw(r, "tagged"), rapid.Bool().Draw(r, "required")
		o := &plan.Lookup{Path: path, Format: plan.Format{Name: "json"}, Schema: people, Required: required, MaxRows: 100,
			On:     []plan.LookupKey{{Column: text("who"), In: text("id")}},
			Take:   []plan.LookupColumn{{Name: text("name"), In: text("name")}, {Name: text("points"), In: text("score")}},
			Reload: rapid.SampledFrom([]time.Duration{0, time.Minute}).Draw(r, "reload")}
		if both {
			o.On = append(o.On, plan.LookupKey{Column: text("n"), In: text("num")})
		}
		if tagged {
			o.Take = append(o.Take, plan.LookupColumn{Name: text("tags"), In: text("tags")})
		}
		disk := drawPeople(r)
		held, readable := disk, true
		disk.put(r, path)
		p := open(t, r, o, plan.Rows, nil, clicks)
		clock := &lookupClock{Runtime: p.rt, now: time.Unix(0, 0)}
		p.op.(*lookup).rt = clock
		p.op.(*lookup).reload.later(clock.now)
		var since time.Duration // it was looked at
		broken := false         // and could not be read then, so that it is looked at again soon
		for range rapid.IntRange(1, 8).Draw(r, "batches") {
			switch rapid.IntRange(0, 4).Draw(r, "what happens to the file") {
			case 0:
				disk, readable = drawPeople(r), true
				disk.put(r, path)
			case 1:
				if readable = false; rapid.Bool().Draw(r, "gone") {
					if err := os.Remove(path); err != nil && !os.IsNotExist(err) {
						r.Fatal(err)
					}
				} else {
					putFile(r, path, `{"id": "a", "name": "half a file"}`+"\n"+`{"id`)
				}
			}
			if rapid.Bool().Draw(r, "time passes") {
				clock.now = clock.now.Add(35 * time.Second)
				since += 35 * time.Second
			}
			var rows, want []row
			missing := 0
			for range rapid.IntRange(0, 12).Draw(r, "rows") {
				rows = append(rows, row{rapid.SampledFrom([]any{"a", "b", "c", "d", "", "a key that is not short", nil}).Draw(r, "who"),
					rapid.SampledFrom([]any{int64(0), int64(1), int64(2), nil}).Draw(r, "n"), "page"})
			}
			if len(rows) > 0 && o.Reload > 0 && (since >= o.Reload || broken && since > 0) {
				if since, broken = 0, !readable; readable {
					held = disk
				}
			}
			for _, one := range rows {
				found := held.find(both, one[0], one[1])
				if found == nil && required {
					missing++
					continue
				}
				want = append(want, append(one[:3:3], found.taken(tagged)...))
			}
			failed := len(p.out.Failures)
			p.send(0, drawBatch(r, p.rt.Allocator(), clicks, rows))
			check(r, p.taken(), want)
			if got := len(p.out.Failures) - failed; got != missing {
				r.Fatalf("%d rows are rejected, want %d", got, missing)
			}
			keys := map[[2]any]bool{}
			for _, one := range held {
				if found := held.find(both, one.ID, one.Num); found != nil {
					key := [2]any{one.ID}
					if both {
						key[1] = one.Num
					}
					keys[key] = true
				}
			}
			if n, _ := p.op.(op.Stateful).State(); n != int64(len(keys)) {
				r.Fatalf("%d keys are held, want %d", n, len(keys))
			}
		}
		p.close()
	})
}

func lookUpNames(path string, format plan.Format, more ...string) *plan.Lookup {
	return &plan.Lookup{Path: path, Format: format, Schema: schemaOf(append([]string{"id string", "name string"}, more...)...), MaxRows: 3,
		On: []plan.LookupKey{{Column: text("who"), In: text("id")}}, Take: []plan.LookupColumn{{Name: text("name"), In: text("name")}}}
}

// A file in which a row cannot be read, or which is too large, is an error that says so; columns that are not named may be anything.
func TestLookupFiles(t *testing.T) {
	csv, tsv := plan.Format{Name: "csv", Config: codec.DefaultCSV}, plan.Format{Name: "csv", Config: codec.TSV}
	for _, c := range []struct {
		name   string
		text   string
		format plan.Format
		want   string // the name found, or what the error says
		fails  bool
	}{
		{"csv", "other,name,id\nx,Ada,a\n", csv, "Ada", false},
		{"the last row holds", "id,name\na,Ada\nb,Bob\na,Eve", csv, "Eve", false},
		{"a line end in quotes", "id,name\na,\"A\nB\"\n", csv, "A\nB", false},
		{"tabs", "id\tname\na\tAda, of course\n", tsv, "Ada, of course", false},
		{"another column is of another type", "id,name,age\na,Ada,old\n", csv, "Ada", false},
		{"json", `{"id": "a", "name": "Ada", "age": "old"}`, plan.Format{Name: "json"}, "Ada", false},
		{"no file", "", csv, "no such file", true},
		{"no header", "id,nome\na,Ada\n", csv, "name", true},
		{"not one of four", "id,name\na,1\nb,2\nc,3\nd,4\n", csv, "more than 3 rows", true},
		{"cut off", "{\"id\": \"a\", \"name\": \"Ada\"}\n{\"id\": \"b", plan.Format{Name: "json"}, `in "{\"id\": \"b"`, true},
		{"wrong type", `{"id": 7, "name": "Ada"}`, plan.Format{Name: "json"}, "wrong type", true},
		{"too long", "id,name\na," + strings.Repeat("x", 2<<20) + "\n", csv, "may have", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "file")
			if c.text != "" {
				putFile(t, path, c.text)
			}
			o := lookUpNames(path, c.format, "age int")
			if c.fails {
				n := &plan.Node{ID: "n", Op: o, Outputs: []*plan.Output{{Schema: schemaOf("who string", "n int", "page string", "name string")}}}
				o.Take[0].Of = 1
				tr, err := New(n)
				if err != nil {
					t.Fatal(err)
				}
				if err = tr.Open(t.Context(), optest.New(t)); err == nil || !strings.Contains(err.Error(), c.want) {
					t.Errorf("Open: %v, want %q", err, c.want)
				}
				if err := tr.Close(); err != nil {
					t.Error(err)
				}
				return
			}
			p := open(t, t, o, plan.Rows, nil, clicks)
			p.rows(0, row{"a", nil, nil}, row{"zz", nil, nil})
			check(t, p.taken(), []row{{"a", nil, nil, c.want}, {"zz", nil, nil, nil}})
			logs := strings.Join(p.rt.Logs(), "\n")
			if twice := strings.Contains(logs, "several times"); twice != (c.name == "the last row holds") {
				t.Errorf("logged: %s", logs)
			}
			p.close()
		})
	}
}

// What is taken by many rows is large however small they are, so it leaves in batches of bounded size.
func TestLookupCutsLargeTexts(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file.csv")
	long := strings.Repeat("x", leastCut/4)
	putFile(t, path, "id,name\na,"+long+"\nb,short\n")
	p := open(t, t, lookUpNames(path, plan.Format{Name: "csv", Config: codec.DefaultCSV}), plan.Rows, nil, clicks)
	var rows, want []row
	for i := range 50 {
		who := []string{"a", "b", "c"}[i%3]
		rows = append(rows, row{who, int64(i), nil})
		want = append(want, row{who, int64(i), nil, map[string]any{"a": long, "b": "short"}[who]})
	}
	p.rows(0, rows...)
	if n := len(p.out.Batches[""]); n < 4 || n > 10 {
		t.Errorf("%d batches", n)
	}
	for _, b := range p.out.Batches[""] {
		if data := b.Record.Column(3).Data().Buffers()[2].Len(); data > leastCut {
			t.Errorf("a batch of %d bytes of texts", data)
		}
	}
	check(t, p.taken(), want)
	p.close()
}

// A rejected row says which key was not found.
func TestLookupRejects(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file.csv")
	putFile(t, path, "id,name\na,Ada\n")
	o := lookUpNames(path, plan.Format{Name: "csv", Config: codec.DefaultCSV})
	o.Required, o.Take = true, nil
	p := open(t, t, o, plan.Rows, nil, clicks)
	p.rows(0, row{"b", nil, nil}, row{"a", nil, nil}, row{nil, nil, nil})
	check(t, p.taken(), []row{{"a", nil, nil}})
	for i, want := range []string{"who b is not in " + path, "who NULL is not in " + path} {
		if f := p.out.Failures[i]; f.Reason != "not in the file of the lookup" || f.Detail != want || f.Row != int32(2*i) {
			t.Errorf("%+v, want %s", f, want)
		}
	}
	p.close()
}
