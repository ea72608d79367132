package plan

import "fmt"

// NoLanes says why an operation cannot run in several lanes, and what to do instead; "" where it can, since what it makes
// of a row depends on no other row. A source decodes in lanes where it says so.
func NoLanes(o Op) (why, instead string) {
	const faster = "remove `parallelism`; a costly filter, select or derive above can have it"
	switch o := o.(type) {
	case *Filter, *Project, *Explode, *Parse, *Route, *Lookup:
		return "", ""
	case *Scan:
		if o.Lanes {
			return "", ""
		}
		return "reads in one piece and has nothing to share out", "remove `parallelism`; the nodes that read it can have it"
	case *Write:
		return "writes rows one after the other, in their order", "remove `parallelism`; the nodes above it can have it"
	case *Limit:
		return "counts all rows, so that one lane has to see them all", faster
	case *Sample:
		return "numbers all rows, so that one lane has to see them all", faster
	case *Watermark:
		return "follows the newest of all rows, so that one lane has to see them all", faster
	case *RateLimit:
		return "keeps one pace for all rows", "remove `parallelism`"
	case *Union:
		return "only passes rows on, so that lanes would have nothing to do", "give `parallelism` to the nodes above or below it"
	case *Join:
		return "keeps the rows that wait in one place, and cannot share them out by key yet", faster
	case *Sort:
		return "puts all rows into one order", faster
	case *Top:
		return "keeps the first rows of all keys in one place, and cannot share them out by key yet", faster
	case *Dedupe:
		return "remembers its keys in one place, and cannot share them out by key yet", faster
	case *Fold:
		return "keeps what it knows of its keys in one place, and cannot share them out by key yet", faster
	case *Aggregate:
		return "keeps its groups in one place, and cannot share them out by key yet", faster
	}
	panic(fmt.Sprintf("plan: NoLanes does not know %T", o))
}

// lanes refuses to give up an order that says which row holds.
func (b *binder) lanes(n *Node, in *Output) {
	if n.Unordered && in.Mode == Updates {
		b.report(CodeMode, n.LanesAt, "remove `ordered: false`: the order costs little",
			"%s reads updates, of which the last row of a key holds, so their order cannot be given up", n.ID)
	}
}

// inLanes is how Explain says it.
func inLanes(n *Node) string {
	if scan, ok := n.Op.(*Scan); ok && scan.Lanes {
		return fmt.Sprintf("decodes in %d lanes, in order", n.Parallelism)
	}
	if n.Unordered {
		return fmt.Sprintf("runs in %d lanes, which do not keep the order of rows", n.Parallelism)
	}
	return fmt.Sprintf("runs in %d lanes, in order", n.Parallelism)
}
