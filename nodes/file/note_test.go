package file

import (
	"os"
	"path/filepath"
	"testing"
)

// Notes follow each other in two slots. The last one is read, also where a crash left half of the next, and so is one of a version
// that had no slots.
func TestTheLastNoteIsRead(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, noteName)
	s := &sink{path: dir, disk: osDisk{}}
	old := note{id: newCommitID(), closed: extent{"part-00000003.txt", 5, 7}}
	if err := os.WriteFile(name, old.closed.append(old.id[:]), 0o666); err != nil {
		t.Fatal(err)
	}
	if s.noted = s.readNote(); s.noted != old {
		t.Fatalf("the old note is %+v, and %+v was read", old, s.noted)
	}
	last := old
	for range 5 {
		n := note{id: last.id.following(), closed: extent{"part-00000004.txt", 6, 8}}
		if err := s.writeNote(dir, n); err != nil {
			t.Fatal(err)
		}
		whole, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		n.number = last.number + 1
		if got := s.readNote(); got != n {
			t.Errorf("note %+v was written, and %+v is read", n, got)
		}
		for torn := n.place(); torn < n.place()+60; torn += 7 { // of a first note nothing is left
			cut := append([]byte(nil), whole...)
			cut[torn] ^= 1
			if err := os.WriteFile(name, cut, 0o666); err != nil {
				t.Fatal(err)
			}
			if got := s.readNote(); got != n && got != last && (n.number > 1 || got != note{}) {
				t.Errorf("with byte %d turned over %+v is read", torn, got)
			}
		}
		if err := os.WriteFile(name, whole, 0o666); err != nil {
			t.Fatal(err)
		}
		last = n
	}
	if err := os.Remove(name); err != nil { // somebody tidied up
		t.Fatal(err)
	}
	n := note{id: last.id.following()}
	if err := s.writeNote(dir, n); err != nil {
		t.Fatal(err)
	}
	if got := s.readNote(); got.id != n.id {
		t.Errorf("%+v is read", got)
	}
}
