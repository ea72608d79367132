package relational

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"flowrun/dag/batch"
	"flowrun/dag/expr"
	"flowrun/dag/op"
	"flowrun/dag/plan"
	"flowrun/dag/state"
)

// fold keeps values for each key and computes them anew with each row. A batch is taken in rounds: the k-th one takes the k-th
// row of each key, so that no row of it depends on another, and is computed by column. The rows of keys that have many more than
// the others, of which a round would have only a few, are computed row by row.
type fold struct {
	keys    arguments // only keys
	table   *state.Table
	kept    []*state.Values
	latest  state.Fixed[int64] // event time, in microseconds of the Unix epoch
	started state.Fixed[bool]  // a row of the key went through
	armed   state.Fixed[bool]  // the key has a timer
	ttl     int64              // in microseconds; 0: for ever
	clock   eventClock
	timers  *state.Timers
	late    lateRows
	now     int64 // the watermark
	each    bool  // each epoch is its own

	o        *plan.Fold
	node     string
	schema   *arrow.Schema // of the result
	names    []string
	next     []*expr.Program
	read     []bool // by column of the input: next reads it
	start    []arrow.Array
	starts   []state.Vector // of one entry each
	begin    expr.Struct
	set      *expr.Set
	given    *expr.Given // nil: next is beyond the row machine's limits
	pieces   pieces
	blanks   blanks // of Row
	mem      memory.Allocator
	fewest   int // rows of a round that are worth the columns
	rounds   rounds
	rejected []batch.Failure

	// Of the piece in hand:
	slots  []int32
	times  []int64
	made   []*batch.Column // what is kept behind each row, as the rows were taken
	places []int32         // by row of the record: where in made
	count  int32           // of made
	at     []int32         // rows of a round
	of     []int32         // their slots
	vector state.Vector

	due    []state.Timer
	closed []int32
}

// fewestRows is where a round by column costs about what its rows cost one by one.
const fewestRows = 6

func newFold(n *plan.Node, o *plan.Fold) (*fold, error) {
	f := &fold{o: o, node: n.ID, ttl: o.TTL.Microseconds(), clock: eventClock{Clock: o.Clock}, late: lateRowsOf(n), now: math.MinInt64, each: perEpoch(n),
		schema: n.Output("").Schema, timers: state.NewTimers(o.TTL.Microseconds() / 16), fewest: fewestRows}
	var types []arrow.DataType
	for _, it := range o.By {
		types = append(types, it.Expr.P.Type())
		f.keys.by = append(f.keys.by, it.Expr.P)
	}
	var err error
	if f.table, err = state.NewTable(types...); err != nil {
		return nil, fmt.Errorf("scan %s: %w", n.ID, err)
	}
	f.timers.Of(f.table)
	f.table.Attach("latest", &f.latest)
	f.table.Attach("started", &f.started)
	f.table.Attach("armed", &f.armed)
	for _, field := range o.Kept.Fields() {
		v, err := state.NewValues(field.Type)
		if err != nil {
			return nil, fmt.Errorf("scan %s: %s: %w", n.ID, field.Name, err)
		}
		f.table.Attach("acc/"+field.Name, v)
		f.kept, f.names = append(f.kept, v), append(f.names, field.Name)
	}
	f.read = make([]bool, o.Row.NumFields())
	for _, it := range o.Next {
		f.next = append(f.next, it.Expr.P)
		for _, name := range it.Expr.P.Columns() {
			for _, i := range o.Row.FieldIndices(name) {
				f.read[i] = true
			}
		}
	}
	f.pieces = piecesOf(f.next)
	return f, nil
}

var (
	_ op.Transform = (*fold)(nil)
	_ op.Stateful  = (*fold)(nil)
)

func (f *fold) Open(_ context.Context, rt op.Runtime) error {
	f.mem = rt.Allocator()
	f.late.mem = f.mem
	if err := f.begins(rt); err != nil {
		releaseAll(f.start)
		return err
	}
	f.keys.open(rt)
	f.set = expr.NewSet(f.mem, f.next...)
	if given, err := expr.NewGiven(f.next, plan.Acc); err == nil {
		f.given = given
	}
	f.blanks = newBlanks(f.o.Row, f.mem, func(i int) bool { return !f.read[i] && i < f.o.Row.NumFields()-1 })
	for _, field := range f.o.Kept.Fields() {
		f.made = append(f.made, batch.NewColumn(field.Type, f.mem))
	}
	return nil
}

// begins computes what is kept before the first row of a key.
func (f *fold) begins(rt op.Runtime) error {
	one := batch.New(array.NewRecordBatch(empty, nil, 1))
	defer one.Release()
	one.Arrived = rt.Now()
	for i, it := range f.o.Start {
		values, err := f.startOf(it, f.o.Kept.Field(i).Type, one)
		if err != nil {
			return fmt.Errorf("scan %s: the start of %s: %w", f.node, it.Name.Value, err)
		}
		f.start = append(f.start, values)
	}
	f.starts = make([]state.Vector, len(f.start))
	for i, values := range f.start {
		f.starts[i].Load(values, nil)
	}
	var err error
	f.begin, err = expr.ReadStruct(f.names, f.start, 0)
	return err
}

func (f *fold) startOf(it plan.Item, dt arrow.DataType, one *batch.Batch) (arrow.Array, error) {
	if it.Expr.P == nil {
		bld := array.NewBuilder(f.mem, dt)
		defer bld.Release()
		if l, ok := bld.(array.ListLikeBuilder); ok {
			l.Append(true)
		} else {
			bld.AppendNull()
		}
		return bld.NewArray(), nil
	}
	ev := it.Expr.P.Evaluator(f.mem)
	defer ev.Close()
	values, failed, err := ev.Eval(one)
	if err == nil && len(failed) > 0 {
		values.Release()
		return nil, fmt.Errorf("%s: %s", failed[0].Reason, failed[0].Detail)
	}
	return values, err
}

func (f *fold) Process(ctx context.Context, _ int, in *batch.Batch, out op.Emitter) error {
	return f.pieces.each(ctx, in, func(piece *batch.Batch) (int64, error) { return f.piece(piece, out) })
}

// piece takes the rows of a batch, and gives about how many bytes what is kept behind them takes.
func (f *fold) piece(in *batch.Batch, out op.Emitter) (int64, error) {
	defer f.keys.release()
	rows := survivorsOf(in)
	defer rows.release()
	if f.ttl > 0 {
		var err error
		if f.times, err = punctual(&f.clock, &f.late, &rows, f.now, out); err != nil {
			return 0, err
		}
	}
	failed, err := f.keys.eval(rows.left)
	if err != nil {
		return 0, err
	}
	f.rejected = append(f.rejected[:0], failed...)
	f.keys.load()
	if f.slots, err = f.table.Slots(f.keys.keys, f.keys.n, f.slots); err != nil {
		return 0, err
	}
	for _, i := range f.table.Fresh() {
		f.forget(f.slots[i])
	}
	f.places, f.count = resized(f.places, int(in.Record.NumRows())), 0
	if err := f.take(in); err != nil {
		return 0, err
	}
	f.dropUnstarted()
	return f.emit(in, out)
}

// forget makes a key start anew.
func (f *fold) forget(slot int32) {
	for k, v := range f.kept {
		v.Set(slot, &f.starts[k], 0)
	}
}

// take takes the rows that are left, round by round, and then those that are left one by one.
func (f *fold) take(in *batch.Batch) error {
	r := &f.rounds
	r.make(f.slots, f.table.Len())
	for k := range r.len() {
		round := r.round(k)
		if len(round) < f.fewest && f.given != nil {
			return f.oneByOne(in, r.from(k))
		}
		if err := f.round(in, round); err != nil {
			return err
		}
	}
	return nil
}

// expired reports whether a row of a key came so long behind the last one that the key starts anew.
func (f *fold) expired(slot, row int32) bool {
	return f.ttl > 0 && f.started.V[slot] && f.times[row]-f.latest.V[slot] >= f.ttl
}

// went notes that a row of a key went through.
func (f *fold) went(slot, row int32) {
	if f.ttl == 0 {
		f.started.V[slot] = true
		return
	}
	at := f.times[row]
	if !f.started.V[slot] || at > f.latest.V[slot] {
		f.latest.V[slot] = at
	}
	f.started.V[slot] = true
	if !f.armed.V[slot] {
		f.armed.V[slot] = true
		f.timers.Set(f.latest.V[slot]+f.ttl, slot)
	}
}

// dropUnstarted forgets new keys of which no row went through.
func (f *fold) dropUnstarted() {
	if len(f.rejected) == 0 {
		return
	}
	f.closed = f.closed[:0]
	for _, i := range f.table.Fresh() {
		if s := f.slots[i]; !f.started.V[s] {
			f.closed = append(f.closed, s)
		}
	}
	f.table.Remove(f.closed)
}

// Watermark forgets keys that had no row for long enough.
func (f *fold) Watermark(_ context.Context, wm time.Time, _ op.Emitter) (time.Time, error) {
	f.now = max(f.now, wm.UnixMicro())
	if f.ttl == 0 {
		return wm, nil
	}
	f.due, f.closed = f.timers.Due(f.now, f.due[:0]), f.closed[:0]
	for _, t := range f.due {
		// A key has one timer, which is set again where there were rows since.
		if end := f.latest.V[t.Slot] + f.ttl; end > f.now {
			f.timers.Set(end, t.Slot)
		} else {
			f.closed = append(f.closed, t.Slot)
		}
	}
	f.table.Remove(f.closed)
	return wm, nil
}

func (f *fold) Barrier(context.Context, uint64, op.Emitter) error {
	if f.each {
		f.table.Clear()
	}
	return nil
}

// State implements op.Stateful.
func (f *fold) State() (rows, bytes int64) {
	return int64(f.table.Live()), f.table.Bytes() + f.timers.Bytes()
}

func (f *fold) Close() error {
	f.keys.close()
	if f.set != nil {
		f.set.Close()
	}
	for _, c := range f.made {
		c.Release()
	}
	f.blanks.close()
	releaseAll(f.start)
	f.start = nil
	return nil
}
