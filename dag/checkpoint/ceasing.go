package checkpoint

import (
	"path/filepath"
	"strings"
	"sync/atomic"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// ceasing is the file system of a database that cannot go on when a write to its log, to its list of tables or to the names in its
// directory fails: it panics then, some of the time with its locks held. From the first such failure on nothing reaches the disk any
// more, and the database is told that all went well. So what is on disk is what there would be had the process ended in that moment;
// the database can be closed as usual; and whoever commits asks for the failure. What fails of a table the database is told: it tries
// that again.
type ceasing struct {
	vfs.FS
	failed atomic.Pointer[error]
}

// failure is why nothing is written any more; nil: all is well.
func (c *ceasing) failure() error {
	if err := c.failed.Load(); err != nil {
		return *err
	}
	return nil
}

// cease lets nothing reach the disk any more.
func (c *ceasing) cease(err error) { c.failed.CompareAndSwap(nil, &err) }

func (c *ceasing) ceased() bool { return c.failed.Load() != nil }

// isTable reports whether what fails of a file is for the database to deal with.
func isTable(name string) bool {
	name = filepath.Base(name)
	return strings.HasSuffix(name, ".sst") || strings.HasPrefix(name, tablePrefix)
}

// of is what is told of a failure: where it ends all writing, nothing.
func (c *ceasing) of(name string, err error) error {
	if err == nil || isTable(name) && !c.ceased() {
		return err
	}
	c.cease(err)
	return nil
}

// open gives the file that was opened to be written, or one in memory in place of one that could not be.
func (c *ceasing) open(name string, f vfs.File, err error) (vfs.File, error) {
	if err = c.of(name, err); err != nil {
		return nil, err
	}
	if f == nil {
		if f, err = vfs.NewMem().Create("nowhere", vfs.WriteCategoryUnspecified); err != nil {
			return nil, err
		}
	}
	return &ceasingFile{File: f, fs: c, name: name}, nil
}

func (c *ceasing) Create(name string, category vfs.DiskWriteCategory) (vfs.File, error) {
	if c.ceased() {
		return c.open(name, nil, nil)
	}
	f, err := c.FS.Create(name, category)
	return c.open(name, f, err)
}

func (c *ceasing) ReuseForWrite(old, name string, category vfs.DiskWriteCategory) (vfs.File, error) {
	if c.ceased() {
		return c.open(name, nil, nil)
	}
	f, err := c.FS.ReuseForWrite(old, name, category)
	return c.open(name, f, err)
}

func (c *ceasing) OpenReadWrite(name string, category vfs.DiskWriteCategory, o ...vfs.OpenOption) (vfs.File, error) {
	if c.ceased() {
		return c.open(name, nil, nil)
	}
	f, err := c.FS.OpenReadWrite(name, category, o...)
	return c.open(name, f, err)
}

func (c *ceasing) OpenDir(name string) (vfs.File, error) {
	f, err := c.FS.OpenDir(name)
	return c.open(name, f, err)
}

func (c *ceasing) Rename(from, to string) error {
	if c.ceased() {
		return nil
	}
	return c.of(to, c.FS.Rename(from, to))
}

func (c *ceasing) Link(from, to string) error {
	if c.ceased() {
		return nil
	}
	return c.of(to, c.FS.Link(from, to))
}

func (c *ceasing) Remove(name string) error {
	if c.ceased() {
		return nil
	}
	return c.FS.Remove(name) // what stays does no harm
}

func (c *ceasing) RemoveAll(name string) error {
	if c.ceased() {
		return nil
	}
	return c.FS.RemoveAll(name)
}

func (c *ceasing) Unwrap() vfs.FS { return c.FS }

// ceasingFile is a file, or a directory to be synced, of a ceasing file system.
type ceasingFile struct {
	vfs.File
	fs   *ceasing
	name string
}

func (f *ceasingFile) Write(b []byte) (int, error) {
	return f.wrote(b, func() (int, error) { return f.File.Write(b) })
}

func (f *ceasingFile) WriteAt(b []byte, at int64) (int, error) {
	return f.wrote(b, func() (int, error) { return f.File.WriteAt(b, at) })
}

func (f *ceasingFile) wrote(b []byte, write func() (int, error)) (int, error) {
	if f.fs.ceased() {
		return len(b), nil
	}
	n, err := write()
	if err == nil {
		return n, nil
	}
	if err = f.fs.of(f.name, err); err == nil {
		n = len(b)
	}
	return n, err
}

func (f *ceasingFile) done(do func() error) error {
	if f.fs.ceased() {
		return nil
	}
	return f.fs.of(f.name, do())
}

func (f *ceasingFile) Sync() error { return f.done(f.File.Sync) }

func (f *ceasingFile) SyncData() error { return f.done(f.File.SyncData) }

func (f *ceasingFile) SyncTo(length int64) (full bool, err error) {
	err = f.done(func() (err error) {
		full, err = f.File.SyncTo(length)
		return err
	})
	return full, err
}

func (f *ceasingFile) Preallocate(offset, length int64) error {
	return f.done(func() error { return f.File.Preallocate(offset, length) })
}

func (f *ceasingFile) Close() error {
	err := f.File.Close()
	return f.done(func() error { return err })
}
