package checkpoint_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"flowrun/dag/checkpoint"
	"flowrun/dag/failpoint"
	"flowrun/dag/state"
)

// place is where a block is stored.
type place struct {
	node  string
	lane  int
	part  string
	block uint32
}

// stored is what a store should hold: blocks as they were put together, and the point.
type stored struct {
	blocks map[place][]byte
	point  *checkpoint.Point
}

func (s stored) clone() stored { return stored{maps.Clone(s.blocks), s.point} }

var (
	modelNodes = []string{"a", "ab", "b-1"}
	modelParts = []string{state.ListPart, "k", "keys"}
)

const (
	modelLanes = 3
	pageBytes  = 512
	pages      = 64 // of a block at most
	modelLarge = 4<<20 + 1<<17
)

// filled are random bytes.
func filled(r *rand.Rand, n int) []byte {
	b := make([]byte, n)
	for i := 0; i < n; i += 8 {
		var word [8]byte
		binary.LittleEndian.PutUint64(word[:], r.Uint64())
		copy(b[i:], word[:])
	}
	return b
}

// put makes a change that replaces a block, and the block.
func put(r *rand.Rand, at place, size int) (state.Change, []byte) {
	b := filled(r, size)
	return state.Change{Part: at.part, Block: at.block, Kind: state.Put, Value: append([]byte{'w'}, b...)}, b
}

// patched makes a change of some pages of a block, which may become longer or shorter, and the block behind it. It is encoded as the
// documentation of package state says, by hand.
func patched(r *rand.Rand, at place, old []byte) (state.Change, []byte) {
	size := len(old)
	if r.IntN(2) == 0 {
		size = r.IntN(pages*pageBytes + 1)
	}
	b := make([]byte, size)
	copy(b, old)
	var set uint64
	var data []byte
	for i := 0; i*pageBytes < size; i++ {
		from, end := i*pageBytes, min((i+1)*pageBytes, size)
		if end > len(old) || r.IntN(4) == 0 { // what the old one has not has to be in it
			copy(b[from:end], filled(r, end-from))
			set |= 1 << i
			data = append(data, b[from:end]...)
		}
	}
	value := binary.LittleEndian.AppendUint32([]byte{'p'}, uint32(size))
	value = binary.LittleEndian.AppendUint64(value, set)
	return state.Change{Part: at.part, Block: at.block, Kind: state.Patch, Value: append(value, data...)}, b
}

// change makes a commit at random, and what the store should hold behind it.
func (s stored) change(r *rand.Rand, large bool) (next stored, p *checkpoint.Point, changes []checkpoint.Instance, dropped []string) {
	next = s.clone()
	for _, node := range modelNodes {
		if r.IntN(8) == 0 {
			dropped = append(dropped, node)
			maps.DeleteFunc(next.blocks, func(at place, _ []byte) bool { return at.node == node })
		}
	}
	for _, node := range modelNodes {
		for lane := range modelLanes {
			if r.IntN(3) > 0 {
				continue
			}
			in := checkpoint.Instance{Node: node, Lane: lane, Fresh: r.IntN(6) == 0}
			if in.Fresh {
				maps.DeleteFunc(next.blocks, func(at place, _ []byte) bool { return at.node == node && at.lane == lane })
			}
			for _, part := range modelParts {
				for block := range uint32(4) {
					at := place{node, lane, part, block}
					old, ok := next.blocks[at]
					var c state.Change
					switch what := r.IntN(5); {
					case what == 0 && ok:
						c = state.Change{Part: part, Block: block, Kind: state.Gone}
						delete(next.blocks, at)
					case what == 1 && ok:
						c, next.blocks[at] = patched(r, at, old)
					case what == 2:
						c, next.blocks[at] = put(r, at, r.IntN(3)*r.IntN(pages*pageBytes/2))
					default:
						continue
					}
					in.Changes = append(in.Changes, c)
				}
			}
			changes = append(changes, in)
		}
	}
	if large {
		in := checkpoint.Instance{Node: modelNodes[r.IntN(len(modelNodes))], Lane: modelLanes} // a lane of its own
		for block := range uint32(modelLarge / (pages * pageBytes)) {
			at := place{in.Node, in.Lane, "large", block}
			c, b := put(r, at, pages*pageBytes)
			next.blocks[at] = b
			in.Changes = append(in.Changes, c)
		}
		changes = append(changes, in)
	}
	r.Shuffle(len(changes), func(i, j int) { changes[i], changes[j] = changes[j], changes[i] })
	p = &checkpoint.Point{
		Epoch: r.Uint64N(1000), At: time.Unix(r.Int64N(1e9), 0).UTC(), Pipeline: "p", Finished: r.IntN(9) == 0,
		Nodes: map[string]checkpoint.Node{"a": {Lanes: modelLanes, Position: filled(r, r.IntN(20)), Counts: checkpoint.Counts{In: r.Uint64N(100)}}},
	}
	if len(p.Nodes["a"].Position) == 0 {
		p.Nodes["a"] = checkpoint.Node{Lanes: modelLanes}
	}
	next.point = p
	return next, p, changes, dropped
}

// differs says how what a store holds differs from what it should; "": it does not.
func (s stored) differs(store *checkpoint.Store) string {
	if d := cmp.Diff(s.point, store.Point()); d != "" {
		return "the point: " + d
	}
	found := 0
	for _, node := range modelNodes {
		for lane := range modelLanes + 1 {
			var last []byte
			problem := ""
			err := store.Blocks(node, lane, func(part string, block uint32, value []byte) error {
				found++
				key := binary.BigEndian.AppendUint32(append([]byte(part), 0), block)
				want, ok := s.blocks[place{node, lane, part, block}]
				switch {
				case last != nil && bytes.Compare(last, key) >= 0:
					problem = fmt.Sprintf("%s %d: block %d of %q comes too late", node, lane, block, part)
				case !ok:
					problem = fmt.Sprintf("%s %d: block %d of %q should not be there", node, lane, block, part)
				case len(value) == 0 || value[0] != 'w' || !bytes.Equal(value[1:], want):
					problem = fmt.Sprintf("%s %d: block %d of %q is another one, of %d bytes, and should have %d", node, lane, block, part, len(value)-1, len(want))
				}
				last = key
				return nil
			})
			if err != nil {
				return err.Error()
			}
			if problem != "" {
				return problem
			}
		}
	}
	if found != len(s.blocks) {
		return fmt.Sprintf("%d blocks are there, of %d", found, len(s.blocks))
	}
	return ""
}

// A store holds what a map would: under commits small and large, of blocks that are put, patched and gone, of instances that begin anew
// and nodes that are dropped, when it is closed and opened again, cleared, and when the machine fails between two commits or in the
// middle of one, which then counts or does not.
func TestAStoreHoldsWhatAMapWould(t *testing.T) {
	defer failpoint.Set(func(string) {})
	larges, crashes := 0, map[string]int{}
	rapid.Check(t, func(t *rapid.T) {
		disk := vfs.NewCrashableMem()
		want := stored{blocks: map[place][]byte{}}
		commits := uint64(0)
		open := func() *checkpoint.Store {
			s, err := checkpoint.Open(disk, "dir/ck")
			if err != nil {
				t.Fatal(err)
			}
			return s
		}
		s := open()
		holds := func(when string) {
			if d := want.differs(s); d != "" {
				t.Fatalf("%s: %s", when, d)
			}
		}
		random := func(t *rapid.T) *rand.Rand { return rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1)) }
		failed := func(r *rand.Rand) *vfs.MemFS {
			return disk.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: r.IntN(101), RNG: r})
		}
		commit := func(t *rapid.T, r *rand.Rand) {
			large := rapid.IntRange(0, 15).Draw(t, "large") == 15
			if large {
				larges++
			}
			next, p, changes, dropped := want.change(r, large)
			if err := s.Commit(p, changes, dropped); err != nil {
				t.Fatal(err)
			}
			if commits++; p.Commit != commits {
				t.Fatalf("commit %d has the number %d", commits, p.Commit)
			}
			want = next
		}
		t.Repeat(map[string]func(*rapid.T){
			"commit": func(t *rapid.T) {
				commit(t, random(t))
				holds("behind a commit")
			},
			"commit and fail": func(t *rapid.T) {
				r, before, done := random(t), want, commits
				steps := rapid.SampledFrom([][]string{{"store.tables"}, {"store.applied"}}).Draw(t, "step")
				var left *vfs.MemFS
				failpoint.Set(func(step string) {
					if left == nil && slices.Contains(steps, step) {
						left = failed(r)
						crashes[step]++
					}
				})
				commit(t, r)
				failpoint.Set(func(string) {})
				if left == nil { // a small commit has no tables
					return
				}
				_ = s.Close()
				disk = left
				s = open()
				if s.Point() == nil || s.Point().Commit != commits {
					if steps[0] == "store.applied" {
						t.Fatal("a commit that was applied is gone")
					}
					want, commits = before, done
				}
				holds("behind a failure in the middle of a commit")
			},
			"fail": func(t *rapid.T) {
				left := failed(random(t))
				_ = s.Close()
				disk = left
				s = open()
				holds("behind a failure")
			},
			"open again": func(t *rapid.T) {
				if err := s.Close(); err != nil {
					t.Fatal(err)
				}
				s = open()
				holds("opened again")
			},
			"clear": func(t *rapid.T) {
				if rapid.IntRange(0, 3).Draw(t, "rarely") > 0 {
					t.Skip()
				}
				if err := s.Clear(); err != nil {
					t.Fatal(err)
				}
				want, commits = stored{blocks: map[place][]byte{}}, 0
				holds("cleared")
			},
		})
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	})
	if larges == 0 || crashes["store.applied"] == 0 {
		t.Errorf("%d large commits, failures %v: the test tests too little", larges, crashes)
	}
}
