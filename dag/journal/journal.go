package journal

import (
	"errors"
	"fmt"
	"io"
	"math"
	"sync"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"flowrun/dag/durable"
	"flowrun/dag/failpoint"
)

// Options are how a journal is kept.
type Options struct {
	// MaxBytes is how many bytes the segments may hold; what is not trimmed counts, and so does the rest of its segments. 0: no bound.
	// One record is always taken where nothing is untrimmed.
	MaxBytes int64
	// SegmentBytes is where a segment ends; 0: a quarter of MaxBytes, at most 64 MiB.
	SegmentBytes int64
	// Meta is written at the beginning of each segment that this journal begins, at most 16 MiB.
	Meta []byte
}

// Torn is what [Open] left out: the bytes behind the last whole record, which was being written when the journal's process ended.
type Torn struct {
	File          string
	Offset, Bytes int64
}

// Journal is an open journal. All methods may be called from any goroutine.
type Journal struct {
	fs  vfs.FS
	dir string
	o   Options

	mu       sync.Mutex
	lock     io.Closer
	segments []segment // oldest first, none without a number of its own
	file     vfs.File  // of the last segment; nil: the next record begins another one
	bytes    int64     // of all segments
	frames   []byte    // appended and not durable
	out      []byte    // frames as they are written: a file may change what it is given
	last     uint64    // number of the last record that was appended
	durable  uint64    // of the last one that is durable
	trimmed  uint64    // up to which nothing is needed
	stray    bool      // the last segment may hold records that were never made durable
	torn     *Torn
	closed   bool
}

// Open opens the journal in dir, which it makes where it is missing.
func Open(fs FS, dir string, o Options) (*Journal, error) {
	if o.MaxBytes <= 0 {
		o.MaxBytes = math.MaxInt64
	}
	if o.SegmentBytes <= 0 {
		o.SegmentBytes = min(o.MaxBytes/4, 64<<20)
	}
	if len(o.Meta) > maxMeta {
		return nil, fmt.Errorf("journal: %d bytes of meta data, and %d can be", len(o.Meta), maxMeta)
	}
	if err := durable.MakeDir(fs, dir); err != nil {
		return nil, err
	}
	lock, err := fs.Lock(fs.PathJoin(dir, "LOCK"))
	if err != nil {
		if isLocked(err) {
			return nil, ErrInUse
		}
		return nil, err
	}
	j := &Journal{fs: fs, dir: dir, o: o, lock: lock}
	if err := j.recover(); err != nil {
		_ = lock.Close()
		return nil, err
	}
	return j, nil
}

// Append takes a record and gives it its number, one more than the last one's. It is in the journal once [Journal.Sync] has
// returned nil. payload is copied. A [*FullError] passes; nothing was taken then.
func (j *Journal) Append(arrived time.Time, payload []byte) (seq uint64, err error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.closed {
		return 0, errClosed
	}
	need := int64(frameSize + len(payload))
	if need > math.MaxInt32 {
		return 0, fmt.Errorf("journal: a record of %d bytes is too long", len(payload))
	}
	if total := j.bytes + int64(len(j.frames)) + need; total > j.o.MaxBytes && j.trimmed < j.last {
		return 0, &FullError{Bytes: j.bytes + int64(len(j.frames)), Max: j.o.MaxBytes}
	}
	j.last++
	j.frames = appendFrame(j.frames, frame{seq: j.last, durable: j.durable, trimmed: j.trimmed, arrived: arrived.UnixNano(), payload: payload})
	return j.last, nil
}

// Sync makes all that was appended durable. When it fails nothing is known of what it wrote; the next call writes all of it
// again, to another segment.
func (j *Journal) Sync() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.closed {
		return errClosed
	}
	return j.sync()
}

func (j *Journal) sync() error {
	if len(j.frames) == 0 {
		return nil
	}
	if j.file != nil {
		if s := &j.segments[len(j.segments)-1]; s.size > s.start && s.size+int64(len(j.frames)) > j.o.SegmentBytes {
			j.leave()
		}
	}
	if j.file == nil {
		if err := j.begin(); err != nil {
			return err
		}
	}
	s := &j.segments[len(j.segments)-1]
	j.out = append(j.out[:0], j.frames...)
	sign(j.out, seed(s.first))
	failpoint.Pass("journal.write")
	n, err := j.file.Write(j.out)
	failpoint.Pass("journal.written")
	s.size += int64(n)
	j.bytes += int64(n)
	if err == nil {
		err = j.file.SyncData()
	}
	if err != nil {
		j.stray = true
		j.leave()
		return err
	}
	failpoint.Pass("journal.synced")
	j.durable, j.frames = j.last, j.frames[:0]
	return nil
}

// Forget drops what was appended and is not durable; its numbers are given again.
func (j *Journal) Forget() {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.frames, j.last = j.frames[:0], j.durable
}

// leave ends the writing of the last segment. What could not be closed was synced, or is written again.
func (j *Journal) leave() {
	_ = j.file.Close()
	j.file = nil
}

// begin begins the segment of the next record that is to be durable. It gets its name, with its header, in one step; nothing is
// written behind that before the step is durable.
func (j *Journal) begin() error {
	first := j.durable + 1
	header := appendHeader(nil, first, j.trimmed, j.o.Meta)
	size := int64(len(header))
	made := j.fs.PathJoin(j.dir, "new")
	file, err := j.fs.Create(made, vfs.WriteCategoryUnspecified)
	if err != nil {
		return err
	}
	if _, err = file.Write(header); err == nil {
		err = file.SyncData()
	}
	if err == nil {
		failpoint.Pass("journal.segment")
		err = j.fs.Rename(made, j.path(first))
	}
	if err == nil {
		if n := len(j.segments); n > 0 && j.segments[n-1].first == first { // it held nothing durable, and was replaced
			j.bytes -= j.segments[n-1].size
			j.segments = j.segments[:n-1]
		}
		err = j.syncDir()
	}
	if err != nil {
		_ = file.Close()
		_ = j.fs.Remove(made) // a full disk needs the room
		return err
	}
	j.file, j.stray = file, false
	j.segments = append(j.segments, segment{first: first, size: size, start: size, meta: j.o.Meta})
	j.bytes += size
	return nil
}

func (j *Journal) path(first uint64) string { return j.fs.PathJoin(j.dir, segmentName(first)) }

func (j *Journal) syncDir() error { return durable.SyncDir(j.fs, j.dir) }

// Trim says that nothing up to the record numbered seq is needed any more. Segments that hold nothing else are removed.
func (j *Journal) Trim(seq uint64) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.closed {
		return errClosed
	}
	j.trimmed = max(j.trimmed, min(seq, j.durable))
	return j.removeTrimmed()
}

// Clear trims everything that is durable, and makes that durable at once.
func (j *Journal) Clear() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.closed {
		return errClosed
	}
	j.trimmed = j.durable
	if j.empty() {
		return nil
	}
	if j.file != nil {
		j.leave()
	}
	if err := j.begin(); err != nil {
		return err
	}
	return j.removeTrimmed()
}

// empty reports whether no segment has a record that was durable.
func (j *Journal) empty() bool {
	return len(j.segments) == 0 || j.segments[len(j.segments)-1].first > j.durable && len(j.segments) == 1
}

// removeTrimmed removes whole segments, the oldest first: one is gone for good before the next goes, so that there is never a gap.
func (j *Journal) removeTrimmed() error {
	for len(j.segments) > 1 && j.segments[1].first <= j.trimmed+1 {
		if err := j.fs.Remove(j.path(j.segments[0].first)); err != nil {
			return err
		}
		failpoint.Pass("journal.removed")
		j.bytes -= j.segments[0].size
		j.segments = j.segments[1:]
		if err := j.syncDir(); err != nil {
			return err
		}
	}
	return nil
}

// StartBehind makes seq+1 the number of the first record of an empty journal, and otherwise does nothing.
func (j *Journal) StartBehind(seq uint64) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if len(j.segments) == 0 && j.last == 0 {
		j.last, j.durable, j.trimmed = seq, seq, seq
	}
}

// Last is the number of the last durable record, and 0 where there was none yet.
func (j *Journal) Last() uint64 {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.durable
}

// Trimmed is the number up to which everything was trimmed. After a crash it may be less than what Trim was told.
func (j *Journal) Trimmed() uint64 {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.trimmed
}

// Bytes is how long the segments are together.
func (j *Journal) Bytes() int64 {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.bytes
}

// Torn is what was left out when the journal was opened; nil: nothing.
func (j *Journal) Torn() *Torn { return j.torn }

// Close closes the journal; what was appended and not synced is dropped. Where everything was trimmed it leaves one segment without
// a record, which keeps the count.
func (j *Journal) Close() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.closed {
		return nil
	}
	j.closed = true
	j.frames, j.last = nil, j.durable
	var err error
	if done := j.trimmed == j.durable; done && !j.empty() || j.stray {
		if j.file != nil {
			j.leave()
		}
		if err = j.begin(); err == nil {
			err = j.removeTrimmed()
		}
		if !done {
			err = nil // no more is lost than the certainty that records that could not be synced are not there
		}
	}
	if j.file != nil {
		err = errors.Join(err, j.file.Close())
	}
	return errors.Join(err, j.lock.Close())
}
