package file

import (
	"errors"
	"os"
)

var errInUse = errors.New("another run, or another node of this one, is writing there")

// lockDir keeps other sinks out of a directory until the lock is closed.
func lockDir(path string) (*os.File, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	if err := lock(f); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// lockFile makes the file if it is missing, and keeps other sinks away from it until the lock is closed.
func lockFile(path string) (*os.File, error) {
	for {
		f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o666)
		if err != nil {
			return nil, err
		}
		if err := lock(f); err != nil {
			f.Close()
			return nil, err
		}
		// Between the two, who had the lock may have renamed the file, and it is done.
		mine, err := f.Stat()
		if err == nil {
			var now os.FileInfo
			if now, err = os.Stat(path); err == nil && os.SameFile(mine, now) {
				return f, nil
			}
		}
		f.Close()
		if ignoreMissing(err) != nil {
			return nil, err
		}
	}
}
