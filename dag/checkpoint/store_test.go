package checkpoint

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"path"
	"strings"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"flowrun/dag/state"
)

// kept is a memory under test: a few large parts.
type kept struct {
	memory *state.Memory
	parts  [3][]byte
}

func (k *kept) show(m *state.Memory) {
	for i := range k.parts {
		m.Blob(fmt.Sprint("part", i), func([]byte) []byte { return k.parts[i] }, func(b []byte) error {
			k.parts[i] = bytes.Clone(b)
			return nil
		})
	}
}

// change changes it a little, from a seed.
func (k *kept) change(r *rand.Rand) {
	for i := range k.parts {
		if r.IntN(3) == 0 {
			k.parts[i] = make([]byte, r.IntN(100_000))
		}
		for range r.IntN(5) {
			if n := len(k.parts[i]); n > 0 {
				k.parts[i][r.IntN(n)] = byte(r.Int())
			}
		}
	}
}

func (k *kept) commit(s *Store, epoch uint64) error {
	return s.Commit(&Point{Epoch: epoch, Nodes: map[string]Node{"n": {Lanes: 1}}}, []Instance{{Node: "n", Changes: k.memory.Save(k.show)}}, nil)
}

func read(t *testing.T, s *Store) *kept {
	t.Helper()
	k := &kept{memory: state.NewMemory()}
	if s.Point() == nil {
		return k
	}
	if _, err := k.memory.Load(func(each func(string, uint32, []byte) error) error { return s.Blocks("n", 0, each) }, k.show); err != nil {
		t.Fatal(err)
	}
	return k
}

func (k *kept) snapshot() (c [3][]byte) {
	for i, p := range k.parts {
		c[i] = bytes.Clone(p)
	}
	return c
}

func lens(a [3][]byte) (n [3]int) {
	for i := range a {
		n[i] = len(a[i])
	}
	return n
}

func same(a, b [3][]byte) bool {
	for i := range a {
		if !bytes.Equal(a[i], b[i]) {
			return false
		}
	}
	return true
}

// What a commit said is done is there after any crash, whole, and what was not said is there whole or not at all.
func TestCommitsSurviveCrashes(t *testing.T) {
	for seed := range uint64(12) {
		r := rand.New(rand.NewPCG(seed, 1))
		fs := vfs.NewCrashableMem()
		want, epoch := [3][]byte{}, uint64(0)
		for range 6 {
			s, err := Open(fs, "dir/ck")
			if err != nil {
				t.Fatalf("seed %d: %v", seed, err)
			}
			k := read(t, s)
			if p := s.Point(); p != nil && p.Epoch != epoch || p == nil && epoch > 0 || !same(k.parts, want) {
				t.Fatalf("seed %d: another state than that of epoch %d: %v, parts %v, want %v", seed, epoch, p, lens(k.parts), lens(want))
			}
			for range r.IntN(6) {
				k.change(r)
				if err := k.commit(s, epoch+1); err != nil {
					t.Fatal(err)
				}
				epoch, want = epoch+1, k.snapshot()
			}
			crashed := fs.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: r.IntN(101), RNG: r})
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			fs = crashed
		}
	}
}

// Whatever single operation on a file fails, and if the disk is full from then on: an error that is told, no commit that is told
// and lost, and afterwards the state of one commit, whole.
func TestEveryWriteFails(t *testing.T) {
	for _, onward := range []bool{false, true} {
		for at := int32(0); ; at++ {
			mem := vfs.NewCrashableMem()
			n, hit := int32(0), false
			fs := errorfs.Wrap(mem, errorfs.InjectorFunc(func(o errorfs.Op) error {
				if o.Kind.ReadOrWrite() != errorfs.OpIsWrite || strings.HasSuffix(o.Path, "LOCK") {
					return nil
				}
				n++
				if n-1 == at || onward && n > at {
					hit = true
					return errors.New("no space left on device")
				}
				return nil
			}))
			r := rand.New(rand.NewPCG(7, 7))
			states := map[uint64][3][]byte{0: {}}
			done := uint64(0)
			s, err := Open(fs, "ck")
			if err == nil {
				k := read(t, s)
				for epoch := uint64(1); epoch <= 4; epoch++ {
					k.change(r)
					states[epoch] = k.snapshot()
					if err = k.commit(s, epoch); err != nil {
						break
					}
					done = epoch
				}
				if e := s.Close(); err == nil {
					err = e
				}
			}
			if !hit {
				if err != nil || at < 10 {
					t.Fatalf("without a failure: %v after %d writes", err, at)
				}
				break
			}
			again, err := Open(mem.CrashClone(vfs.CrashCloneCfg{}), "ck")
			if err != nil {
				t.Fatalf("write %d failed: the checkpoint cannot be opened: %v", at, err)
			}
			epoch := uint64(0)
			if p := again.Point(); p != nil {
				epoch = p.Epoch
			}
			if epoch < done || !same(read(t, again).parts, states[epoch]) {
				t.Errorf("write %d failed: epoch %d is there, %d was committed", at, epoch, done)
			}
			if err := again.Close(); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// A bit that turned over in any file is told when it is read, or changes nothing.
func TestDamageIsTold(t *testing.T) {
	fs := vfs.NewMem()
	s, err := Open(fs, "ck")
	if err != nil {
		t.Fatal(err)
	}
	k, r := read(t, s), rand.New(rand.NewPCG(3, 3))
	for epoch := range uint64(5) {
		k.change(r)
		if err := k.commit(s, epoch+1); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	told := 0
	names, err := fs.List("ck/store")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		for range 12 {
			copied := vfs.NewMem()
			if _, err := vfs.Clone(fs, copied, "ck", "ck"); err != nil {
				t.Fatal(err)
			}
			if !flip(t, copied, path.Join("ck/store", name), r) {
				break
			}
			if damagedOrSame(t, copied, k.parts) {
				told++
			}
		}
	}
	if told == 0 {
		t.Error("no damage was ever told")
	}
}

// damagedOrSame opens and reads a checkpoint that may be damaged, and reports whether it says so.
func damagedOrSame(t *testing.T, fs vfs.FS, want [3][]byte) bool {
	t.Helper()
	s, err := Open(fs, "ck")
	if err != nil {
		return true
	}
	defer s.Close()
	if s.Point() == nil || s.Point().Epoch != 5 {
		t.Fatal("commits are gone, and nothing was said")
	}
	got := &kept{memory: state.NewMemory()}
	_, err = got.memory.Load(func(each func(string, uint32, []byte) error) error { return s.Blocks("n", 0, each) }, got.show)
	if err == nil && !same(got.parts, want) {
		t.Fatal("damaged data was read as data")
	}
	return err != nil
}

func flip(t *testing.T, fs *vfs.MemFS, name string, r *rand.Rand) bool {
	t.Helper()
	f, err := fs.OpenReadWrite(name, vfs.WriteCategoryUnspecified)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil || info.Size() == 0 {
		return false
	}
	at, b := r.Int64N(info.Size()), make([]byte, 1)
	if _, err := f.ReadAt(b, at); err != nil {
		t.Fatal(err)
	}
	b[0] ^= 1 << r.IntN(8)
	if _, err := f.WriteAt(b, at); err != nil {
		t.Fatal(err)
	}
	return true
}

// Clear forgets everything, and so do Fresh and dropped nodes for theirs.
func TestForgetting(t *testing.T) {
	fs := vfs.NewMem()
	s, err := Open(fs, "ck")
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	count := func(node string) int {
		found := map[string]bool{}
		if err := s.Blocks(node, 0, func(part string, _ uint32, _ []byte) error { found[part] = true; return nil }); err != nil {
			t.Fatal(err)
		}
		return len(maps.Clone(found))
	}
	put := func(node, part string, fresh bool, dropped ...string) {
		in := Instance{Node: node, Fresh: fresh, Changes: []state.Change{{Part: part, Value: []byte("w1")}}}
		if err := s.Commit(&Point{Nodes: map[string]Node{}}, []Instance{in}, dropped); err != nil {
			t.Fatal(err)
		}
	}
	put("a", "x", false)
	put("a", "y", false)
	put("ab", "z", false)
	if count("a") != 2 || count("ab") != 1 {
		t.Fatalf("stored %d and %d parts", count("a"), count("ab"))
	}
	put("a", "only", true)
	if count("a") != 1 || count("ab") != 1 {
		t.Errorf("after a fresh start of a: %d and %d parts", count("a"), count("ab"))
	}
	put("a", "x", false, "ab")
	if count("a") != 2 || count("ab") != 0 {
		t.Errorf("after ab was dropped: %d and %d parts", count("a"), count("ab"))
	}
	if err := s.Clear(); err != nil || count("a") != 0 || s.Point() != nil {
		t.Errorf("after Clear: %d parts, %v, %v", count("a"), s.Point(), err)
	}
}
