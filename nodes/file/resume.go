package file

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// resume makes the inputs of the files that were found, each at the place where the marks of the last run left it. A file
// that has another name by now is found in its old directory, and comes first.
func (s *source) resume(files []found, marks []*mark) ([]*input, error) {
	old := newRemembered(marks)
	var inputs, renamed []*input
	taken := map[identity]bool{}
	slot := 0
	track := func(f found) *input {
		in := s.files.input(slot, f, compressionOf(s.cfg.Compression, f.path))
		slot++
		return in
	}
	for _, f := range files {
		id := identify(f.info)
		if id != (identity{}) {
			if taken[id] {
				continue // the same file by another name
			}
			taken[id] = true
		}
		in := track(f)
		m, err := old.find(in)
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", in.name, reason(err))
		}
		if m != nil {
			if err := s.goOn(in, m); err != nil {
				return nil, err
			}
		} else if old.byName[in.name] != nil && !s.cfg.Follow {
			s.rt.Log().Warn(in.name + " is another file than the one that the last run read: reading it from its start")
		}
		inputs = append(inputs, in)
	}
	near := siblings{}
	for _, m := range old.left() {
		how := compressionOf(s.cfg.Compression, m.name)
		f, ok := near.find(m, how, taken)
		if !ok {
			s.rt.Log().Info(fmt.Sprintf("%s is gone since the last run, which read it up to byte %d", m.name, m.at))
			continue
		}
		taken[m.id] = true
		in := track(f)
		in.how = how
		in.at, in.read, in.head, in.packed, in.gone = m.at, m.at, m.head, m.packed, s.rt.Now()
		renamed = append(renamed, in)
	}
	all := append(renamed, inputs...)
	for _, in := range all {
		if in.at > 0 {
			s.note(in)
		}
	}
	if s.cfg.Follow {
		return all, nil
	}
	todo := all[:0]
	for _, in := range all {
		if in.packed == 0 || in.packed != in.size {
			todo = append(todo, in)
		}
	}
	return todo, nil
}

// goOn sets in to where m left it.
func (s *source) goOn(in *input, m *mark) error {
	switch {
	case in.how == plain && in.size < m.at && s.cfg.Follow:
		s.rt.Log().Info(in.name+" was cut since the last run: reading it from its start", "bytes_read", m.at, "bytes_now", in.size)
	case in.how == plain && in.size < m.at:
		return fmt.Errorf("read %s: the last run read up to byte %d, but the file has only %d: it was cut", in.name, m.at, in.size)
	default:
		in.at, in.read, in.head, in.packed = m.at, m.at, m.head, m.packed
	}
	return nil
}

// remembered are the marks of the last run that no file was found for yet.
type remembered struct {
	marks  []*mark
	byID   map[identity]*mark
	byName map[string]*mark
	used   map[*mark]bool
}

func newRemembered(marks []*mark) *remembered {
	r := &remembered{marks: marks, byID: map[identity]*mark{}, byName: map[string]*mark{}, used: map[*mark]bool{}}
	for _, m := range marks {
		if m.id != (identity{}) {
			r.byID[m.id] = m
		}
		r.byName[m.name] = m
	}
	return r
}

// find gives the mark of a file: the same file by whatever name, or, where it was copied or restored, one of the same name;
// both only if it still begins as it did.
func (r *remembered) find(in *input) (*mark, error) {
	if len(r.marks) == 0 {
		return nil, nil
	}
	for _, m := range []*mark{r.byID[in.id], r.byName[in.name]} {
		if m == nil || r.used[m] || m.id != in.id && m.head.size == 0 {
			continue
		}
		same, err := beginsAs(in.name, m.head)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		// A file that was cut short of its old head may be the same one.
		if same || m.id == in.id && in.size < int64(m.head.size) {
			r.used[m] = true
			return m, nil
		}
		if m.name == in.name && m.id == in.id {
			r.used[m] = true // it was written anew
		}
	}
	return nil, nil
}

// left are the marks that no file was found for.
func (r *remembered) left() []*mark {
	var left []*mark
	for _, m := range r.marks {
		if !r.used[m] {
			left = append(left, m)
		}
	}
	return left
}

// siblings are the files of the directories that were looked at, by identity.
type siblings map[string]map[identity]found

// find finds a file that was renamed within its directory.
func (s siblings) find(m *mark, how compression, taken map[identity]bool) (found, bool) {
	if m.id == (identity{}) || taken[m.id] {
		return found{}, false
	}
	dir := filepath.Dir(m.name)
	if s[dir] == nil {
		s[dir] = map[identity]found{}
		files, _ := list(dir) // none, if the directory is gone as well
		for _, f := range files {
			s[dir][identify(f.info)] = f
		}
	}
	f, ok := s[dir][m.id]
	if !ok || how == plain && f.info.Size() < m.at {
		return found{}, false
	}
	same, err := beginsAs(f.path, m.head)
	return f, err == nil && same
}

// beginsAs reports whether the file at path begins with h.
func beginsAs(path string, h head) (bool, error) {
	f, err := os.Open(path)
	if err != nil {
		return false, err
	}
	defer f.Close()
	return h.begins(f)
}
