package file

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// crashDisk is a disk in memory whose steps can fail, and that can stop at any of them. After a stop it holds what a killed process
// leaves behind, or what a machine does that lost its power: what was not synced is there in part, or damaged, or not at all.
type crashDisk struct {
	names   map[string]*inode
	durable map[string]*inode // as they were when last synced
	log     []func(map[string]*inode)
	step    int
	at      int       // the step that fails; 0: none
	fault   error     // what it fails with; errCrash: this and all that follow
	times   int       // so many steps fail, one behind the other; 0: one
	until   time.Time // steps fail up to then; zero: not
	failed  []string  // the calls whose step failed
	dead    bool
}

type inode struct {
	data, synced []byte
	over         bool // only its beginning or middle was written over since it was synced
}

var errCrash = errors.New("the process is gone")

func newCrashDisk() *crashDisk {
	return &crashDisk{names: map[string]*inode{}, durable: map[string]*inode{}}
}

// next is before each step that changes something, which is a call of some name.
func (d *crashDisk) next(call string) error {
	if d.dead {
		return errCrash
	}
	if d.step++; !d.fails() {
		return nil
	}
	d.failed = append(d.failed, call)
	d.dead = d.fault == errCrash
	return d.fault
}

func (d *crashDisk) fails() bool {
	if !d.until.IsZero() {
		return time.Now().Before(d.until)
	}
	return d.at > 0 && d.step >= d.at && d.step < d.at+max(d.times, 1)
}

func (d *crashDisk) change(f func(map[string]*inode)) {
	f(d.names)
	d.log = append(d.log, f)
}

// restart is the disk as the next process finds it. pick gives a number below n, and decides what became of the rest; nil: only the
// process was killed.
func (d *crashDisk) restart(pick func(n int) int) {
	d.dead, d.at = false, 0
	if pick == nil {
		return
	}
	for _, change := range d.log[:pick(len(d.log)+1)] {
		change(d.durable)
	}
	d.log = nil
	d.names = maps.Clone(d.durable)
	for _, name := range slices.Sorted(maps.Keys(d.names)) {
		n := d.names[name]
		common := 0
		for common < min(len(n.data), len(n.synced)) && n.data[common] == n.synced[common] {
			common++
		}
		switch left := pick(3); {
		case left == 0:
			n.data = n.synced
		case n.over: // the rest is as it was
			k := common + pick(len(n.data)-common+1)
			mixed := slices.Clone(n.synced)
			if copy(mixed[common:k], n.data[common:k]); left == 2 {
				clear(mixed[common:k])
			}
			n.data = mixed
		case left == 1:
			n.data = n.data[:common+pick(len(n.data)-common+1)]
		default: // longer, and nothing was written there
			k := pick(len(n.data) - common + 1)
			n.data = append(slices.Clone(n.data[:common]), make([]byte, k)...)
		}
		n.data = slices.Clone(n.data)
		n.synced = slices.Clone(n.data)
	}
}

func (d *crashDisk) makeDir(string) error              { return d.next("makeDir") }
func (d *crashDisk) lockDir(string) (io.Closer, error) { return io.NopCloser(nil), d.next("lockDir") }
func (d *crashDisk) lockFile(p string) (io.Closer, error) {
	if _, there := d.names[p]; !there {
		if _, err := d.create(p); err != nil {
			return nil, err
		}
	}
	return io.NopCloser(nil), nil
}

func (d *crashDisk) list(dir string) (names []string, err error) {
	for name := range d.names {
		if filepath.Dir(name) == dir {
			names = append(names, filepath.Base(name))
		}
	}
	slices.Sort(names)
	return names, d.next("list")
}

func (d *crashDisk) there(path string) (*inode, error) {
	if d.dead {
		return nil, errCrash
	}
	n := d.names[path]
	if n == nil {
		return nil, &os.PathError{Op: "open", Path: path, Err: fs.ErrNotExist}
	}
	return n, nil
}

func (d *crashDisk) size(path string) (int64, error) {
	n, err := d.there(path)
	if err != nil {
		return 0, err
	}
	return int64(len(n.data)), nil
}

func (d *crashDisk) open(path string) (io.ReadCloser, error) {
	n, err := d.there(path)
	if err != nil {
		return nil, err
	}
	return io.NopCloser(bytes.NewReader(slices.Clone(n.data))), nil
}

func (d *crashDisk) create(path string) (output, error) {
	if err := d.next("create"); err != nil {
		return nil, err
	}
	n := d.names[path]
	if n == nil {
		n = &inode{}
		d.change(func(m map[string]*inode) { m[path] = n })
	}
	n.data, n.over = nil, false
	return &crashFile{d, n, 0}, nil
}

func (d *crashDisk) rewrite(path string, at int64) (output, error) {
	n, err := d.there(path)
	if err == nil {
		err = d.next("rewrite")
	}
	if err != nil {
		return nil, err
	}
	n.over = bytes.Equal(n.data, n.synced)
	return &crashFile{d, n, int(at)}, nil
}

func (d *crashDisk) extend(path string, size int64) (output, error) {
	n, err := d.there(path)
	if err == nil {
		err = d.next("extend")
	}
	if err != nil {
		return nil, err
	}
	n.data, n.over = slices.Clone(n.data[:size]), false
	return &crashFile{d, n, len(n.data)}, nil
}

func (d *crashDisk) rename(from, to string) error {
	n, err := d.there(from)
	if err == nil {
		err = d.next("rename")
	}
	if err != nil {
		return err
	}
	d.change(func(m map[string]*inode) { m[to] = n; delete(m, from) })
	return nil
}

func (d *crashDisk) remove(path string) error {
	_, err := d.there(path)
	if err == nil {
		err = d.next("remove")
	}
	if err != nil {
		return err
	}
	d.change(func(m map[string]*inode) { delete(m, path) })
	return nil
}

func (d *crashDisk) syncDir(string) error {
	if err := d.next("syncDir"); err != nil {
		return err
	}
	d.durable, d.log = maps.Clone(d.names), nil
	return nil
}

type crashFile struct {
	d  *crashDisk
	n  *inode
	at int
}

func (f *crashFile) put(p []byte) {
	f.n.data = append(slices.Clone(f.n.data[:f.at]), append(slices.Clone(p), f.n.data[min(f.at+len(p), len(f.n.data)):]...)...)
	f.at += len(p)
}

// Write may write a piece before it fails.
func (f *crashFile) Write(p []byte) (int, error) {
	if err := f.d.next("write"); err != nil {
		n := 0
		if f.d.fails() {
			n = len(p) / 2
			f.put(p[:n])
		}
		return n, err
	}
	f.put(p)
	return len(p), nil
}

// Sync that failed has lost what it did not write, as on Linux.
func (f *crashFile) Sync() error {
	if err := f.d.next("sync"); err != nil {
		return err
	}
	f.n.synced, f.n.over = slices.Clone(f.n.data), false
	return nil
}

func (f *crashFile) Close() error { return nil }
