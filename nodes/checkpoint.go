package nodes

import (
	"time"

	"flowrun/dag/diag"
	"flowrun/dag/plan"
	"flowrun/dag/spec"
)

// Checkpoint are the settings of `checkpoint` at the top of a file.
type Checkpoint struct {
	Dir     string        `yaml:"dir" doc:"The directory in which the run keeps what it needs to go on: where sources stand, what is open, what sinks have prepared. One pipeline, one directory." required:"true"`
	Every   spec.Duration `yaml:"every" doc:"The shortest time between two commits. Rows of a transactional sink show at a commit. 0s commits every epoch." default:"1s" min:"0s"`
	Memory  spec.Size     `yaml:"memory" doc:"How much memory the state of all nodes may take. What is more lies on disk, in the same directory, and is read from there where it is asked for. Unless said, all of it stays in memory." min:"64KiB"`
	Restart Restart       `yaml:"restart" doc:"How often a run that failed of something that may pass, such as a lost connection or a full disk, goes on from the checkpoint by itself."`
	Flush   bool          `yaml:"flush" doc:"The end of a bounded input closes all windows, and the checkpoint is finished. Without it what is open waits for the next run." default:"false"`
}

// Restart are the settings of `restart` in it.
type Restart struct {
	Max    int           `yaml:"max" doc:"At most so many times." default:"0" min:"0"`
	Within spec.Duration `yaml:"within" doc:"Counted over this long: what failed before is forgotten." default:"10m" min:"1s"`
}

// readCheckpoint reads `checkpoint`; nil: the file has none.
func readCheckpoint(v *spec.Value, list *diag.List) *plan.Checkpoint {
	if v == nil || v.Kind == spec.Null {
		return nil
	}
	var c Checkpoint
	found := spec.Decode(v, &c, v.At, "checkpoint")
	list.Add(found...)
	if found.HasErrors() {
		return nil
	}
	return &plan.Checkpoint{Dir: c.Dir, Every: time.Duration(c.Every), Flush: c.Flush, Memory: int64(c.Memory), At: v.At,
		Restart: plan.Restart{Max: c.Restart.Max, Within: time.Duration(c.Restart.Within)}}
}
