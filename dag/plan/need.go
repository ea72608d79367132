package plan

import (
	"slices"

	"github.com/apache/arrow-go/v18/arrow"

	"flowrun/dag/expr"
)

// needs finds which columns of every output somebody reads. order has each node behind what it reads.
func needs(order []*Node) {
	read := map[*Output]need{}
	for _, n := range order {
		for _, o := range n.Outputs {
			o.Need = nil
			// Rejected rows are made of their parts whole.
			if o.Name != RejectedOutput {
				read[o] = make(need, o.Schema.NumFields())
			}
		}
	}
	for _, n := range slices.Backward(order) {
		// Whoever reads n came before, so what is needed of its outputs is known.
		for port, e := range n.Inputs {
			if in := read[e.Source()]; in != nil {
				n.read(port, in, e.Source().Schema, read)
			}
		}
		if scan, ok := n.Op.(*Scan); ok && scan.Timing != nil {
			main := read[n.Output("")]
			main[scan.Timing.Index] = true
			if n.Output(RejectedOutput).Read {
				main.all() // a row without a time is rejected whole
			}
		}
		for _, o := range n.Outputs {
			if need := read[o]; slices.Contains(need, false) {
				o.Need = need
			}
		}
		if scan, ok := n.Op.(*Scan); ok && scan.Journal == nil { // a journal keeps all, since another file may read it
			scan.Want = n.Output("").Need
		}
	}
}

// need says of each column of a schema whether somebody reads it.
type need []bool

// all notes that every column is read.
func (d need) all() {
	for i := range d {
		d[i] = true
	}
}

// by notes what programs over the columns of s read.
func (d need) by(s *arrow.Schema, programs ...*expr.Program) {
	for _, p := range programs {
		for _, name := range p.Columns() {
			for _, i := range s.FieldIndices(name) {
				d[i] = true
			}
		}
	}
}

// or notes what is read of other, which has the same columns.
func (d need) or(other need) {
	for i, read := range other {
		d[i] = d[i] || read
	}
}

// read notes in `in` which columns, of schema s, the node reads at a port; of has what is read of the node's outputs.
func (n *Node) read(port int, in need, s *arrow.Schema, of map[*Output]need) {
	if n.showsRows() {
		in.all()
		return
	}
	var out need // of the main output
	if o := n.Output(""); o != nil {
		out = of[o]
	}
	in.by(s, n.programs()...)
	switch o := n.Op.(type) {
	case *Filter, *Limit, *Sample, *RateLimit:
		in.or(out)
	case *Route:
		for _, each := range n.Outputs {
			in.or(of[each])
		}
	case *Project:
		for i, c := range o.Columns {
			switch {
			case c.Source >= 0:
				in[c.Source] = in[c.Source] || out[i]
			case out[i] || c.Expr.CanFail():
				in.by(s, c.Expr)
			}
		}
	case *Explode:
		made := n.Output("").Schema.FieldIndices(o.Item.Name.Value)[0]
		for i := range in {
			in[i] = in[i] || i != made && out[i]
		}
	case *Parse:
		in[o.Source] = true // every text is parsed, since it may be a reject
		at := 0
		for i := range in {
			if i != o.Source || o.Keep {
				in[i] = in[i] || out[at]
				at++
			}
		}
	case *Union:
		for i, from := range o.Columns[port] {
			in[from] = in[from] || out[i]
		}
	case *Write:
		if !o.ExprsOnly {
			in.all()
		}
	case *Aggregate:
		in.clock(o.Times)
		if w := o.Window; w != nil && !w.Processing {
			in.clock(w.Clock)
			if late := n.Output(LateOutput); late != nil && late.Read {
				in.or(of[late][:len(in)])
			}
		}
	case *Join:
		if o.Where.P != nil {
			in.all()
			return
		}
		in.clock(o.Clocks[port])
		if late := n.Output(LateSides[port]); late != nil && late.Read {
			in.or(of[late][:len(in)])
		}
		for _, k := range o.On {
			in[k.Index[port]] = true
		}
		for i, c := range o.Columns {
			if c.Input == port {
				in[c.Source] = in[c.Source] || out[i]
			}
		}
	case *Lookup:
		in.or(out[:len(in)])
		for _, k := range o.On {
			in[k.Index] = true
		}
	case *Dedupe:
		in.or(out)
		in.clock(o.Clock)
		if late := n.Output(LateOutput); late != nil && late.Read {
			in.or(of[late][:len(in)])
		}
	case *Match:
		in.matched(o, s)
		in.clock(o.Clock)
		if late := n.Output(LateOutput); late.Read {
			in.or(of[late][:len(in)])
		}
	case *Fold:
		for i, c := range o.Columns {
			if c.Source >= 0 {
				in[c.Source] = in[c.Source] || out[i]
			}
		}
		in.clock(o.Clock)
		if late := n.Output(LateOutput); late != nil && late.Read {
			in.or(of[late][:len(in)])
		}
	case *Top:
		in.or(out[:len(in)]) // behind them stands the rank
		in.clock(o.Clock)
		for _, c := range o.Order {
			in[c.Index] = true
		}
		if late := n.Output(LateOutput); late != nil && late.Read {
			in.or(of[late][:len(in)])
		}
	case *Sort:
		in.or(out)
		in.clock(o.Clock)
		if late := n.Output(LateOutput); late.Read {
			in.or(of[late][:len(in)])
		}
	case *Watermark:
		in.or(out)
		in[o.Timing.Index] = true
	case *Scan:
	default:
		in.all()
	}
}

// Computes reports whether a projection computes a column of its result, o being its main output: one that somebody reads,
// or that can fail, since its failures count. It does not compute what it passes on.
func (p *Project) Computes(o *Output, column int) bool {
	c := p.Columns[column]
	return c.Source < 0 && (o.Needs(column) || c.Expr.CanFail())
}

// showsRows reports whether rows that come in may have to be shown whole: some can be rejected, and somebody reads the
// rejects, which hold the row.
func (n *Node) showsRows() bool {
	rejected := n.Output(RejectedOutput)
	return rejected != nil && rejected.Read && n.canReject()
}

// canReject reports whether there may be input rows that the node rejects.
func (n *Node) canReject() bool {
	switch o := n.Op.(type) {
	case *Parse, *Write, *Watermark, *Dedupe, *Join, *Sort, *Top, *Match: // those behind Parse and Write, of a row without event time
		return true
	case *Aggregate:
		if o.Window != nil {
			return true
		}
	case *Lookup:
		return o.Required
	case *Fold:
		if o.TTL > 0 {
			return true
		}
	case *Project:
		return slices.ContainsFunc(o.Columns, func(c ProjectColumn) bool { return c.Source < 0 && c.Expr.CanFail() })
	}
	return slices.ContainsFunc(n.programs(), (*expr.Program).CanFail)
}

// programs are what the node computes of each row that comes in, whatever is read of its result.
func (n *Node) programs() []*expr.Program {
	var all []*expr.Program
	switch o := n.Op.(type) {
	case *Filter:
		all = append(all, o.Cond.P)
	case *Route:
		for _, b := range o.Branches {
			all = append(all, b.Cond.P)
		}
	case *Explode:
		all = append(all, o.Item.Expr.P)
	case *Dedupe:
		for _, it := range o.By {
			all = append(all, it.Expr.P)
		}
	case *Top:
		for _, it := range o.By {
			all = append(all, it.Expr.P)
		}
	case *Fold:
		for _, it := range append(slices.Clone(o.By), o.Next...) {
			all = append(all, it.Expr.P)
		}
	case *Match:
		for _, it := range o.By {
			all = append(all, it.Expr.P)
		}
	case *Write:
		for _, e := range o.Exprs {
			all = append(all, e.P)
		}
	case *Aggregate:
		if o.Window != nil && o.Window.Gap.P != nil {
			all = append(all, o.Window.Gap.P)
		}
		for _, it := range o.By {
			all = append(all, it.Expr.P)
		}
		for _, t := range o.Take {
			for _, c := range t.Take.Calls {
				all = append(all, c.Args...)
				if c.If != nil {
					all = append(all, c.If)
				}
			}
		}
	}
	return all
}
