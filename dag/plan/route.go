package plan

import (
	"math"
	"regexp"
	"slices"
	"time"

	"flowrun/dag/schema"
)

var outputForm = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_-]*$`)

// route types the predicates of a route and checks that its outputs can be read by their names.
func (b *binder) route(n *Node, o *Route, in *Output) {
	e := env(n, in)
	for i := range o.Branches {
		br := &o.Branches[i]
		switch name := br.Name.Value; {
		case name == ElseOutput:
			b.report(CodeReserved, br.Name.At, "remove it and read "+address(n, ElseOutput),
				"%q takes the rows for which no predicate is true, and has none of its own", name)
		case name == RejectedOutput || name == LateOutput:
			b.report(CodeReserved, br.Name.At, "give the branch another name", "%q is the name of an output that flowrun makes itself", name)
		case !outputForm.MatchString(name):
			b.report(CodeReserved, br.Name.At, "a name begins with a letter or _ and goes on with letters, digits, _ and -",
				"no `from` could name the output %q", name)
		}
		b.compile(&br.Cond, e)
		if p := br.Cond.P; p != nil && !schema.Equal(p.Type(), schema.Bool) {
			b.report(CodeType, br.Cond.Text.At, "compare it with something: "+br.Cond.Text.Value+" != ...",
				"%s takes the rows for which something is true, and this is %s", br.Name.Value, schema.Name(p.Type()))
		}
	}
}

func (b *binder) sample(n *Node, o *Sample, in *Output) {
	if in.Mode != Updates {
		return
	}
	from := edgeName(n.Inputs[0])
	b.report(CodeMode, n.FromAt, "sample before the aggregate, or let "+from+" say emit: complete",
		"%s carries updates: a sample that leaves one out would keep an old result for its key", from)
}

// pacedFor is how much time the rows of one batch may take to pass a rate limit. It is also how long a barrier waits behind
// each batch that is queued before it.
const pacedFor = 100 * time.Millisecond

// pace bounds the batches of all that lies above a rate limit. order has each node behind what it reads.
func (b *binder) pace(order []*Node) {
	for _, n := range slices.Backward(order) {
		rows := n.BatchRows
		if o, ok := n.Op.(*RateLimit); ok {
			rows = least(rows, int(min(max(o.RowsPerSecond*pacedFor.Seconds(), 1), math.MaxInt32)))
		}
		for _, e := range n.Inputs {
			if e.From != nil {
				e.From.BatchRows = least(e.From.BatchRows, rows)
			}
		}
	}
}

// least is the smaller of two bounds, of which 0 is none.
func least(a, b int) int {
	if a == 0 || b != 0 && b < a {
		return b
	}
	return a
}
