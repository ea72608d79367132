package relational

import (
	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"flowrun/dag/batch"
	"flowrun/dag/op"
	"flowrun/dag/plan"
	"flowrun/dag/state"
)

// joined makes the rows that leave a join.
type joined struct {
	o        *plan.Join
	schema   *arrow.Schema
	inputs   [2]*arrow.Schema
	needed   []bool // by column of the result: somebody reads it
	out      output
	mem      memory.Allocator
	maxRows  int
	maxBytes int64
	sizes    []int64
	texts    [2][]int       // by input: columns that are shown and whose values differ in size
	weights  []int64        // of the batch in hand, by row: what those columns take; empty where there are none
	blanks   []*batch.Blank // by column of the result, made as they are needed
}

func newJoined(n *plan.Node, o *plan.Join) joined {
	main := n.Output("")
	j := joined{o: o, schema: main.Schema, blanks: make([]*batch.Blank, main.Schema.NumFields())}
	for i := range j.inputs {
		j.inputs[i] = n.Inputs[i].Source().Schema
		shown := o.Shows(main, i)
		for c, f := range j.inputs[i].Fields() {
			if shown(c) && !fixedSize(f.Type) {
				j.texts[i] = append(j.texts[i], c)
			}
		}
	}
	for i := range main.Schema.NumFields() {
		j.needed = append(j.needed, main.Needs(i))
	}
	return j
}

func (j *joined) open(rt op.Runtime) {
	j.out.rt, j.mem, j.maxRows, j.maxBytes = rt, rt.Allocator(), rt.BatchRows(), max(int64(rt.BatchBytes()), leastCut)
}

func (j *joined) close() {
	for _, b := range j.blanks {
		if b != nil {
			b.Release()
		}
	}
}

// blank is a column of the result that holds nothing.
func (j *joined) blank(column, n int) arrow.Array {
	if j.blanks[column] == nil {
		j.blanks[column] = batch.NewBlank(j.schema.Field(column).Type, j.mem)
	}
	return j.blanks[column].Array(n)
}

// both makes all columns of the rows of pairs, by input.
func (j *joined) both(port int, in *batch.Batch, other *joinSide, p pairs) (whole [2][]arrow.Array, err error) {
	if whole[1-port], err = other.rows.Build(j.mem, p.slots); err != nil {
		return whole, err
	}
	for i := range int(in.Record.NumCols()) {
		whole[port] = append(whole[port], batch.TakeArray(in.Record.Column(i), p.rows, j.mem))
	}
	return whole, nil
}

// pair makes the batch that the condition is computed on, which is the caller's: the structs left and right.
func (j *joined) pair(whole [2][]arrow.Array, n int) *batch.Batch {
	columns := make([]arrow.Array, 2)
	defer releaseAll(columns)
	for side, arrays := range whole {
		children := make([]arrow.ArrayData, len(arrays))
		for i, a := range arrays {
			children[i] = a.Data()
		}
		data := array.NewData(j.o.Pair.Field(side).Type, n, make([]*memory.Buffer, 1), children, 0, 0)
		columns[side] = array.MakeFromData(data)
		data.Release()
	}
	return j.out.stamp(recordOf(j.o.Pair, columns, n))
}

// emit sends the rows of pairs. Where their columns were made already, sel says which of these pairs are meant.
func (j *joined) emit(port int, in *batch.Batch, other *joinSide, p pairs, whole [2][]arrow.Array, sel []int32, out op.Emitter) error {
	n := len(p.rows)
	if whole[0] != nil {
		n = whole[0][0].Len()
	}
	columns := make([]arrow.Array, len(j.o.Columns))
	defer func() { releaseAll(columns) }()
	for i, c := range j.o.Columns {
		switch {
		case !j.needed[i]:
			columns[i] = j.blank(i, n)
		case whole[0] != nil:
			columns[i] = whole[c.Input][c.Source]
			columns[i].Retain()
		case c.Input == port:
			columns[i] = batch.TakeArray(in.Record.Column(c.Source), p.rows, j.mem)
		default:
			made, err := other.rows.Column(c.Source).Build(j.mem, p.slots)
			if err != nil {
				return err
			}
			columns[i] = made
		}
	}
	b := j.out.stamp(recordOf(j.schema, columns, n))
	if whole[0] == nil || len(sel) == n {
		return out.Emit("", b)
	}
	defer b.Release()
	return out.Emit("", b.WithSelection(sel))
}

// own sends kept rows of one side by themselves, the other side's columns null.
func (j *joined) own(port int, s *joinSide, slots []int32, out op.Emitter) error {
	for len(slots) > 0 {
		some := slots[:j.cut(s.rows, slots, nil, nil)]
		slots = slots[len(some):]
		err := j.send(len(some), out, port, func(source int) (arrow.Array, error) {
			return s.rows.Column(source).Build(j.mem, some)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// alone deals with rows of a batch whose key is null: nothing matches them.
func (j *joined) alone(port int, in *batch.Batch, rows []int32, out op.Emitter) error {
	if !j.o.Type.Keeps(port) {
		out.Filter(len(rows))
		return nil
	}
	out.Pass(len(rows))
	return j.lone(port, in, rows, out)
}

// kept sends pairs of kept rows, by slot; a right slot of -1 stands for nothing.
func (j *joined) kept(left *state.Rows, lefts []int32, right *state.Rows, rights []int32, out op.Emitter) error {
	columns := make([]arrow.Array, len(j.o.Columns))
	defer func() { releaseAll(columns) }()
	for i, c := range j.o.Columns {
		rows, slots := left, lefts
		if c.Input == 1 {
			rows, slots = right, rights
		}
		if !j.needed[i] {
			columns[i] = j.blank(i, len(slots))
			continue
		}
		made, err := rows.Column(c.Source).Build(j.mem, slots)
		if err != nil {
			return err
		}
		columns[i] = made
	}
	return out.Emit("", j.out.stamp(recordOf(j.schema, columns, len(lefts))))
}

// weighs notes how large the rows of a batch are, for cutPairs.
func (j *joined) weighs(port int, in *batch.Batch) {
	j.weights = j.weights[:0]
	for _, c := range j.texts[port] {
		if len(j.weights) == 0 {
			j.weights = resized(j.weights, int(in.Record.NumRows()))
			clear(j.weights)
		}
		addSizes(j.weights, in.Record.Column(c), 0)
	}
}

// cutPairs says how many pairs of rows of a batch with kept ones make the next batch, one at least.
func (j *joined) cutPairs(other *state.Rows, p pairs) int {
	if len(j.texts[0])+len(j.texts[1]) == 0 {
		return len(p.rows)
	}
	j.sizes = resized(j.sizes, len(p.rows))
	clear(j.sizes)
	if len(j.weights) > 0 {
		for i, row := range p.rows {
			j.sizes[i] = j.weights[row]
		}
	}
	other.AddSizes(j.sizes, p.slots)
	return fitting(j.sizes, j.maxBytes)
}

// cut says how many kept rows, or pairs of them where right is not nil, make the next batch, one at least.
func (j *joined) cut(left *state.Rows, lefts []int32, right *state.Rows, rights []int32) int {
	n := min(len(lefts), j.maxRows)
	j.sizes = resized(j.sizes, n)
	clear(j.sizes)
	left.AddSizes(j.sizes, lefts[:n])
	if right != nil {
		right.AddSizes(j.sizes, rights[:n])
	}
	return fitting(j.sizes, j.maxBytes)
}

// lone is own for rows of a batch.
func (j *joined) lone(port int, in *batch.Batch, rows []int32, out op.Emitter) error {
	return j.send(len(rows), out, port, func(source int) (arrow.Array, error) {
		return batch.TakeArray(in.Record.Column(source), rows, j.mem), nil
	})
}

func (j *joined) send(n int, out op.Emitter, port int, column func(source int) (arrow.Array, error)) error {
	columns := make([]arrow.Array, len(j.o.Columns))
	defer func() { releaseAll(columns) }()
	for i, c := range j.o.Columns {
		source := c.Source
		if c.Key >= 0 {
			source = j.o.On[c.Key].Index[port]
		}
		if !j.needed[i] || c.Key < 0 && c.Input != port {
			columns[i] = j.blank(i, n)
			continue
		}
		made, err := column(source)
		if err != nil {
			return err
		}
		columns[i] = made
	}
	return out.Emit("", j.out.stamp(recordOf(j.schema, columns, n)))
}
