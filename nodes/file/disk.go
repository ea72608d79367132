package file

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"flowrun/dag/failpoint"
)

// disk is what a sink asks of the file system, which may fail late: when it is full, or breaks.
type disk interface {
	makeDir(path string) error
	lockDir(path string) (io.Closer, error)
	lockFile(path string) (io.Closer, error)
	list(dir string) ([]string, error)
	size(path string) (int64, error)
	open(path string) (io.ReadCloser, error)
	create(path string) (output, error)
	// extend opens a file to write behind its first size bytes; what follows them is cut off.
	extend(path string, size int64) (output, error)
	// rewrite opens a file to write over what is at a place in it, and no further.
	rewrite(path string, at int64) (output, error)
	rename(from, to string) error
	remove(path string) error
	syncDir(path string) error
}

// output is a file that is written.
type output interface {
	io.WriteCloser
	// Sync makes what was written durable, and how long the file is. Its name is another matter, see syncDir.
	Sync() error
}

// osFile is the system's.
type osFile struct{ *os.File }

func (f osFile) Sync() error { return syncData(f.File) }

// osDisk is the system's.
type osDisk struct{}

func (osDisk) makeDir(path string) error               { return makeDir(path) }
func (osDisk) lockDir(path string) (io.Closer, error)  { return lockDir(path) }
func (osDisk) lockFile(path string) (io.Closer, error) { return lockFile(path) }
func (osDisk) open(path string) (io.ReadCloser, error) { return os.Open(path) }

func (osDisk) rename(from, to string) error {
	failpoint.Pass("file.rename")
	defer failpoint.Pass("file.renamed")
	return os.Rename(from, to)
}

func (osDisk) remove(path string) error {
	failpoint.Pass("file.remove")
	return os.Remove(path)
}

func (osDisk) syncDir(path string) error {
	failpoint.Pass("file.syncdir")
	return syncDir(path)
}

func (osDisk) list(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	names := make([]string, len(entries))
	for i, e := range entries {
		names[i] = e.Name()
	}
	return names, err
}

func (osDisk) size(path string) (int64, error) {
	info, err := os.Stat(path)
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}

func (osDisk) create(path string) (output, error) {
	failpoint.Pass("file.create")
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o666)
	if err != nil {
		return nil, err
	}
	return osFile{f}, nil
}

func (osDisk) extend(path string, size int64) (output, error) {
	failpoint.Pass("file.extend")
	f, err := os.OpenFile(path, os.O_WRONLY, 0o666)
	if err != nil {
		return nil, err
	}
	if err = f.Truncate(size); err == nil {
		_, err = f.Seek(size, io.SeekStart)
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return osFile{f}, nil
}

func (osDisk) rewrite(path string, at int64) (output, error) {
	failpoint.Pass("file.rewrite")
	f, err := os.OpenFile(path, os.O_WRONLY, 0o666)
	if err != nil {
		return nil, err
	}
	if _, err := f.Seek(at, io.SeekStart); err != nil {
		f.Close()
		return nil, err
	}
	return osFile{f}, nil
}

// makeDir makes a directory and what is missing above it, durably.
func makeDir(path string) error {
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return nil
	}
	if parent := filepath.Dir(path); parent != path {
		if err := makeDir(parent); err != nil {
			return err
		}
	}
	if err := os.Mkdir(path, 0o777); err != nil && !os.IsExist(err) {
		return err
	}
	return syncDir(filepath.Dir(path))
}

// cause is the error without the paths, which stand beside it.
func cause(err error) error {
	var le *os.LinkError
	if errors.As(err, &le) {
		return le.Err
	}
	return reason(err)
}

func ignoreMissing(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
