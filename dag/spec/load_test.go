package spec

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"flowrun/dag/diag"
)

const hotDevices = `# yaml-language-server: $schema=docs/flowrun.schema.json
name: hot_devices
description: the hottest devices, ${WHERE:-here}
trigger: 2s
checkpoint: {dir: state/hot_devices, every: 1s}
x-note: &gone {ignored: [*never]}
nodes:
  readings:
    socket: {host: "${HOST:-localhost}", port: 1100}
    format: json
    schema: {ts: timestamp, device: string, temp: float, pos!: {lat: float}}
    event_time: {column: ts, delay: 10s}
    on_error: drop
    parallelism: 2
    description: from the field
  hot:
    from: readings
    filter: status == "ok" && temp > 30
  level:
    from: hot
    derive:
      level: 'temp > 90 ? "high" : "low"'
      size: if temp > 90 { 2 } else { 1 }
  counts:
    from: level
    aggregate: {by: [device, {l: level}], take: {n: count()}, emit: complete}
  console: {from: [counts, readings.rejected], console: }
  ten: {from: hot, limit: 1_0}
tests:
  - name: a, b
    input: {readings: [to be (or, not) to be]}
    expect: {counts: [{device: null, n: 1}]}
`

func TestLoad(t *testing.T) {
	src := strings.Replace(hotDevices, "[*never]", "[1]", 1)
	f, decoded, list := check("dir/hot.yaml", []byte(src), testOptions())
	if len(list) > 0 {
		t.Fatal(list)
	}
	if f.Path != "dir/hot.yaml" || string(f.Source) != src || f.Name.Value != "hot_devices" || f.Name.At.Line != 2 ||
		f.Description != "the hottest devices, here" || f.Trigger.Text.Value != "2s" || f.Checkpoint.Get("every").Text.Value != "1s" ||
		len(f.Tests.Items) != 1 {
		t.Errorf("%+v", f)
	}
	var got []string
	for _, n := range f.Nodes {
		var from []string
		for _, r := range n.From {
			from = append(from, fmt.Sprintf("%s/%s@%d:%d", r.Node, r.Output, r.At.Line, r.At.Column))
		}
		got = append(got, fmt.Sprintf("%s@%d:%d+%d %s@%d:%d %v", n.ID, n.At.Line, n.At.Column, n.At.Length, n.Kind, n.KindAt.Line, n.KindAt.Column, from))
	}
	want := []string{
		"readings@8:3+8 socket@9:5 []",
		"hot@16:3+3 filter@18:5 [readings/@17:11]",
		"level@19:3+5 derive@21:5 [hot/@20:11]",
		"counts@24:3+6 aggregate@26:5 [level/@25:11]",
		"console@27:3+7 console@27:48 [counts/@27:20 readings/rejected@27:28]",
		"ten@28:3+3 limit@28:20 [hot/@28:15]",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	r := f.Nodes[0]
	if r.Format.Text.Value != "json" || len(r.Schema.Entries) != 4 || r.EventTime.Get("delay").Text.Value != "10s" ||
		r.OnError.Text.Value != "drop" || r.Parallelism.Text.Value != "2" || r.Description != "from the field" || r.Config.Get("host").Text.Value != "localhost" {
		t.Errorf("%+v", r)
	}
	derive := *decoded["level"].(*Fields)
	if len(derive) != 2 || derive[0].Name.Value != "level" || derive[0].Expr.Value != `temp > 90 ? "high" : "low"` ||
		derive[1].Expr.Value != "if temp > 90 { 2 } else { 1 }" {
		t.Errorf("%v", derive)
	}
	a := decoded["counts"].(*aggregateConfig)
	if len(a.By) != 2 || !a.By[0].Bare || a.By[1].Bare || a.By[1].Expr.Value != "level" || a.Take[0].Expr.Value != "count()" || a.Emit.Value != "complete" || a.Emit.At.Line != 26 {
		t.Errorf("%+v", a)
	}
	if *decoded["ten"].(*int64) != 10 {
		t.Errorf("limit is %d", *decoded["ten"].(*int64))
	}
	if rows := f.Tests.Items[0].Get("input").Get("readings").Items; len(rows) != 2 || rows[0].Text.Value != "to be (or" {
		t.Errorf("the rows of a test were changed: %v", rows)
	}
	if v := f.Tests.Items[0].Get("expect").Get("counts").Items[0].Get("device"); v.Kind != Null || v.Text.Value != "null" {
		t.Errorf("null is %+v", v)
	}
}

func TestNameIsTheFilesUnlessSaid(t *testing.T) {
	f, list := Load("pipelines/busy.words.yaml", []byte("nodes: {a: {stdin: {}}}\n"), Options{})
	if len(list) > 0 || f.Name.Value != "busy.words" {
		t.Errorf("%v %v", f, list)
	}
}

func TestLoadGoesOnBehindMistakes(t *testing.T) {
	src := "nodes:\n  a:\n    filter: x ? \"a: b\" : tmep\n   b:\n    stdin: {}\n  c:\n    from: [a\n    limit: 5\n"
	f, list := Load("f.yaml", []byte(src), testOptions())
	if f == nil || len(f.Nodes) != 3 || len(list) != 3 {
		t.Fatalf("%v\n%+v", list, f)
	}
	if got := f.Nodes[0].Config; got.Text.Value != `x ? "a: b" : tmep` || !got.Quoted {
		t.Errorf("the expression is %+v", got)
	}
	if f.Nodes[1].Kind != "stdin" || f.Nodes[2].Kind != "limit" {
		t.Errorf("%+v", f.Nodes)
	}
}

// TestNoFalseAlarm holds that what looks like a mistake and is none is read as it stands, also where the file has a real
// mistake further down.
func TestNoFalseAlarm(t *testing.T) {
	const good = `nodes:
  a: &node
    stdin: {}
    description: "a: b, {c}" # don't: worry
  b:
    from: a
    filter: 'it''s' == x # a: comment "with
    description: don't - [worry], it's 5 > 3 | x
  c:
    from: [a,
      b]
    derive: {
      one: x,
      two: 'a, b',
    }
    description: >-
      to be: or
        not: to be
      ? x
  d:
    from: a
    filter: |
      x ? "y" : z
      # no comment
	 tab: here
  e: {from: a, filter: "a \
      b: c"}
  "f":
    from: a
    filter: x
      == y
  g:
    <<: *node
  h:
    from: a
    select:
    - a
    - b: x
    -
      c: y
`
	const fixed = "filter: '''it''''s'' == x' # a: comment \"with"
	src := strings.Replace(good, "filter: 'it''s' == x # a: comment \"with", fixed, 1)
	src = strings.Replace(src, "\t tab", "       tab", 1)
	if f, list := Load("f.yaml", []byte(src), testOptions()); len(list) > 0 || len(f.Nodes) != 8 {
		t.Fatal(list)
	}
	_, list := Load("f.yaml", []byte(src+"  i:\n    from: a\n    filter: x ? y : z\n"), testOptions())
	if len(list) != 1 || list[0].Code != codeQuote || list[0].At.Line != len(diag.SplitLines([]byte(src)))+2 {
		t.Errorf("with a mistake at the end: %v", list)
	}
}

func TestLoadIsBounded(t *testing.T) {
	for name, src := range map[string]string{
		"brackets":      strings.Repeat("[", 1<<16),
		"braces":        "a: " + strings.Repeat("{a: ", 1<<14),
		"dashes":        strings.Repeat("- ", 1<<14),
		"quotes":        strings.Repeat("a: \"\n", 1<<13),
		"mixed quotes":  "a:\n" + strings.Repeat("  'x\n  \"y\n", 1<<12),
		"colons":        strings.Repeat("a: b: c\n", 1<<13),
		"steps":         strings.Repeat("a:\n b:\n  c\n", 1<<12),
		"comments":      strings.Repeat("# a\n", 1<<14),
		"tabs":          strings.Repeat("\ta: b\n", 1<<12),
		"long line":     "a: " + strings.Repeat("x ", 1<<16),
		"substitutions": "name: \"" + strings.Repeat("${A:-", 1<<12) + strings.Repeat("}", 1<<12) + "\"\nnodes: {}",
		"dollars":       "name: " + strings.Repeat("$$", 1<<15),
		"words":         strings.Repeat("a b\n", 1<<12),
		"duplicates":    strings.Repeat("a: b\n", 1<<12),
		"aliases":       "a: &a [x]\n" + strings.Repeat("b: [*a, *a]\n", 1<<11),
		"unknown":       strings.Repeat("a: *a\n", 1<<12),
	} {
		t.Run(name, func(t *testing.T) {
			_, list := Load("f.yaml", []byte(src), testOptions())
			if !list.HasErrors() {
				t.Error("nothing is wrong with it")
			}
		})
	}
}
