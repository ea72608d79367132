package relational

import (
	"context"
	"fmt"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"flowrun/dag/batch"
	"flowrun/dag/op"
	"flowrun/dag/plan"
	"flowrun/dag/retry"
	"flowrun/dag/state"
)

// lookup adds columns of a file, or of a table of a database. That is read whole at the start, and again where it has changed: that is looked
// at before a batch, so that one batch sees one state of it. Rows never see a state of a file that is older than the interval says; for a
// database they do not wait long. Each lane has a table of its own. What the tables hold is derived from the file or database.
type lookup struct {
	stateless
	o      *plan.Lookup
	out    *plan.Output
	schema *arrow.Schema

	rt       op.Runtime
	mem      memory.Allocator
	maxBytes int64
	from     op.Table // the connector of a table; nil: it is a file, or closed
	reload   lookupReload
	table    *lookupTable
	blanks   blanks // columns taken that nobody reads

	vectors []state.Vector
	keys    []*state.Vector
	found   []int32
	slots   []int32 // by row of the record
	sizes   []int64
}

// newLookup makes a lookup; from is the connector of its table, nil for a file.
func newLookup(n *plan.Node, o *plan.Lookup, from op.Table) *lookup {
	l := &lookup{o: o, out: n.Output(""), from: from, vectors: make([]state.Vector, len(o.On))}
	l.schema = l.out.Schema
	for i := range l.vectors {
		l.keys = append(l.keys, &l.vectors[i])
	}
	return l
}

var (
	_ op.Transform = (*lookup)(nil)
	_ op.Stateful  = (*lookup)(nil)
)

func (l *lookup) Open(ctx context.Context, rt op.Runtime) (err error) {
	defer func() {
		if err != nil {
			_ = l.Close() // nobody closes what did not open
			err = fmt.Errorf("look up in %s: %w", l.o.Place(), err)
		}
	}()
	l.rt, l.mem, l.maxBytes = rt, rt.Allocator(), max(int64(rt.BatchBytes()), leastCut)
	first := l.schema.NumFields() - len(l.o.Take)
	l.blanks = newBlanks(l.schema, l.mem, func(i int) bool { return i >= first && !l.out.Needs(i) })
	reads := func(i int) bool { return l.blanks[first+i] == nil }
	rows := lookupRows(newLookupFile(l.o, rt, reads))
	if l.from != nil {
		if rows, err = newLookupConnector(l.o, rt, reads, l.from); err != nil {
			return err
		}
	}
	l.reload = lookupReload{rows: rows, every: l.o.Reload, grace: lookupGrace}
	err = retry.Loop{For: rows.patience(), Passes: rows.passes, Hurry: rt.Hurry()}.Telling(rt, "read", l.o.Place()).Do(ctx, func() (err error) {
		l.table, err = rows.load(ctx)
		return err
	})
	l.reload.later(rt.Now())
	return err
}

func (l *lookup) Process(ctx context.Context, _ int, in *batch.Batch, out op.Emitter) error {
	n := in.Rows()
	if n == 0 {
		return nil
	}
	if err := l.refresh(ctx); err != nil {
		return err
	}
	for i, k := range l.o.On {
		l.vectors[i].LoadKeys(in.Record.Column(k.Index), in.Sel)
	}
	// A null is no key of the table, so it is not found.
	l.found = l.table.keys.Find(l.keys, n, l.found)
	rows := survivorsOf(in)
	defer rows.release()
	if l.o.Required {
		if failed := l.failures(in); len(failed) > 0 {
			rows.drop(failed)
			if err := out.Reject(in, failed); err != nil {
				return err
			}
		}
	}
	out.Pass(rows.left.Rows())
	return l.emit(in, rows.left, out)
}

// failures are the rows without a match.
func (l *lookup) failures(in *batch.Batch) []batch.Failure {
	var failed []batch.Failure
	for i, s := range l.found {
		if s >= 0 {
			continue
		}
		row := in.Row(i)
		failed = append(failed, batch.Failure{Row: int32(row), Reason: l.noMatch(), Detail: l.describe(in, row)})
	}
	return failed
}

// noMatch is why a row is rejected that needs a match.
func (l *lookup) noMatch() string { return "not in the " + l.o.What() + " of the lookup" }

// describe says which key was not found.
func (l *lookup) describe(in *batch.Batch, row int) string {
	const most = 200
	var text []byte
	for i, k := range l.o.On {
		if i > 0 {
			text = append(text, ", "...)
		}
		text = append(text, k.Column.Value+" "...)
		at := len(text)
		text = batch.AppendText(text, in.Record.Column(k.Index), row)
		text = text[:min(len(text), at+most)]
	}
	return string(text) + " is not in " + l.o.Place()
}

// emit adds the columns to the rows that are left, in as many batches as their texts need.
func (l *lookup) emit(in, left *batch.Batch, out op.Emitter) error {
	if left.Rows() == 0 {
		return nil
	}
	none := l.table.none()
	l.slots = resized(l.slots, int(in.Record.NumRows()))
	for i := range l.slots {
		l.slots[i] = none
	}
	for i, s := range l.found {
		if s >= 0 {
			l.slots[in.Row(i)] = s
		}
	}
	sel := left.Sel
	for first := true; ; first = false {
		n := l.cut(left, sel)
		if first && n == left.Rows() {
			return l.emitSome(in, left.Sel, l.slots, out)
		}
		if sel == nil {
			sel = except(left, nil)
		}
		some := l.only(sel[:n], none)
		if err := l.emitSome(in, sel[:n:n], some, out); err != nil {
			return err
		}
		if sel = sel[n:]; len(sel) == 0 {
			return nil
		}
	}
}

// cut is how many of the rows in sel (nil: all of left) go into one batch, one at least.
func (l *lookup) cut(left *batch.Batch, sel []int32) int {
	n := len(sel)
	if sel == nil {
		n = left.Rows()
	}
	if !l.table.texts {
		return n
	}
	l.found = resized(l.found, n)
	for i := range l.found {
		if sel == nil {
			l.found[i] = l.slots[i]
		} else {
			l.found[i] = l.slots[sel[i]]
		}
	}
	l.sizes = append(l.sizes[:0], make([]int64, n)...)
	for _, c := range l.table.taken {
		if c != nil {
			c.AddSizes(l.sizes, l.found)
		}
	}
	return fitting(l.sizes, l.maxBytes)
}

// only is the slots of some rows, and for all others that of nothing.
func (l *lookup) only(rows []int32, none int32) []int32 {
	some := make([]int32, len(l.slots))
	for i := range some {
		some[i] = none
	}
	for _, r := range rows {
		some[r] = l.slots[r]
	}
	return some
}

func (l *lookup) emitSome(in *batch.Batch, sel, slots []int32, out op.Emitter) error {
	columns := make([]arrow.Array, 0, l.schema.NumFields())
	columns = append(columns, in.Record.Columns()...)
	first := len(columns)
	defer func() { releaseAll(columns[first:]) }()
	for i, c := range l.table.taken {
		if c == nil {
			columns = append(columns, l.blanks[first+i].Array(len(slots)))
			continue
		}
		made, err := c.Build(l.mem, slots)
		if err != nil {
			return err
		}
		columns = append(columns, made)
	}
	return out.Emit("", in.WithRecord(recordOf(l.schema, columns, len(slots)), sel))
}

// State implements op.Stateful: the rows that are held.
func (l *lookup) State() (rows, bytes int64) {
	if l.table == nil {
		return 0, 0
	}
	return int64(l.table.keys.Live()), l.table.bytes()
}

func (l *lookup) Close() error {
	l.reload.close()
	l.blanks.close()
	l.blanks = nil
	if from := l.from; from != nil {
		l.from = nil
		return from.Close()
	}
	return nil
}
