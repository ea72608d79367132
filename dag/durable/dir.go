// Package durable makes changes of directories outlast a crash of the machine, over a file system that tests let fail
// (github.com/cockroachdb/pebble/v2/vfs).
package durable

import (
	"errors"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// MakeDir makes a directory, and those above it that are missing, so that a crash does not take them away again.
func MakeDir(fs vfs.FS, dir string) error {
	made := []string{dir}
	for up := fs.PathDir(dir); up != made[len(made)-1]; up = fs.PathDir(up) {
		if _, err := fs.Stat(up); err == nil {
			break
		}
		made = append(made, up)
	}
	if err := fs.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	for _, d := range made {
		up := fs.PathDir(d)
		if up == "" {
			up = "."
		}
		if err := SyncDir(fs, up); err != nil {
			return err
		}
	}
	return nil
}

// SyncDir makes the names in a directory durable: of files that were made, renamed or removed.
func SyncDir(fs vfs.FS, dir string) error {
	d, err := fs.OpenDir(dir)
	if err != nil {
		return err
	}
	err = d.Sync()
	return errors.Join(err, d.Close())
}
