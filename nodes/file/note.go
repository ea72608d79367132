package file

import (
	"io"
	"path/filepath"
)

// note is what a directory of parts keeps of the last commit that showed something. It is there before the first file gets its
// name, so that a file that the commit names and that is not there any more was shown, and taken away by whoever read it.
// Without a note the file is lost.
type note struct {
	id commitID
	// closed is the file that was open at the commit, which was finished later with no row more, and shows without waiting for
	// another commit; without a name it was not.
	closed extent
}

const (
	noteName = ".committed" + hiddenEnding
	newNote  = ".committing" + hiddenEnding
)

func (s *sink) writeNote(dir string, n note) error {
	name := filepath.Join(dir, newNote)
	f, err := s.disk.create(name)
	if err != nil {
		return failed(name, err)
	}
	if _, err = f.Write(n.closed.append(n.id[:])); err == nil {
		err = f.Sync()
	}
	if e := f.Close(); err == nil {
		err = e
	}
	if err == nil {
		err = s.disk.rename(name, filepath.Join(dir, noteName))
	}
	if err != nil {
		return failed(name, cause(err))
	}
	s.noted = n
	return nil
}

// readNote gives no note where none is to be read.
func (s *sink) readNote() note {
	f, err := s.disk.open(filepath.Join(s.path, noteName))
	if err != nil {
		return note{}
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, 1<<10))
	p := parser{rest: text}
	var n note
	copy(n.id[:], p.bytes(int64(len(n.id))))
	if n.closed = p.extent(); err != nil || p.bad || len(p.rest) > 0 {
		return note{}
	}
	return n
}
