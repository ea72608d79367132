package file

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// found is a file that a path leads to.
type found struct {
	path string
	info fs.FileInfo
}

// list finds the files that a path means, by name: the file itself, those of a directory (not of the ones below it), or
// those that a pattern matches. Of a directory and of a pattern, names that begin with a dot and what is no regular file are
// left out. A path that leads nowhere is fs.ErrNotExist; a pattern that matches nothing gives no file.
func list(path string) ([]found, error) {
	info, err := os.Stat(path)
	switch {
	case err == nil && !info.IsDir():
		if err := regular(info); err != nil {
			return nil, err
		}
		return []found{{path, info}}, nil
	case err == nil:
		entries, err := os.ReadDir(path)
		if err != nil {
			return nil, err
		}
		names := make([]string, len(entries))
		for i, e := range entries {
			names[i] = filepath.Join(path, e.Name())
		}
		return regulars(names, false)
	case isPattern(path):
		names, err := filepath.Glob(path)
		if err != nil {
			return nil, err
		}
		return regulars(names, strings.HasPrefix(filepath.Base(path), "."))
	}
	return nil, err
}

// isPattern reports whether a path that leads to no file may be a pattern.
func isPattern(path string) bool { return strings.ContainsAny(path, "*?[") }

// regulars keeps the names of regular files, sorted.
func regulars(names []string, hidden bool) ([]found, error) {
	slices.Sort(names)
	var files []found
	for _, name := range names {
		if !hidden && strings.HasPrefix(filepath.Base(name), ".") {
			continue
		}
		info, err := os.Stat(name)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			continue // removed since, or a link that leads nowhere
		case err != nil:
			return nil, err
		case info.Mode().IsRegular():
			files = append(files, found{name, info})
		}
	}
	return files, nil
}

var (
	errPipe      = errors.New("it is a pipe, which cannot be read again")
	errIrregular = errors.New("it is no regular file")
)

// regular says why what was found is no file that can be read again from any place.
func regular(info fs.FileInfo) error {
	switch mode := info.Mode(); {
	case mode.IsRegular():
		return nil
	case mode&(fs.ModeNamedPipe|fs.ModeSocket) != 0:
		return errPipe
	}
	return errIrregular
}

// reason is the error without the path, which stands beside it.
func reason(err error) error {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		return pe.Err
	}
	return err
}
