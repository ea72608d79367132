package spec

import (
	"bytes"
	"strings"
	"testing"

	"flowrun/dag/diag"
)

const setFile = `name: a
x-base: &base {host: base, port: 1}
nodes:
  lines: {socket: *base}
  other: {socket: *base}
  hot: {from: lines, filter: temp > 30}
  items: {from: lines, select: [a, {b: x}]}
  out: {from: hot, console: }
`

func TestSet(t *testing.T) {
	o := testOptions()
	o.Set = []string{
		"name=b", "nodes.lines.socket.port=2", "nodes.lines.socket.on_eof=end", "nodes.hot.filter=temp > 40 and a == b",
		"nodes.items.select.1.b=y", "nodes.items.select.0=c", "trigger=1s", "checkpoint.dir=d", "nodes.lines.socket.roll.every=1s",
		"nodes.lines.socket.host=${SET}",
	}
	f, decoded, list := check("f.yaml", []byte(setFile), o)
	if len(list) > 0 {
		t.Fatal(list)
	}
	lines, other := decoded["lines"].(*socketConfig), decoded["other"].(*socketConfig)
	if f.Name.Value != "b" || lines.Port != 2 || lines.OnEOF != "end" || lines.Roll.Every.String() != "1s" || lines.Host != "${SET}" {
		t.Errorf("%q %+v", f.Name.Value, lines)
	}
	if other.Port != 1 || other.Host != "base" {
		t.Errorf("the other user of the anchor changed too: %+v", other)
	}
	if got := decoded["hot"].(*diag.Text).Value; got != "temp > 40 and a == b" {
		t.Errorf("filter is %q", got)
	}
	if got := *decoded["items"].(*Items); got[0].Name.Value != "c" || got[1].Expr.Value != "y" {
		t.Errorf("select is %v", got)
	}
	if f.Trigger.Text.Value != "1s" || f.Checkpoint.Get("dir").Text.Value != "d" {
		t.Error("trigger or checkpoint is missing")
	}
}

func TestWrongSet(t *testing.T) {
	o := testOptions()
	o.Set = []string{
		"nodes.lins.socket.port=2", "nodes.lines.socket=2", "nodes.lines.soket.port=2", "nodes.lines.socket.prot=2",
		"nodes.lines.socket.port=many", "nodes.items.select.5=x", "nodes.items.select.x=x", "nodes.hot.filter.x=1", "name.x=1",
		"nonsense", "=x", "a..b=c", "nodes=x", "frobnicate=1", "nodes.lines.frobnicate=1",
	}
	_, _, list := check("f.yaml", []byte(setFile), o)
	var b bytes.Buffer
	diag.Print(&b, list, func(string) []byte { return []byte(setFile) }, diag.PrintOptions{})
	golden(t, "testdata/set.txt", b.Bytes())
	if !strings.Contains(b.String(), `did you mean "lines"?`) {
		t.Error("nothing is suggested")
	}
}
