package file

import (
	"io"
	"os"
	"path/filepath"
)

// disk is what a sink asks of the file system where that may fail late: when it is full, or breaks.
type disk interface {
	create(path string) (output, error)
	rename(from, to string) error
	syncDir(path string) error
}

// output is a file that is written.
type output interface {
	io.WriteCloser
	Sync() error
}

// osDisk is the system's.
type osDisk struct{}

func (osDisk) create(path string) (output, error) {
	return os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o666)
}

func (osDisk) rename(from, to string) error { return os.Rename(from, to) }

func (osDisk) syncDir(path string) error { return syncDir(path) }

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
