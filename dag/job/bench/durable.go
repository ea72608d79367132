package bench

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"flowrun/dag/job"
	"flowrun/dag/plan"
)

// Durable is what a run kept on disk, in bytes.
type Durable struct {
	Commits   uint64 `json:"commits"`
	Stored    uint64 `json:"stored_bytes"`    // what the directory of the checkpoint held at the end, journals in it too
	Logged    uint64 `json:"logged_bytes"`    // that commits wrote
	Rewritten uint64 `json:"rewritten_bytes"` // that the database wrote again in the background, up to the end of the run
}

// scratch are directories in which a measured run keeps its checkpoint and its journals: they lie beside those that the file
// names, so on the same disk, are empty at first, and are removed. What the file's own runs have kept is left alone.
type scratch []string

func (s *scratch) instead(dir string) (string, error) {
	dir = filepath.Clean(dir)
	if err := os.MkdirAll(filepath.Dir(dir), 0o777); err != nil {
		return "", err
	}
	own, err := os.MkdirTemp(filepath.Dir(dir), filepath.Base(dir)+"-bench-")
	if err == nil {
		*s = append(*s, own)
	}
	return own, err
}

func newScratch(p *plan.Pipeline) (*scratch, error) {
	var s scratch
	checkpoint := p.Checkpoint
	if checkpoint != nil {
		dir, err := s.instead(checkpoint.Dir)
		if err != nil {
			return &s, err
		}
		own := *checkpoint
		own.Dir = dir
		p.Checkpoint = &own
	}
	for _, n := range p.Nodes {
		scan, ok := n.Op.(*plan.Scan)
		if !ok || scan.Journal == nil {
			continue
		}
		own := *scan.Journal
		if in, err := within(checkpoint, own.Dir); err == nil {
			own.Dir = filepath.Join(p.Checkpoint.Dir, in)
		} else if own.Dir, err = s.instead(own.Dir); err != nil {
			return &s, err
		}
		scan.Journal = &own
	}
	return &s, nil
}

// within is where in the directory of the checkpoint another one is.
func within(c *plan.Checkpoint, dir string) (string, error) {
	if c == nil {
		return "", fs.ErrNotExist
	}
	in, err := filepath.Rel(c.Dir, dir)
	if err == nil && !filepath.IsLocal(in) {
		err = fs.ErrNotExist
	}
	return in, err
}

func (s *scratch) remove() error {
	var errs []error
	for _, dir := range *s {
		errs = append(errs, os.RemoveAll(dir))
	}
	return errors.Join(errs...)
}

// size is what the directories hold.
func (s *scratch) size() (bytes uint64) {
	for _, dir := range *s {
		_ = filepath.WalkDir(dir, func(_ string, e fs.DirEntry, err error) error {
			if err != nil {
				return nil // a file that went meanwhile
			}
			if info, err := e.Info(); err == nil && info.Mode().IsRegular() {
				bytes += uint64(info.Size())
			}
			return nil
		})
	}
	return bytes
}

// close ends the use of the checkpoint and tells what it took.
func (s *scratch) close(d *job.Durable) (*Durable, error) {
	u := d.Exec.Store.Usage()
	kept := &Durable{Logged: u.Logged, Rewritten: u.Rewritten}
	if p := d.Exec.Store.Point(); p != nil {
		kept.Commits = p.Commit
	}
	err := d.Close()
	kept.Stored = s.size()
	return kept, err
}
