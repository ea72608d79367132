package checkpoint

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
)

// Look opens the checkpoint in a directory to read it: nothing of it is made or changed. It keeps a run out, as a run keeps it
// out. Where there is none the error is [ErrNone], wrapped.
func Look(dir string) (*Store, error) {
	s := &Store{fs: vfs.Default, dir: dir, looks: true}
	if !Exists(dir) {
		return nil, s.failed("open", ErrNone)
	}
	if err := s.open(); err != nil {
		return nil, err
	}
	return s, nil
}

// Exists reports whether a directory has what looks like a checkpoint, without opening it.
func Exists(dir string) bool {
	desc, err := pebble.Peek((&Store{dir: dir}).storeDir(), vfs.Default)
	return err == nil && desc.Exists
}

// Journals is where a checkpoint's directory has the journals of its sources, unless they say otherwise; one directory each.
const Journals = "journal"

// Stages is where it has the rows of sinks that wait for their commit; one directory each.
const Stages = "stage"

// Remove removes the checkpoint in a directory and the journals and stages in it, and the directory as well if nothing else is there. One that
// is damaged is removed too; where there is none, and while a run uses it, the error is [ErrNone] or [ErrLocked].
func Remove(dir string) error {
	s, err := Look(dir)
	if err == nil {
		err = s.Close()
	}
	s = &Store{fs: vfs.Default, dir: dir}
	if errors.Is(err, ErrLocked) || errors.Is(err, ErrNone) {
		return s.failed("remove", unwrapped(err))
	}
	lock, err := s.lock()
	if err != nil {
		return s.failed("remove", err)
	}
	// The witness goes first: should this end halfway, what is left is no checkpoint that lost commits.
	err = errors.Join(gone(s.witnessPath()), os.RemoveAll(filepath.Join(dir, Journals)), os.RemoveAll(filepath.Join(dir, Stages)), os.RemoveAll(s.storeDir()), lock.Close())
	if err != nil {
		return s.failed("remove", err)
	}
	if left, err := os.ReadDir(dir); err == nil && len(left) == 0 {
		err = os.Remove(dir)
		if err != nil {
			return s.failed("remove", err)
		}
	}
	return nil
}

func unwrapped(err error) error {
	if errors.Is(err, ErrLocked) {
		return ErrLocked
	}
	return ErrNone
}

func gone(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// Find lists the directories with checkpoints at or below a directory, in order. What cannot be read is left out, and told.
func Find(dir string) (found []string, err error) {
	var unread []error
	err = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil && path == dir:
			if pe := (*fs.PathError)(nil); errors.As(err, &pe) {
				err = pe.Err
			}
			return fmt.Errorf("look for checkpoints in %s: %w", dir, err)
		case err != nil:
			unread = append(unread, fmt.Errorf("look into %w", err))
			return nil
		case !d.IsDir():
			return nil
		case Exists(path):
			found = append(found, path)
			return fs.SkipDir
		}
		return nil
	})
	return found, errors.Join(append(unread, err)...)
}
