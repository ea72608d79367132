package checkpoint

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"path/filepath"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// The witness is 12 bytes: the number of the last commit, little-endian, and the CRC-32C of that. It is written when the commit
// is durable, and not synced: it never runs ahead, and that it may lag behind after the machine failed does no harm.
const witnessBytes = 12

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func (s *Store) witnessPath() string { return filepath.Join(s.dir, "witness") }

// witness notes a commit.
func (s *Store) witness(commit uint64) error {
	s.record = binary.LittleEndian.AppendUint64(s.record[:0], commit)
	s.record = binary.LittleEndian.AppendUint32(s.record, crc32.Checksum(s.record, castagnoli))
	f, err := s.fs.OpenReadWrite(s.witnessPath(), vfs.WriteCategoryUnspecified)
	if err != nil {
		return err
	}
	_, err = f.WriteAt(s.record, 0)
	return errors.Join(err, f.Close())
}

// missing says whether commits are gone that were finished.
func (s *Store) missing() error {
	f, err := s.fs.Open(s.witnessPath())
	if isNotExist(err) {
		return nil
	}
	if err != nil {
		return err
	}
	defer f.Close()
	b := make([]byte, witnessBytes)
	if _, err := io.ReadFull(f, b); err != nil || binary.LittleEndian.Uint32(b[8:]) != crc32.Checksum(b[:8], castagnoli) {
		return nil // torn when it was written: it tells nothing
	}
	has := uint64(0)
	if s.point != nil {
		has = s.point.Commit
	}
	if saw := binary.LittleEndian.Uint64(b); saw > has {
		return fmt.Errorf("%w: commit %d was finished, and the last one that can be read is %d", ErrDamaged, saw, has)
	}
	return nil
}

func isNotExist(err error) bool { return errors.Is(err, fs.ErrNotExist) }
