package plan

import (
	"fmt"
	"io"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"

	"flowrun/dag/expr"
	"flowrun/dag/schema"
)

// Explain prints a bound plan: each node with what it does, its expressions with their types and whether they run by
// column, and the columns it makes; then what Rewrite made of it, where rejected rows go, and what is promised for each pair
// of source and sink.
func Explain(w io.Writer, p *Pipeline) error {
	x := explainer{}
	x.linef("pipeline %s, trigger %s", p.Name, p.Trigger)
	if c := p.Checkpoint; c != nil {
		x.linef("%s", c)
	}
	for _, n := range p.Nodes {
		x.linef("")
		x.node(n)
	}
	x.runs(p)
	x.rejects(p)
	x.promises(p)
	_, err := io.WriteString(w, p.Secrets.Mask(x.b.String()))
	return err
}

type explainer struct{ b strings.Builder }

func (x *explainer) linef(format string, args ...any) { fmt.Fprintf(&x.b, format+"\n", args...) }

func (x *explainer) node(n *Node) {
	head := n.ID + ": " + n.Kind
	if len(n.Inputs) > 0 {
		from := make([]string, len(n.Inputs))
		for i, e := range n.Inputs {
			from[i] = edgeName(e)
		}
		head += " from " + strings.Join(from, ", ")
	}
	x.linef("%s", head)
	switch o := n.Op.(type) {
	case *Scan:
		x.scan(o)
	case *Filter:
		x.expr("keeps rows where", "", o.Cond.P)
	case *Project:
		for _, d := range o.Drop {
			x.linef("  drops %s", d.Value)
		}
		for _, r := range o.Rename {
			x.linef("  renames %s to %s", r.Old.Value, r.New.Value)
		}
		for _, c := range o.Columns {
			if c.Source < 0 {
				x.expr("makes", c.Name, c.Expr)
			}
		}
	case *Explode:
		x.expr("a row of each element of", o.Item.Name.Value, o.Item.Expr.P)
	case *Limit:
		x.linef("  the first %d rows, then its input closes", o.Rows)
	case *Parse:
		x.parse(o)
	case *Route:
		for _, br := range o.Branches {
			x.expr("to "+address(n, br.Name.Value)+", where no earlier one takes them, rows where", "", br.Cond.P)
		}
		x.linef("  to %s, the rest%s", address(n, ElseOutput), choose(n.Output(ElseOutput).Read, "", ": nothing reads it, they are counted as filtered"))
	case *Sample:
		x.linef("  keeps %v of the rows, by their number and the seed %d", o.Rate, o.Seed)
	case *RateLimit:
		x.linef("  passes at most %v rows/s, the rest waits; batches above hold at most %d rows", o.RowsPerSecond, n.Inputs[0].From.BatchRows)
	case *Watermark:
		x.timing(&o.Timing)
	case *Join:
		x.join(n, o)
	case *Sort:
		x.linef("  into the order of event time, each row once the watermark has passed it")
	case *Top:
		x.top(o)
	case *Lookup:
		x.lookup(o)
	case *Dedupe:
		x.dedupe(o)
	case *Fold:
		x.fold(o)
	case *Match:
		x.match(o)
	case *Union:
		x.linef("  all rows of %d inputs, columns by name", len(n.Inputs))
	case *Aggregate:
		x.aggregate(o)
	case *Write:
		x.write(o)
	default:
		panic(fmt.Sprintf("plan: Explain does not know %T", o))
	}
	if n.Parallelism > 1 {
		x.linef("  %s", inLanes(n))
	}
	if d := n.Declares(); len(d) > 0 {
		out := n.Output(d[0].Name)
		x.linef("  -> %s%s%s", columns(out.Schema), timeOf(out), modeOf(out))
	}
}

func (x *explainer) scan(o *Scan) {
	about := []string{o.Detail}
	if o.Format.Name != "" {
		about = append(about, "format "+o.Format.Name)
	}
	about = append(about, choose(o.Bounded, "bounded", "unbounded"), replays(o))
	if o.Inferred {
		about = append(about, "columns inferred")
	}
	x.linef("  reads %s", strings.Join(about, ", "))
	if o.Timing != nil {
		x.timing(o.Timing)
	}
}

func replays(o *Scan) string {
	if o.Journal != nil {
		return "journal in " + o.Journal.Dir
	}
	return choose(o.Replays, "can replay", "cannot replay")
}

func (x *explainer) timing(t *Timing) {
	idle := ""
	if t.Idle > 0 {
		idle = fmt.Sprintf("; after %s without a row it holds nothing back", t.Idle)
	}
	x.linef("  event time is %s, the watermark %s behind the newest%s", t.Column.Value, t.Delay, idle)
}

func (x *explainer) write(o *Write) {
	about := []string{o.Detail}
	if o.Detail == "" {
		about = nil
	}
	if o.Format.Name != "" {
		about = append(about, "format "+o.Format.Name)
	}
	switch {
	case o.Shown:
		about = append(about, "prints by epoch")
	case o.Transactional && o.Checkpointed && o.AtEnd != nil:
		about = append(about, "rows become visible at the last commit of the run")
	case o.Transactional && o.Checkpointed:
		about = append(about, "rows become visible at a commit")
	case o.AtEnd != nil:
		about = append(about, "rows become visible at the end of the run")
	default:
		about = append(about, "rows become visible as they come")
	}
	x.linef("  writes %s", strings.Join(about, ", "))
	if o.Upserts != nil {
		x.linef("  %s", upsertsText(o))
	}
	for _, e := range o.Exprs {
		x.expr("with", "", e.P)
	}
}

func (x *explainer) aggregate(o *Aggregate) {
	x.window(o.Window)
	for _, it := range o.By {
		if it.Bare {
			x.linef("  by %s", it.Name.Value)
		} else {
			x.expr("by", it.Name.Value, it.Expr.P)
		}
	}
	for _, t := range o.Take {
		x.linef("  takes %s = %s: %s", t.Name.Value, t.Text.Value, schema.Name(t.Take.Type))
		for _, c := range t.Take.Calls {
			for _, a := range c.Args {
				x.rowByRow(a)
			}
			if c.If != nil {
				x.rowByRow(c.If)
			}
		}
		if t.Take.Post != nil {
			x.rowByRow(t.Take.Post)
		}
	}
	x.linef("  emits %s", o.Emit)
}

func (x *explainer) expr(verb, name string, p *expr.Program) {
	text := strings.Join(strings.Fields(p.Text()), " ")
	if name != "" {
		text = name + " = " + text
	}
	how := ", by column"
	if all, _ := p.Columnar(); !all {
		how = ""
	}
	x.linef("  %s %s: %s%s", verb, text, schema.Name(p.Type()), how)
	x.rowByRow(p)
}

// rowByRow says which parts of an expression have no kernel.
func (x *explainer) rowByRow(p *expr.Program) {
	_, notes := p.Columnar()
	for _, note := range notes {
		x.linef("    row by row: %s", note)
	}
}

func (x *explainer) rejects(p *Pipeline) {
	x.linef("")
	x.linef("rejected rows")
	for _, n := range p.Nodes {
		if o := n.Output(RejectedOutput); o != nil && o.Read {
			x.linef("  %s: to the nodes that read %s.%s", n.ID, n.ID, RejectedOutput)
			continue
		}
		switch n.OnError {
		case Fail:
			x.linef("  %s: fail, the run ends at the first one", n.ID)
		case Drop:
			x.linef("  %s: drop, they are counted and a sample is logged", n.ID)
		}
	}
}

func (x *explainer) promises(p *Pipeline) {
	x.linef("")
	x.linef("promises")
	for _, n := range p.Nodes {
		w, ok := n.Op.(*Write)
		if !ok {
			continue
		}
		for _, s := range Sources(n) {
			scan, ok := s.Op.(*Scan)
			if !ok {
				continue
			}
			x.linef("  %s -> %s: %s, %s", s.ID, n.ID, PromiseOf(scan, w), because(s, scan, n, w))
		}
	}
}

func because(s *Node, scan *Scan, n *Node, w *Write) string {
	again := s.ID + " can replay"
	if scan.Journal != nil {
		again = s.ID + " has a journal"
	}
	switch PromiseOf(scan, w) {
	case AtMostOnce:
		return fmt.Sprintf("since %s cannot replay: what is on the way when the run dies is lost", s.ID)
	case ExactlyOnce:
		return fmt.Sprintf("since %s and %s shows rows at a commit only", again, n.ID)
	}
	if w.AtEnd != nil {
		return fmt.Sprintf("since %s and %s shows at the end: a new run makes it anew", again, n.ID)
	}
	return fmt.Sprintf("since %s and %s shows rows as they come: a new run sends them again", again, n.ID)
}

func columns(s *arrow.Schema) string {
	cols := make([]string, s.NumFields())
	for i, f := range s.Fields() {
		cols[i] = f.Name + ": " + schema.Name(f.Type)
		if !f.Nullable {
			cols[i] += "!"
		}
	}
	return strings.Join(cols, ", ")
}

// timeOf says which column of an output is event time.
func timeOf(o *Output) string {
	switch {
	case o.Time == nil:
		return ""
	case o.Time.Less > 0:
		return fmt.Sprintf("  (event time %s less %s)", o.Time.Column, o.Time.Less)
	}
	return "  (event time " + o.Time.Column + ")"
}

func modeOf(o *Output) string {
	switch {
	case o.Mode == Rows:
		return ""
	case o.Mode == Updates && len(o.Key) > 0:
		return "  (updates by " + strings.Join(o.Key, ", ") + ")"
	}
	return "  (" + o.Mode.String() + ")"
}

func choose(b bool, yes, no string) string {
	if b {
		return yes
	}
	return no
}
