package job

import (
	"errors"
	"fmt"

	"flowrun/dag/checkpoint"
)

// Saved is what the checkpoint of a file has, and what the file does to it.
type Saved struct {
	Dir     string
	Point   *checkpoint.Point // nil: no run has committed yet
	Changes []Change          // none where it is finished, and all is shown
}

// Refused are the changes for which a run would not begin.
func (s *Saved) Refused() []Change {
	var all []Change
	for _, c := range s.Changes {
		if c.What == Refused {
			all = append(all, c)
		}
	}
	return all
}

// Saved reads the checkpoint that the file asks for, and changes nothing; nil: the file asks for none. reset is as in [Begin].
func (j *Job) Saved(reset []string) (saved *Saved, err error) {
	c := j.Plan.Checkpoint
	if c == nil {
		if len(reset) > 0 {
			return nil, errors.New("the file has no `checkpoint`, so there is nothing to forget: remove --reset")
		}
		return nil, nil
	}
	saved = &Saved{Dir: c.Dir}
	store, err := checkpoint.Look(c.Dir)
	switch {
	case errors.Is(err, checkpoint.ErrNone) && len(reset) > 0:
		return nil, fmt.Errorf("there is no checkpoint in %s yet, so there is nothing to forget: remove --reset", c.Dir)
	case errors.Is(err, checkpoint.ErrNone):
		return saved, nil
	case err != nil:
		return nil, err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	if saved.Point = store.Point(); saved.Point != nil && !saved.Point.Shown {
		saved.Changes, err = Changes(j.Plan, saved.Point, reset)
	}
	return saved, err
}
