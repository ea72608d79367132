package spec

import (
	"slices"

	"gopkg.in/yaml.v3"

	"flowrun/dag/diag"
)

// sameFile reports whether two texts are the same pipeline file with the same mistakes, places aside.
func sameFile(path string, a, b []byte) bool {
	fa, la := Load(path, a, formatOptions())
	fb, lb := Load(path, b, formatOptions())
	if (fa == nil) != (fb == nil) || !slices.EqualFunc(la, lb, func(x, y diag.Diagnostic) bool {
		return x.Code == y.Code && x.Message == y.Message
	}) {
		return false
	}
	if fa != nil && !sameSpec(fa, fb) {
		return false
	}
	// What stands below x- keys is in no Spec.
	ra, _, errA := read(newPatched(readSource(path, a, new(diag.List))).bytes())
	rb, _, errB := read(newPatched(readSource(path, b, new(diag.List))).bytes())
	return errA == nil && errB == nil && sameTree(ra, rb, 0)
}

func sameSpec(a, b *File) bool {
	return a.Name.Value == b.Name.Value && a.Description == b.Description &&
		sameValue(a.Trigger, b.Trigger) && sameValue(a.Checkpoint, b.Checkpoint) && sameValue(a.Tests, b.Tests) &&
		slices.EqualFunc(a.Nodes, b.Nodes, func(x, y Node) bool {
			return x.ID == y.ID && x.Kind == y.Kind && x.Description == y.Description &&
				slices.EqualFunc(x.From, y.From, func(r, s Ref) bool { return r.Node == s.Node && r.Output == s.Output }) &&
				sameValue(x.Config, y.Config) && sameValue(x.Format, y.Format) && sameValue(x.Schema, y.Schema) &&
				sameValue(x.EventTime, y.EventTime) && sameValue(x.Journal, y.Journal) && sameValue(x.OnError, y.OnError) && sameValue(x.Parallelism, y.Parallelism)
		})
}

func sameValue(a, b *Value) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.Kind == b.Kind && a.Text.Value == b.Text.Value && a.Quoted == b.Quoted && a.raw.Value == b.raw.Value &&
		a.broken == b.broken && a.partial == b.partial &&
		slices.EqualFunc(a.Items, b.Items, sameValue) &&
		slices.EqualFunc(a.Entries, b.Entries, func(x, y Entry) bool { return x.Key == y.Key && sameValue(x.Value, y.Value) })
}

// sameTree compares what YAML makes of two texts. An alias is compared by its name, as its anchor is where it stands.
func sameTree(a, b *yaml.Node, depth int) bool {
	if a == nil || b == nil {
		return a == b
	}
	quoted := func(n *yaml.Node) bool { return n.Style&quotedStyles != 0 }
	return depth < 10*maxDepth && a.Kind == b.Kind && a.Tag == b.Tag && a.Value == b.Value && a.Anchor == b.Anchor &&
		quoted(a) == quoted(b) &&
		slices.EqualFunc(a.Content, b.Content, func(x, y *yaml.Node) bool { return sameTree(x, y, depth+1) })
}
