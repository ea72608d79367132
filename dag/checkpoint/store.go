package checkpoint

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"syscall"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/sstable"
	"github.com/cockroachdb/pebble/v2/sstable/block"
	"github.com/cockroachdb/pebble/v2/vfs"

	"flowrun/dag/durable"
	"flowrun/dag/failpoint"
	"flowrun/dag/state"
)

// Errors that a caller tells apart.
var (
	// ErrLocked: another process has the checkpoint open.
	ErrLocked = errors.New("another run uses it")
	// ErrDamaged: what is stored is not what was written.
	ErrDamaged = errors.New("it is damaged")
	// ErrNone: there is no checkpoint in the directory.
	ErrNone = errors.New("there is no checkpoint")
)

// Store is an open checkpoint. One goroutine at a time uses it.
type Store struct {
	fs      vfs.FS
	dir     string
	disk    *ceasing // fs, as the database has it
	db      *pebble.DB
	options *pebble.Options
	sizes   tableSizes
	point   *Point
	broken  error // of a write: nothing more is written
	stuck   bool  // the database panicked, and may hold its locks
	looks   bool  // nothing is ever written
	logged  bool  // the log, and the database's memory, may have something that is in no table
	// background has what failed in the background, if anything did since it was last emptied. The database tries it again.
	background chan error
	key        []byte
	record     []byte
}

// layout is what the key version has.
const layout = "1 little-endian"

var (
	keyVersion = []byte("version")
	keyPoint   = []byte("point")
)

// Open opens the checkpoint in a directory, which it makes. The errors are those above, wrapped, and those of the file system.
func Open(fs vfs.FS, dir string) (*Store, error) {
	s := &Store{fs: fs, dir: dir, sizes: standard}
	if err := durable.MakeDir(fs, s.storeDir()); err != nil {
		return nil, s.failed("open", err)
	}
	if err := s.open(); err != nil {
		return nil, err
	}
	return s, nil
}

// open opens the database.
func (s *Store) open() error {
	s.disk = &ceasing{FS: s.fs}
	o := &pebble.Options{
		FS: s.disk, ReadOnly: s.looks, Logger: &logger{s.disk}, FormatMajorVersion: pebble.FormatNewest,
		Merger: &pebble.Merger{Name: "flowrun.overlay.1", Merge: func(_, value []byte) (pebble.ValueMerger, error) {
			return &overlay{value: bytes.Clone(value)}, nil
		}},
		MemTableSize: memTable, MemTableStopWritesThreshold: memTables, CacheSize: 1 << 20, DisableTableStats: true,
		L0CompactionThreshold: unsorted, L0StopWritesThreshold: 2 * unsorted,
	}
	for i := range o.Levels {
		o.Levels[i].Compression = func() *sstable.CompressionProfile { return block.NoCompression }
	}
	s.background = make(chan error, 1)
	o.EventListener = &pebble.EventListener{
		BackgroundError: s.tell,
		FlushEnd: func(f pebble.FlushInfo) {
			if f.Err == nil {
				s.passed()
			}
		},
	}
	o.EnsureDefaults()
	lock, err := s.lock()
	if err != nil {
		return s.failed("open", err)
	}
	defer lock.Close()
	o.Lock = lock
	if !s.looks {
		if err := s.removeTables(); err != nil {
			return s.failed("open", err)
		}
	}
	err = s.guard(func() (err error) {
		s.db, err = pebble.Open(s.storeDir(), o)
		return err
	})
	if err != nil && s.db == nil {
		return s.failed("open", damaged(err))
	}
	s.options, s.logged = o, true
	if err == nil {
		err = s.begin()
	}
	if err != nil {
		return errors.Join(s.failed("open", err), s.close())
	}
	return nil
}

// lock keeps other processes out.
func (s *Store) lock() (*pebble.Lock, error) {
	lock, err := pebble.LockDirectory(s.storeDir(), s.fs)
	if errors.Is(err, syscall.EAGAIN) || errors.Is(err, syscall.EACCES) {
		err = ErrLocked
	}
	return lock, err
}

// memTable is how much of what was committed last is in memory, for the database to write in one go.
const memTable = 8 << 20

// memTables is how many of these there are at most.
const memTables = 4

// unsorted is how many commits that changed nearly everything lie one over the other before the database puts them together. A
// few more than it would wait for by itself: where the next commit changes it all again, what was put together was work for nothing.
const unsorted = 6

func (s *Store) storeDir() string { return filepath.Join(s.dir, "store") }

// Dir is the directory of the checkpoint.
func (s *Store) Dir() string { return s.dir }

// begin reads the point, or notes the layout of a new store.
func (s *Store) begin() error {
	version, err := s.get(keyVersion)
	if err != nil {
		return err
	}
	if version == nil {
		if err := s.missing(); err != nil {
			return err
		}
		if s.looks {
			return ErrNone
		}
		return s.set(keyVersion, []byte(layout))
	}
	if string(version) != layout {
		return fmt.Errorf("it has the layout %q, and this program reads %q", version, layout)
	}
	encoded, err := s.get(keyPoint)
	if err != nil || encoded == nil {
		return errors.Join(err, s.missing())
	}
	p := &Point{}
	if err := json.Unmarshal(encoded, p); err != nil {
		return fmt.Errorf("%w: point: %w", ErrDamaged, err)
	}
	s.point = p
	return s.missing()
}

func (s *Store) get(key []byte) ([]byte, error) {
	value, closer, err := s.db.Get(key)
	if errors.Is(err, pebble.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, damaged(err)
	}
	defer closer.Close()
	return bytes.Clone(value), nil
}

func damaged(err error) error {
	if pebble.IsCorruptionError(err) {
		return fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	return err
}

func (s *Store) set(key, value []byte) error {
	b := s.db.NewBatch()
	defer b.Close()
	if err := b.Set(key, value, nil); err != nil {
		return err
	}
	return s.apply(b)
}

// apply writes a batch, durably. After a failure nothing more is written: what the database has in memory and what is on disk
// may differ.
func (s *Store) apply(b *pebble.Batch) error {
	if s.broken != nil {
		return s.broken
	}
	if s.broken = s.behind(); s.broken != nil {
		s.disk.cease(s.broken)
		return s.broken
	}
	s.logged = true
	s.broken = s.guard(func() error { return s.db.Apply(b, pebble.Sync) })
	return s.broken
}

// behind tells why the database cannot write what its log holds into tables, once it holds so much of it in memory that it would soon
// wait, without a word, for as long as that goes on.
func (s *Store) behind() error {
	select {
	case err := <-s.background:
		if s.db.Metrics().MemTable.Count >= memTables-1 {
			return err
		}
		s.tell(err) // for the next commit, unless it passes until then
	default:
	}
	return nil
}

// tell notes what failed in the background.
func (s *Store) tell(err error) {
	select {
	case s.background <- err:
	default:
	}
}

// passed forgets it.
func (s *Store) passed() {
	select {
	case <-s.background:
	default:
	}
}

// guard runs what writes. The error is also one that the database was not told, see ceasing, or that it panicked of. Behind an error
// nothing more reaches the disk.
func (s *Store) guard(f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			s.stuck = true
			var ok bool
			if err, ok = p.(error); !ok {
				err = fmt.Errorf("%v", p)
			}
		}
		if failed := s.disk.failure(); failed != nil {
			err = failed
		}
		if err != nil {
			s.disk.cease(err)
		}
	}()
	return f()
}

// Point is where the last run that committed stood; nil: there was none.
func (s *Store) Point() *Point { return s.point }

// Instance is what one instance of a node's operator changed of what it remembers.
type Instance struct {
	Node    string
	Lane    int
	Fresh   bool // forget what is stored of it, first
	Changes []state.Change
}

// Commit makes a point and the changes that lead to it durable, all or nothing. p.Commit is set.
func (s *Store) Commit(p *Point, changes []Instance, dropped []string) error {
	p.Commit = 1
	if s.point != nil {
		p.Commit = s.point.Commit + 1
	}
	encoded, err := json.Marshal(p)
	if err != nil {
		return s.failed("commit", err)
	}
	size := len(encoded) + 1024
	for _, in := range changes {
		for _, c := range in.Changes {
			size += len(c.Value) + len(c.Part) + len(in.Node) + 32
		}
	}
	if s.broken != nil {
		return s.failed("commit", s.broken)
	}
	if size > s.sizes.large {
		err = s.applyTables(encoded, changes, dropped)
	} else {
		err = s.applyBatch(size, encoded, changes, dropped)
	}
	if err != nil {
		return s.failed("commit", err)
	}
	s.point = p
	failpoint.Pass("store.applied")
	if err := s.witness(p.Commit); err != nil {
		s.broken = err
		s.disk.cease(err)
		return s.failed("commit", err)
	}
	return nil
}

// applyBatch commits by one batch, which goes to the log of the database.
func (s *Store) applyBatch(size int, point []byte, changes []Instance, dropped []string) error {
	b := s.db.NewBatchWithSize(size)
	defer b.Close()
	for _, node := range dropped {
		if err := dropNode(b, node); err != nil {
			return err
		}
	}
	for _, in := range changes {
		if err := s.write(b, in); err != nil {
			return err
		}
	}
	if err := b.Set(keyPoint, point, nil); err != nil {
		return err
	}
	return s.apply(b)
}

func (s *Store) write(b *pebble.Batch, in Instance) error {
	prefix := statePrefix(in.Node, in.Lane)
	if in.Fresh {
		if err := b.DeleteRange(prefix, after(prefix), nil); err != nil {
			return err
		}
	}
	for _, c := range in.Changes {
		s.key = appendBlockKey(s.key[:0], prefix, &c)
		var err error
		switch c.Kind {
		case state.Put:
			err = b.Set(s.key, c.Value, nil)
		case state.Patch:
			err = b.Merge(s.key, c.Value, nil)
		case state.Gone:
			err = b.Delete(s.key, nil)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// Blocks gives the stored blocks of an instance, that of state.ListPart first; value is valid until each returns.
func (s *Store) Blocks(node string, lane int, each func(part string, block uint32, value []byte) error) error {
	prefix := statePrefix(node, lane)
	it, err := s.db.NewIter(&pebble.IterOptions{LowerBound: prefix, UpperBound: after(prefix)})
	if err != nil {
		return s.failed("read", damaged(err))
	}
	for ok := it.First(); ok && err == nil; ok = it.Next() {
		key := it.Key()[len(prefix):]
		if len(key) < 5 {
			err = ErrDamaged
			break
		}
		var value []byte
		if value, err = it.ValueAndErr(); err != nil {
			break
		}
		err = each(string(key[:len(key)-5]), binary.BigEndian.Uint32(key[len(key)-4:]), value)
	}
	if err = errors.Join(err, it.Error(), it.Close()); err != nil {
		return s.failed("read", damaged(err))
	}
	return nil
}

// Close ends the use of the store. What failed before it is not told again.
func (s *Store) Close() error {
	if err := s.close(); err != nil {
		return s.failed("close", err)
	}
	return nil
}

func (s *Store) close() error {
	told := s.disk.failure() != nil
	if s.stuck {
		return nil // it would wait for its own locks for ever
	}
	err := s.guard(s.db.Close)
	if told {
		return nil
	}
	return err
}

func (s *Store) failed(what string, err error) error {
	return fmt.Errorf("%s the checkpoint in %s: %w", what, s.dir, err)
}

func nodePrefix(node string) []byte { return append(append([]byte("state\x00"), node...), 0) }

func statePrefix(node string, lane int) []byte {
	return binary.BigEndian.AppendUint16(nodePrefix(node), uint16(lane))
}

// appendBlockKey appends the key of a block of an instance.
func appendBlockKey(key, instance []byte, c *state.Change) []byte {
	key = append(append(append(key, instance...), c.Part...), 0)
	return binary.BigEndian.AppendUint32(key, c.Block)
}

// after is the first key behind all that begin with a prefix.
func after(prefix []byte) []byte {
	end := bytes.Clone(prefix)
	for i := len(end) - 1; i >= 0; i-- {
		if end[i]++; end[i] != 0 {
			return end[:i+1]
		}
	}
	return nil
}

func dropNode(b *pebble.Batch, node string) error {
	prefix := nodePrefix(node)
	return b.DeleteRange(prefix, after(prefix), nil)
}

// overlay puts the merges of a block together.
type overlay struct{ value []byte }

func (o *overlay) MergeNewer(value []byte) (err error) {
	o.value, err = state.Overlay(o.value, value)
	return err
}

func (o *overlay) MergeOlder(value []byte) (err error) {
	o.value, err = state.Overlay(value, o.value)
	return err
}

func (o *overlay) Finish(bool) ([]byte, io.Closer, error) { return o.value, nil, nil }

// logger keeps the database quiet.
type logger struct{ disk *ceasing }

func (l *logger) Infof(string, ...any)  {}
func (l *logger) Errorf(string, ...any) {}

// Fatalf is where the database would end the process.
func (l *logger) Fatalf(format string, args ...any) { l.disk.cease(fmt.Errorf(format, args...)) }

// Clear forgets everything that is stored, durably.
func (s *Store) Clear() error {
	b := s.db.NewBatch()
	defer b.Close()
	for _, prefix := range [][]byte{[]byte("state\x00"), keyPoint} {
		if err := b.DeleteRange(prefix, after(prefix), nil); err != nil {
			return s.failed("clear", err)
		}
	}
	// The witness goes first, for good: should it come back when the machine fails, the commits would look lost.
	if err := s.fs.Remove(s.witnessPath()); err != nil && !isNotExist(err) {
		return s.failed("clear", err)
	}
	if err := durable.SyncDir(s.fs, s.dir); err != nil {
		return s.failed("clear", err)
	}
	if err := s.apply(b); err != nil {
		return s.failed("clear", err)
	}
	s.point = nil
	return nil
}
