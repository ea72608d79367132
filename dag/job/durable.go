package job

import (
	"errors"
	"fmt"
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
	d := &Durable{store: store, Exec: &exec.Checkpoint{Store: store, Dir: c.Dir, Every: c.Every, Flush: c.Flush, Memory: c.Memory, Shapes: shapes(j.Plan)}}
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
	var err error
	if d.Changes, err = Changes(p, point, b.Reset); err != nil {
		return err
	}
	var refused []string
	for _, c := range d.Changes {
		switch {
		case c.What == Refused:
			refused = append(refused, c.Node+": "+c.Why)
		case c.What == Discarded || slices.Contains(b.Reset, c.Node):
			d.Exec.Dropped = append(d.Exec.Dropped, c.Node)
		}
		if c.Unmarked {
			kept := point.Nodes[c.Node]
			kept.Marks = nil
			point.Nodes[c.Node] = kept
		}
	}
	if len(refused) > 0 {
		return fmt.Errorf("%w:\n  %s\nsay `--reset NODE` for each node that may begin anew, or `--fresh` to begin all anew", ErrDiscards, strings.Join(refused, "\n  "))
	}
	return nil
}

// Close ends the use of the checkpoint.
func (d *Durable) Close() error { return d.store.Close() }
