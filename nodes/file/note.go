package file

import (
	"encoding/binary"
	"hash/crc32"
	"io"
	"io/fs"
	"path/filepath"
)

// note is what a directory of parts keeps of the last commit that showed something. It is there before the first file gets its
// name, so that a file that the commit names and that is not there any more was shown, and taken away by whoever read it.
// Without a note the file is lost.
type note struct {
	id commitID
	// closed is the file that was open at the commit, which was finished later with no row more, and shows without waiting for
	// another commit; without a name it was not.
	closed extent
	number uint64 // of the notes of this directory, from 1 on; 0: of an earlier version, or none
}

const (
	noteName = ".committed" + hiddenEnding
	newNote  = ".committing" + hiddenEnding
)

// The file of notes has two slots, which are written in turn: so the last note but one is there while the next is written, and making
// that durable changes neither names nor lengths. A slot has the number of the note, which chooses the slot, the length of the text,
// the text, and the CRC-32C of all that. Files of earlier versions have the text of one note and nothing else.
const (
	slotBytes = 4096 // what disks write whole, or less
	slotHead  = 8 + 2
)

func (s *sink) writeNote(dir string, n note) error {
	n.number = s.noted.number + 1
	err := s.rewriteNote(dir, n)
	if missing(err) {
		err = s.createNote(dir, n)
	}
	if err != nil {
		return failed(filepath.Join(dir, noteName), cause(err))
	}
	s.noted = n
	return nil
}

// rewriteNote writes over the last note but one. Where there is no file with slots the error is that there is no file.
func (s *sink) rewriteNote(dir string, n note) error {
	if n.number == 1 {
		return fs.ErrNotExist
	}
	f, err := s.disk.rewrite(filepath.Join(dir, noteName), n.place())
	if err != nil {
		return err
	}
	return writeOut(f, n.slot())
}

// createNote begins the file.
func (s *sink) createNote(dir string, n note) error {
	name := filepath.Join(dir, newNote)
	f, err := s.disk.create(name)
	if err != nil {
		return err
	}
	text := make([]byte, 2*slotBytes)
	copy(text[n.place():], n.slot())
	if err := writeOut(f, text); err != nil {
		return err
	}
	if err := s.disk.rename(name, filepath.Join(dir, noteName)); err != nil {
		return err
	}
	return s.disk.syncDir(dir)
}

// writeOut writes to a file, durably, and closes it.
func writeOut(f output, text []byte) error {
	_, err := f.Write(text)
	if err == nil {
		err = f.Sync()
	}
	if e := f.Close(); err == nil {
		err = e
	}
	return err
}

// place is where the note's slot is.
func (n note) place() int64 { return int64(n.number%2) * slotBytes }

func (n note) slot() []byte {
	text := n.closed.append(n.id[:])
	b := binary.BigEndian.AppendUint64(nil, n.number)
	b = binary.BigEndian.AppendUint16(b, uint16(len(text)))
	b = append(b, text...)
	return binary.BigEndian.AppendUint32(b, crc32.Checksum(b, castagnoli))
}

// readNote gives no note where none is to be read.
func (s *sink) readNote() note {
	f, err := s.disk.open(filepath.Join(s.path, noteName))
	if err != nil {
		return note{}
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, 2*slotBytes+1))
	if err != nil {
		return note{}
	}
	if len(text) != 2*slotBytes {
		n, _ := parseNote(text)
		return n
	}
	var last note
	for slot := range 2 {
		if n, ok := parseSlot(text[slot*slotBytes:][:slotBytes]); ok && n.number%2 == uint64(slot) && n.number > last.number {
			last = n
		}
	}
	return last
}

func parseSlot(b []byte) (note, bool) {
	end := slotHead + int(binary.BigEndian.Uint16(b[8:]))
	if end+4 > len(b) || binary.BigEndian.Uint32(b[end:]) != crc32.Checksum(b[:end], castagnoli) {
		return note{}, false
	}
	n, ok := parseNote(b[slotHead:end])
	n.number = binary.BigEndian.Uint64(b)
	return n, ok
}

func parseNote(text []byte) (n note, ok bool) {
	p := parser{rest: text}
	copy(n.id[:], p.bytes(int64(len(n.id))))
	if n.closed = p.extent(); p.bad || len(p.rest) > 0 {
		return note{}, false
	}
	return n, true
}
