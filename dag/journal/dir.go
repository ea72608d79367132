package journal

import (
	"errors"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// makeDir makes a directory that a crash does not take away again, and those above it.
func makeDir(fs vfs.FS, dir string) error {
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
		if err := syncDir(fs, up); err != nil {
			return err
		}
	}
	return nil
}

func syncDir(fs vfs.FS, dir string) error {
	d, err := fs.OpenDir(dir)
	if err != nil {
		return err
	}
	err = d.Sync()
	return errors.Join(err, d.Close())
}
