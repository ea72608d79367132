package job

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"flowrun/dag/checkpoint"
	"flowrun/dag/exec"
	"flowrun/dag/failpoint"
	"flowrun/dag/plan"
)

// Durable is the open checkpoint of a job. Close it when the run is over.
type Durable struct {
	Exec    *exec.Checkpoint // for exec.Options
	Changes []Change         // what the file does to what is stored; none where nothing is
	store   *checkpoint.Store
}

// Begin says how a run deals with what is stored.
type Begin struct {
	Fresh bool     // start anew: what is stored is forgotten at the first commit
	Reset []string // nodes whose state may be discarded
}

// Errors that a caller tells apart.
var (
	// ErrFinished: the checkpoint says that all was read and closed, and shows; there is nothing to do.
	ErrFinished = errors.New("the checkpoint is finished: all of the input was read, and everything is closed")
	// ErrDiscards: the file would discard stored state, and nobody said that it may.
	ErrDiscards = errors.New("the file has changed so that stored state would be discarded")
)

// Durable opens the checkpoint that the file asks for; nil: it asks for none. [ErrFinished] and [ErrDiscards] leave it closed.
func (j *Job) Durable(b Begin) (*Durable, error) {
	c := j.Plan.Checkpoint
	if c == nil {
		if b.Fresh && !journals(j.Plan) || len(b.Reset) > 0 {
			return nil, errors.New("the file has no `checkpoint`, so there is nothing to forget: remove --fresh and --reset")
		}
		return nil, nil
	}
	store, err := openStore(c.Dir)
	if err != nil {
		return nil, err
	}
	failpoint.Pass("store.opened")
	d := &Durable{store: store, Exec: &exec.Checkpoint{Store: store, Every: c.Every, Flush: c.Flush, Shapes: shapes(j.Plan)}}
	if err := d.begin(j.Plan, b); err != nil {
		return d, errors.Join(err, store.Close())
	}
	return d, nil
}

// journals reports whether a source has a journal, which may hold rows of an earlier run.
func journals(p *plan.Pipeline) bool {
	return slices.ContainsFunc(p.Nodes, func(n *plan.Node) bool {
		scan, ok := n.Op.(*plan.Scan)
		return ok && scan.Journal != nil
	})
}

// lockPatience is how long a run waits for one before it to let go of the checkpoint: a process that was killed holds its locks
// until the system has taken it apart.
const lockPatience = time.Second

func openStore(dir string) (*checkpoint.Store, error) {
	for end := time.Now().Add(lockPatience); ; time.Sleep(lockPatience / 50) {
		store, err := checkpoint.Open(vfs.Default, dir)
		if !errors.Is(err, checkpoint.ErrLocked) || time.Now().After(end) {
			return store, err
		}
	}
}

func (d *Durable) begin(p *plan.Pipeline, b Begin) error {
	if b.Fresh {
		return d.store.Clear()
	}
	point := d.store.Point()
	if point == nil {
		return nil
	}
	if point.Shown {
		return fmt.Errorf("%w (--fresh starts anew)", ErrFinished)
	}
	d.Changes = Changes(p, point)
	var refused []string
	for _, c := range d.Changes {
		switch {
		case slices.Contains(b.Reset, c.Node):
			d.Exec.Dropped = append(d.Exec.Dropped, c.Node)
		case c.What == Discarded:
			refused = append(refused, c.String())
		}
	}
	for _, name := range b.Reset {
		if _, ok := point.Nodes[name]; !ok {
			return fmt.Errorf("--reset %s: the checkpoint knows no such node; it has %s", name, strings.Join(slices.Sorted(maps.Keys(point.Nodes)), ", "))
		}
	}
	if len(refused) > 0 {
		return fmt.Errorf("%w:\n  %s\nsay `--reset NODE` for each node that may begin anew, or `--fresh` to begin all anew", ErrDiscards, strings.Join(refused, "\n  "))
	}
	return nil
}

// Close ends the use of the checkpoint.
func (d *Durable) Close() error { return d.store.Close() }

// What becomes of the stored state of a node.
type What string

// The answers.
const (
	Kept      What = "kept"
	Migrated  What = "migrated"
	Discarded What = "discarded"
	New       What = "new"
)

// Change is what a file does to what is stored of a node.
type Change struct {
	Node string
	What What
	Why  string // "" where there is nothing to say
}

// String is the change on a line.
func (c Change) String() string {
	s := fmt.Sprintf("%s: %s", c.Node, c.What)
	if c.Why != "" {
		s += ": " + c.Why
	}
	return s
}

// Changes compares a plan with a point that a run of an earlier version of the file stored: nodes in file order, then those that
// the file has no longer, by name. Nodes of which nothing is stored, before and after, are left out.
func Changes(p *plan.Pipeline, point *checkpoint.Point) []Change {
	var all []Change
	now := shapes(p)
	for _, n := range p.Nodes {
		was, known := point.Nodes[n.ID]
		if !known {
			if now[n.ID] != nil {
				all = append(all, Change{n.ID, New, "it begins with what comes from now on"})
			}
			continue
		}
		if len(was.Shape) == 0 && now[n.ID] == nil {
			continue
		}
		what, why := compare(was.Shape, now[n.ID], n)
		if lanes := max(n.Parallelism, 1); what != Discarded && was.Lanes > 0 && was.Lanes != lanes {
			what = Migrated
			why = strings.TrimPrefix(why+"; ", "; ") + fmt.Sprintf("its keys are spread over %s, and lay in %d", plural(lanes, "lane"), was.Lanes)
		}
		all = append(all, Change{n.ID, what, why})
	}
	for _, name := range slices.Sorted(maps.Keys(point.Nodes)) {
		was := point.Nodes[name]
		if slices.ContainsFunc(p.Nodes, func(n *plan.Node) bool { return n.ID == name }) {
			continue
		}
		switch {
		case was.Lanes > 0:
			all = append(all, Change{name, Discarded, fmt.Sprintf("the file has no such node; its state has %d rows or keys", was.Rows)})
		case was.Position != nil:
			all = append(all, Change{name, Discarded, "the file has no such source; where it stood is forgotten"})
		case was.Token != nil:
			all = append(all, Change{name, Discarded, "the file has no such sink; what it had prepared may not be visible yet"})
		}
	}
	return all
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

func shapes(p *plan.Pipeline) map[string]map[string]string {
	all := map[string]map[string]string{}
	for _, n := range p.Nodes {
		if s := plan.Shape(n); s != nil {
			all[n.ID] = s
		}
	}
	return all
}

// compare says what becomes of state of one shape under another.
func compare(was, now map[string]string, n *plan.Node) (What, string) {
	var said []string
	for _, key := range slices.Sorted(maps.Keys(now)) {
		old, ok := was[key]
		column, isColumn := strings.CutPrefix(key, plan.ShapeColumn)
		take, isTake := strings.CutPrefix(key, plan.ShapeTake)
		switch {
		case ok && old == now[key]:
		case ok:
			return Discarded, fmt.Sprintf("%s was %s, and is %s", key, old, now[key])
		case isTake:
			said = append(said, fmt.Sprintf("%s begins with what comes from now on", strings.SplitN(take, "/", 2)[0]))
		case isColumn && plan.ShapeNullable(n, column):
			said = append(said, fmt.Sprintf("%s is null in rows that are kept", column))
		case isColumn:
			return Discarded, fmt.Sprintf("column %s is new and never null, and rows that are kept have none", column)
		default:
			return Discarded, fmt.Sprintf("%s is %s, and was not said", key, now[key])
		}
	}
	for _, key := range slices.Sorted(maps.Keys(was)) {
		if _, ok := now[key]; ok {
			continue
		}
		take, isTake := strings.CutPrefix(key, plan.ShapeTake)
		column, isColumn := strings.CutPrefix(key, plan.ShapeColumn)
		switch {
		case isTake:
			said = append(said, strings.SplitN(take, "/", 2)[0]+" is dropped")
		case isColumn:
			said = append(said, column+" is dropped")
		default:
			return Discarded, fmt.Sprintf("%s was %s, and is not said any more", key, was[key])
		}
	}
	if len(said) == 0 {
		return Kept, ""
	}
	return Migrated, strings.Join(slices.Compact(said), "; ")
}
