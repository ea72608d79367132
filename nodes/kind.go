package nodes

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"flowrun/dag/diag"
	"flowrun/dag/op"
	"flowrun/dag/plan"
	"flowrun/dag/spec"
)

// Role is a kind's part in a graph. A name may be registered once as a source and once as a sink; which one a node
// means follows from whether it has a `from`.
type Role int

// The roles.
const (
	Source Role = iota
	Transform
	Sink
)

// String gives the word used in messages.
func (r Role) String() string { return [...]string{"source", "transform", "sink"}[r] }

// Kind is all that is known of one kind in one role. C is the type of its settings: a struct with yaml, doc, default,
// enum and required tags, or for a kind whose settings are one value or the user's own names, diag.Text, int64,
// spec.Fields or spec.Items.
type Kind[C any] struct {
	Name string
	Role Role
	// Doc is the reference page, markdown: one sentence first, then an example, which a test runs.
	Doc string
	// MaxInputs is how many nodes it can read at the most; 0 means 1, and -1 any number.
	MaxInputs int
	// Lanes: `parallelism` means something for it, as plan.NoLanes says too.
	Lanes bool

	// Lower makes a transform's operation. It reports what is wrong through b and returns nil then.
	Lower func(b *Builder, c C) plan.Op
	// Table makes the connector of a transform that reads a table; nil: none of the kind does.
	Table func(o plan.Op) (op.Table, error)
	// Scan makes a source's description: its schema, and whether it is bounded, replays, can say what is there now.
	// Opening files to look is allowed; waiting for a peer is not.
	Scan func(ctx context.Context, b *Builder, c C) *plan.Scan
	// Source makes the connector of a bound scan.
	Source func(c C, s *plan.Scan) (op.Source, error)
	// Write makes a sink's description.
	Write func(b *Builder, c C) *plan.Write
	// Check finds what is wrong between the rows of a bound write and what they are written into, as far as that can be seen without waiting
	// for a peer; nil: nothing can be. It reports through b.
	Check func(b *Builder, c C, w *plan.Write)
	// Sink makes the connector of a bound write.
	Sink func(c C, w *plan.Write) (op.Sink, error)
}

// Entry is a registered kind with its settings' type erased.
type Entry struct {
	Name      string
	Role      Role
	Doc       string
	MaxInputs int
	Lanes     bool
	Config    reflect.Type

	lower  func(ctx context.Context, b *Builder) plan.Op
	source func(s *plan.Scan) (op.Source, error)
	sink   func(w *plan.Write) (op.Sink, error)
	check  func(b *Builder, w *plan.Write)
	table  func(o plan.Op) (op.Table, error)
}

// New returns a pointer to a zero value of the kind's settings.
func (e *Entry) New() any { return reflect.New(e.Config).Interface() }

// Summary is the first line of the kind's page that says something.
func (e *Entry) Summary() string {
	for line := range strings.Lines(e.Doc) {
		line = strings.TrimSpace(line)
		if line != "" && !strings.HasPrefix(line, "#") {
			return line
		}
	}
	return ""
}

var entries []*Entry

// Register adds a kind; it is called from the init of the kind's package. A kind that is registered twice in the same
// role, or lacks what its role needs, is a bug and panics at start.
func Register[C any](k Kind[C]) {
	if Find(k.Name, k.Role) != nil {
		panic(fmt.Sprintf("nodes: %s %s registered twice", k.Name, k.Role))
	}
	e := &Entry{Name: k.Name, Role: k.Role, Doc: k.Doc, MaxInputs: k.MaxInputs, Lanes: k.Lanes, Config: reflect.TypeFor[C]()}
	if e.MaxInputs == 0 {
		e.MaxInputs = 1
	}
	decode := func(b *Builder) (C, bool) {
		var c C
		list := spec.Decode(b.Node.Config, &c, b.Node.KindAt, k.Name)
		b.diags.Add(list...)
		spec.Secrets(b.Node.Config, &c, b.secrets)
		return c, !list.HasErrors() && !b.Node.Config.Broken()
	}
	var complete bool
	switch k.Role {
	case Source:
		complete = k.Scan != nil && k.Source != nil
		e.lower = func(ctx context.Context, b *Builder) plan.Op {
			c, ok := decode(b)
			if !ok {
				b.Unused()
				return nil
			}
			s := k.Scan(ctx, b, c)
			b.Unused()
			if s == nil {
				return nil
			}
			s.Kind, s.Config = k.Name, c
			return s
		}
		e.source = func(s *plan.Scan) (op.Source, error) { return k.Source(s.Config.(C), s) }
	case Transform:
		complete = k.Lower != nil
		e.table = k.Table
		e.lower = func(_ context.Context, b *Builder) plan.Op {
			c, ok := decode(b)
			b.Unused()
			if !ok {
				return nil
			}
			return k.Lower(b, c)
		}
	case Sink:
		complete = k.Write != nil && k.Sink != nil
		e.lower = func(_ context.Context, b *Builder) plan.Op {
			c, ok := decode(b)
			if !ok {
				b.Unused()
				return nil
			}
			w := k.Write(b, c)
			b.Unused()
			if w == nil {
				return nil
			}
			w.Kind, w.Config = k.Name, c
			return w
		}
		if k.Check != nil {
			e.check = func(b *Builder, w *plan.Write) { k.Check(b, w.Config.(C), w) }
		}
		e.sink = func(w *plan.Write) (op.Sink, error) { return k.Sink(w.Config.(C), w) }
	}
	if !complete {
		panic(fmt.Sprintf("nodes: %s %s lacks what its role needs", k.Name, k.Role))
	}
	entries = append(entries, e)
}

// Find returns the kind called name in that role, or nil.
func Find(name string, role Role) *Entry {
	for _, e := range entries {
		if e.Name == name && e.Role == role {
			return e
		}
	}
	return nil
}

// All returns every registered kind, sources first, then transforms, then sinks, each by name.
func All() []*Entry {
	all := slices.Clone(entries)
	slices.SortFunc(all, func(a, b *Entry) int {
		if a.Role != b.Role {
			return int(a.Role - b.Role)
		}
		return strings.Compare(a.Name, b.Name)
	})
	return all
}

// Names returns the names of all kinds, each once, sorted.
func Names() []string {
	var names []string
	for _, e := range entries {
		names = append(names, e.Name)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// Connectors makes the sources, sinks and tables of a bound plan; the engine is given it.
type Connectors struct{}

// Source makes the connector of a node that scans.
func (Connectors) Source(n *plan.Node) (op.Source, error) {
	s := n.Op.(*plan.Scan)
	return Find(s.Kind, Source).source(s)
}

// Sink makes the connector of a node that writes.
func (Connectors) Sink(n *plan.Node) (op.Sink, error) {
	w := n.Op.(*plan.Write)
	return Find(w.Kind, Sink).sink(w)
}

// Table makes the connector of a transform that reads a table.
func (Connectors) Table(n *plan.Node) (op.Table, error) { return Find(n.Kind, Transform).table(n.Op) }

// Builder is what a kind lowers with: the node as written, and where its mistakes go.
type Builder struct {
	Node  *spec.Node
	ctx   context.Context
	diags *diag.List
	// secrets takes the values of settings that are never shown.
	secrets *diag.Secrets
	// which of the keys beside the kind the kind asked for
	usedFormat, usedSchema bool
}

// Context is that in which the file is read: it ends when nobody waits for that any longer.
func (b *Builder) Context() context.Context { return b.ctx }

// Within is a Builder whose settings are those that stand under key.
func (b *Builder) Within(key string) *Builder {
	inner, node := *b, *b.Node
	node.Config = b.Node.Config.Get(key)
	inner.Node = &node
	return &inner
}

// Report adds a diagnostic.
func (b *Builder) Report(d diag.Diagnostic) { b.diags.Add(d) }

// Config is the place of the kind's settings.
func (b *Builder) Config() diag.Span {
	if b.Node.Config != nil && b.Node.Config.At.Known() {
		return b.Node.Config.At
	}
	return b.Node.KindAt
}
