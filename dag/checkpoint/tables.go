package checkpoint

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/cockroachdb/pebble/v2/objstorage/objstorageprovider"
	"github.com/cockroachdb/pebble/v2/sstable"
	"github.com/cockroachdb/pebble/v2/vfs"

	"flowrun/dag/failpoint"
	"flowrun/dag/state"
)

// tableSizes are the sizes, in bytes, that decide how a commit is written.
type tableSizes struct {
	// large is from how many bytes on a commit is written as tables. One that is smaller goes to the database's log, which takes one
	// sync; tables take several, but what is in them is written once less, and not held in memory until then.
	large int
	// smallest is the size that a table has before another part may begin the next one: so that one does not span parts which did not
	// change, and which would be written again where it is put together with others. From largest on the next one begins in any case.
	smallest, largest int
}

var standard = tableSizes{large: 4 << 20, smallest: 1 << 20, largest: 32 << 20}

// tablePrefix is what the names of tables begin with that the database has not taken in yet.
const tablePrefix = "commit-"

// entry is a change with its key.
type entry struct {
	key    []byte
	change *state.Change // nil: it is the point
}

// applyTables commits by tables that are durable before the database takes them in, all at once.
func (s *Store) applyTables(point []byte, changes []Instance, dropped []string) error {
	entries := []entry{{key: keyPoint}}
	var ranges [][]byte // of which everything is removed first, by prefix
	for _, node := range dropped {
		ranges = append(ranges, nodePrefix(node))
	}
	for i := range changes {
		in := &changes[i]
		prefix := statePrefix(in.Node, in.Lane)
		if in.Fresh && !slices.Contains(dropped, in.Node) {
			ranges = append(ranges, prefix)
		}
		for j := range in.Changes {
			c := &in.Changes[j]
			entries = append(entries, entry{appendBlockKey(nil, prefix, c), c})
		}
	}
	slices.SortFunc(entries, func(a, b entry) int { return bytes.Compare(a.key, b.key) })
	slices.SortFunc(ranges, bytes.Compare)
	s.broken = s.guard(func() error {
		if err := s.catchUp(); err != nil {
			return err
		}
		paths, err := s.writeTables(entries, point, slices.CompactFunc(ranges, bytes.Equal))
		if err != nil {
			return errors.Join(err, s.removeTables())
		}
		if err := s.flush(); err != nil {
			return err
		}
		failpoint.Pass("store.tables")
		return damaged(s.db.Ingest(context.Background(), paths))
	})
	return s.broken
}

// flush writes what is in the log only into tables. The database would do that by itself before it takes in tables with some of the same
// keys, but if it cannot, for lack of room, it would try for ever.
func (s *Store) flush() error {
	if !s.logged {
		return nil
	}
	s.passed() // it was tried again since
	done, err := s.db.AsyncFlush()
	if err != nil {
		return err
	}
	select {
	case <-done:
		s.logged = false
		return nil
	case err := <-s.background:
		return err
	}
}

// catchUp waits while the database is far behind in putting together what was committed, as it does itself with a commit that goes to
// its log, which it would hold in memory meanwhile.
func (s *Store) catchUp() error {
	s.passed() // it was tried again since
	for s.slow() {
		select {
		case err := <-s.background:
			return err
		case <-time.After(catchUpEvery):
		}
		if err := s.disk.failure(); err != nil {
			return err // nothing is written any more, so it would never catch up
		}
	}
	return nil
}

// catchUpEvery is how often it is looked whether the database has caught up.
const catchUpEvery = 20 * time.Millisecond

// slow reports whether the database is so far behind.
func (s *Store) slow() bool {
	return s.db.Metrics().Levels[0].Sublevels >= int32(s.options.L0StopWritesThreshold)
}

// writeTables writes the entries, which are in order, into tables that do not overlap, durably. Where anything is removed it is one:
// each table that is taken in gets a number of its own, in the order of their keys, and a range hides what has a lower one. Within a
// table all have the same, so that what is removed hides nothing of what comes new.
func (s *Store) writeTables(entries []entry, point []byte, ranges [][]byte) (paths []string, err error) {
	var w *sstable.Writer
	finish := func() error {
		if w == nil {
			return nil
		}
		done := w
		w = nil
		return done.Close()
	}
	defer func() { err = errors.Join(err, finish()) }()
	size := 0
	for i, e := range entries {
		if w != nil && len(ranges) == 0 && (size >= s.sizes.largest || size >= s.sizes.smallest && !samePart(entries[i-1].key, e.key)) {
			if err := finish(); err != nil {
				return nil, err
			}
		}
		if w == nil {
			path := s.fs.PathJoin(s.storeDir(), fmt.Sprintf("%s%d", tablePrefix, len(paths)))
			f, err := s.disk.Create(path, vfs.WriteCategoryUnspecified)
			if err != nil {
				return nil, err
			}
			w, size = sstable.NewWriter(objstorageprovider.NewFileWritable(f), s.options.MakeWriterOptions(0, s.db.TableFormat())), 0
			paths = append(paths, path)
			for _, r := range ranges {
				if err := w.DeleteRange(r, after(r)); err != nil {
					return nil, err
				}
			}
		}
		switch c := e.change; {
		case c == nil:
			err = w.Set(e.key, point)
			size += len(point)
		case c.Kind == state.Put:
			err = w.Set(e.key, c.Value)
			size += len(c.Value)
		case c.Kind == state.Patch:
			err = w.Merge(e.key, c.Value)
			size += len(c.Value)
		case c.Kind == state.Gone:
			err = w.Delete(e.key)
		}
		if err != nil {
			return nil, err
		}
	}
	return paths, nil
}

// samePart reports whether two keys of blocks are of one part.
func samePart(a, b []byte) bool {
	return len(a) == len(b) && len(a) > 4 && bytes.Equal(a[:len(a)-4], b[:len(b)-4])
}

// removeTables removes tables that the database did not take in: of a commit that failed, or that a crash left.
func (s *Store) removeTables() error {
	names, err := s.fs.List(s.storeDir())
	for _, name := range names {
		if strings.HasPrefix(name, tablePrefix) {
			err = errors.Join(err, s.disk.Remove(s.fs.PathJoin(s.storeDir(), name)))
		}
	}
	return err
}
