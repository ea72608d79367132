package plan

import (
	"fmt"
	"slices"
	"strings"

	"flowrun/dag/diag"
)

// Upserts is of a sink that can put a row into the place of another one with its key.
type Upserts struct {
	By []diag.Text // columns that its settings say are the key; none: the key of updates is
}

// Replaces are the columns by which a row takes the place of another one; nil: it takes no place, or complete results take all.
func (o *Write) Replaces() []string {
	if o.Upserts == nil || o.Mode == Complete {
		return nil
	}
	if len(o.Upserts.By) == 0 {
		if o.Mode == Updates {
			return o.Key
		}
		return nil
	}
	var names []string
	for _, k := range o.Upserts.By {
		names = append(names, k.Value)
	}
	return names
}

// upserts checks that a sink which puts rows into the place of others can tell which.
func (b *binder) upserts(n *Node, o *Write, in *Output) {
	if o.Upserts == nil {
		return
	}
	e, from := env(n, in), edgeName(n.Inputs[0])
	for i, k := range o.Upserts.By {
		at := in.Schema.FieldIndices(k.Value)
		switch {
		case len(at) == 0:
			b.unknownColumn(k, e)
			continue
		case slices.ContainsFunc(o.Upserts.By[:i], func(other diag.Text) bool { return other.Value == k.Value }):
			b.report(CodeDuplicateColumn, k.At, "name it once", "key names the column %q twice", k.Value)
			continue
		}
		f := in.Schema.Field(at[0])
		if why := notAKey(f.Type); why != "" {
			b.report(CodeType, k.At, "name a column with a simple value", "%s cannot be part of a key: %s", k.Value, why)
		}
	}
	switch {
	case in.Mode == Complete && len(o.Upserts.By) > 0:
		b.report(CodeMode, o.Upserts.By[0].At, "remove key, or let "+from+" say emit: updates",
			"%s carries complete results: those of each commit take the place of all rows of the table, so that a key means nothing", from)
	case in.Mode == Updates && len(o.Upserts.By) == 0 && len(in.Key) == 0:
		b.report(CodeMode, n.FromAt, "let "+from+" say emit: complete, or say which columns have a row once: key: [...]",
			"%s carries updates without a key: which row of the table one replaces is not known", from)
	}
}

// upsertsText says what a row does in the place that it is written to.
func upsertsText(o *Write) string {
	switch key := o.Replaces(); {
	case o.Mode == Complete:
		return "the results of each commit take the place of all that was there"
	case len(key) > 0:
		return fmt.Sprintf("a row takes the place of the one with its %s", strings.Join(key, ", "))
	}
	return "each row is one more"
}
