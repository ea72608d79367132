package checkpoint

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"path"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"flowrun/dag/state"
)

// kept is a memory under test: a few large parts.
type kept struct {
	memory *state.Memory
	parts  [3][]byte
	small  bool // the parts are
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
	most := 100_000
	if k.small {
		most = 5000
	}
	for i := range k.parts {
		if r.IntN(3) == 0 {
			k.parts[i] = make([]byte, r.IntN(most))
		}
		for range r.IntN(5) {
			if n := len(k.parts[i]); n > 0 {
				k.parts[i][r.IntN(n)] = byte(r.Int())
			}
		}
	}
}

// commit commits it, in one way or the other.
func (k *kept) commit(s *Store, r *rand.Rand, epoch uint64) error {
	s.sizes = standard
	if r.IntN(2) == 0 {
		s.sizes = tableSizes{0, r.IntN(100_000), 50_000 + r.IntN(50_000)}
	}
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

// A disk on which no table can be made, and the log can be written all the while, ends the commits with its error. What was committed
// is there, from the log.
func TestTablesThatCannotBeWrittenAreTold(t *testing.T) {
	mem := vfs.NewCrashableMem()
	var fails atomic.Bool
	s, err := Open(errorfs.Wrap(mem, errorfs.InjectorFunc(func(o errorfs.Op) error {
		if fails.Load() && o.Kind.ReadOrWrite() == errorfs.OpIsWrite && strings.HasSuffix(o.Path, ".sst") {
			return errors.New("no space left on device")
		}
		return nil
	})), "ck")
	if err != nil {
		t.Fatal(err)
	}
	fails.Store(true)
	k := &kept{memory: state.NewMemory()}
	done := uint64(0)
	for epoch := uint64(1); err == nil; epoch++ {
		k.parts[0] = bytes.Repeat([]byte{byte(epoch)}, 1<<20)
		err = s.Commit(&Point{Epoch: epoch, Nodes: map[string]Node{"n": {Lanes: 1}}}, []Instance{{Node: "n", Changes: k.memory.Save(k.show)}}, nil)
		if err == nil {
			done = epoch
		}
		if epoch > 4*memTables*memTable>>20 {
			t.Fatalf("%d MiB were committed into the log alone", epoch)
		}
	}
	if !strings.Contains(err.Error(), "no space left on device") {
		t.Error(err)
	}
	if err := s.Close(); err != nil && !strings.Contains(err.Error(), "no space left on device") {
		t.Error(err)
	}
	fails.Store(false)
	again, err := Open(mem.CrashClone(vfs.CrashCloneCfg{}), "ck")
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	if got := read(t, again); again.Point().Epoch != done || got.parts[0][0] != byte(done) {
		t.Errorf("epoch %d was committed, and %d is there", done, again.Point().Epoch)
	}
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
				if err := k.commit(s, r, epoch+1); err != nil {
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
	for seed := range uint64(2) {
		testEveryWriteFails(t, seed)
	}
}

func testEveryWriteFails(t *testing.T, seed uint64) {
	for _, onward := range []bool{false, true} {
		for at := int32(0); ; at++ {
			mem := vfs.NewCrashableMem()
			n, hit := int32(0), false
			var mu sync.Mutex
			fs := errorfs.Wrap(mem, errorfs.InjectorFunc(func(o errorfs.Op) error {
				if o.Kind.ReadOrWrite() != errorfs.OpIsWrite || strings.HasSuffix(o.Path, "LOCK") {
					return nil
				}
				mu.Lock()
				defer mu.Unlock()
				n++
				if n-1 == at || onward && n > at {
					hit = true
					return errors.New("no space left on device")
				}
				return nil
			}))
			r := rand.New(rand.NewPCG(seed, 7))
			states := map[uint64][3][]byte{0: {}}
			done := uint64(0)
			s, err := Open(fs, "ck")
			if err == nil {
				k := read(t, s)
				for epoch := uint64(1); epoch <= 4; epoch++ {
					k.change(r)
					states[epoch] = k.snapshot()
					if err = k.commit(s, r, epoch); err != nil {
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
			for _, fs := range []vfs.FS{mem.CrashClone(vfs.CrashCloneCfg{}), mem} { // the process may go on, and try again
				epoch := holdsOneOf(t, fs, states, fmt.Sprintf("write %d failed", at))
				if epoch < done {
					t.Errorf("write %d failed: epoch %d is there, %d was committed", at, epoch, done)
				}
			}
		}
	}
}

// holdsOneOf opens a checkpoint, holds it against the state of the epoch that it says it has, and gives that epoch.
func holdsOneOf(t *testing.T, fs vfs.FS, states map[uint64][3][]byte, when string) (epoch uint64) {
	t.Helper()
	s, err := Open(fs, "ck")
	if err != nil {
		t.Fatalf("%s: the checkpoint cannot be opened: %v", when, err)
	}
	if p := s.Point(); p != nil {
		epoch = p.Epoch
	}
	if want, ok := states[epoch]; !ok || !same(read(t, s).parts, want) {
		t.Errorf("%s: what is there is not the state of epoch %d", when, epoch)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return epoch
}

// plainReuse is a file system in memory that can be cloned while a file is being reused: its own way would wait for itself.
type plainReuse struct{ vfs.FS }

func (fs plainReuse) ReuseForWrite(old, name string, c vfs.DiskWriteCategory) (vfs.File, error) {
	if err := fs.Remove(old); err != nil {
		return nil, err
	}
	return fs.Create(name, c)
}

// A crash at any write, sync or change of a name, with any part of what was not synced: afterwards the state of one commit is there,
// whole, the last that was told or the one that was on its way.
func TestCrashesWithinCommits(t *testing.T) {
	mem := vfs.NewCrashableMem()
	r, r2 := rand.New(rand.NewPCG(11, 1)), rand.New(rand.NewPCG(11, 2))
	states := map[uint64][3][]byte{0: {}}
	type moment struct {
		fs   *vfs.MemFS
		done uint64
		when string
	}
	var crashes []moment
	var mu sync.Mutex
	done, looks := uint64(0), false
	fs := errorfs.Wrap(plainReuse{mem}, errorfs.InjectorFunc(func(o errorfs.Op) error {
		mu.Lock()
		defer mu.Unlock()
		if looks && o.Kind.ReadOrWrite() == errorfs.OpIsWrite {
			crashes = append(crashes, moment{mem.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: r2.IntN(101), RNG: r2}), done, fmt.Sprint(o)})
		}
		return nil
	}))
	s, err := Open(fs, "ck")
	if err != nil {
		t.Fatal(err)
	}
	k := read(t, s)
	for epoch := uint64(1); epoch <= 12; epoch++ {
		k.change(r)
		mu.Lock()
		states[epoch], looks = k.snapshot(), true
		mu.Unlock()
		if err := k.commit(s, r, epoch); err != nil {
			t.Fatal(err)
		}
		mu.Lock()
		done = epoch
		mu.Unlock()
	}
	mu.Lock()
	looks = false
	mu.Unlock()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	for _, c := range crashes {
		if epoch := holdsOneOf(t, c.fs, states, c.when); epoch < c.done || epoch > c.done+1 {
			t.Errorf("%s: epoch %d is there, %d was committed", c.when, epoch, c.done)
		}
	}
	if len(crashes) < 100 {
		t.Errorf("only %d moments to crash at", len(crashes))
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
	k.small = true // the database looks long for the bit that turned over in a long block
	ways := map[bool]int{}
	for epoch := range uint64(5) {
		k.change(r)
		if err := k.commit(s, r, epoch+1); err != nil {
			t.Fatal(err)
		}
		ways[s.sizes.large == 0]++
	}
	if len(ways) < 2 {
		t.Fatal("all commits were made in one way")
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
	for asTables := range 1 << 5 { // which of the five commits are
		testForgetting(t, asTables)
	}
}

func testForgetting(t *testing.T, asTables int) {
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
	bit := 0
	put := func(node, part string, fresh bool, dropped ...string) {
		if s.sizes = standard; asTables>>bit&1 == 1 {
			s.sizes.large = 0
		}
		bit++
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
