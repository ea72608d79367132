package plan

import (
	"math"
	"regexp"
	"slices"
	"time"

	"flowrun/dag/schema"
)

// nameForm is the form of what a `from` can name.
var nameForm = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_-]*$`)

// route types the predicates of a route and checks that its outputs can be read by their names.
func (b *binder) route(n *Node, o *Route, in *Output) {
	e := env(n, in)
	for i := range o.Branches {
		br := &o.Branches[i]
		name := br.Name.Value
		if hint := notAnOutput(name); hint != "" {
			message := "no `from` could name the output %q"
			if nameForm.MatchString(name) {
				message = "%q is the name of an output that flowrun makes itself"
			}
			if name == ElseOutput {
				hint = "remove it and read " + address(n, ElseOutput) + ": there go the rows for which no other one is true"
			}
			b.report(CodeReserved, br.Name.At, hint, message, name)
		}
		b.compile(&br.Cond, e)
		if p := br.Cond.P; p != nil && !schema.Equal(p.Type(), schema.Bool) {
			b.report(CodeType, br.Cond.Text.At, "compare it with something: "+br.Cond.Text.Value+" != ...",
				"%s takes the rows for which something is true, and this is %s", br.Name.Value, schema.Name(p.Type()))
		}
	}
}

// notAnOutput says what to do about a name that an output of a user's own cannot have; "": it can.
func notAnOutput(name string) (hint string) {
	switch {
	case name == RejectedOutput, name == LateOutput, name == ElseOutput:
		return "give the branch another name"
	case !nameForm.MatchString(name):
		return "a name begins with a letter or _ and goes on with letters, digits, _ and -"
	}
	return ""
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
