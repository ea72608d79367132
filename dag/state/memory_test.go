package state

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// disk is what was stored, block by block, as a checkpoint does it.
type disk map[diskBlock][]byte

type diskBlock struct {
	part  string
	block uint32
}

func (d disk) apply(changes []Change) error {
	for _, c := range changes {
		key := diskBlock{c.Part, c.Block}
		switch c.Kind {
		case Put:
			d[key] = bytes.Clone(c.Value)
		case Gone:
			delete(d, key)
		case Patch:
			whole, err := Overlay(d[key], c.Value)
			if err != nil {
				return fmt.Errorf("%q %d: %w", c.Part, c.Block, err)
			}
			d[key] = whole
		}
	}
	return nil
}

func (d disk) blocks(each func(part string, block uint32, value []byte) error) error {
	for _, k := range slices.SortedFunc(maps.Keys(d), func(a, b diskBlock) int {
		return cmp.Or(cmp.Compare(a.part, b.part), cmp.Compare(a.block, b.block))
	}) {
		if err := each(k.part, k.block, d[k]); err != nil {
			return err
		}
	}
	return nil
}

// However slices grow, shrink, change, come and go between saves, what was saved is what is read, and a save without a change
// in between saves nothing.
func TestMemory(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		held := map[string][]byte{}
		var numbers [2]int64
		show := func(m *Memory) {
			if m.Reads() {
				clear(held)
				for _, name := range m.names("x") {
					var b []byte
					slice(m, name, &b)
					held[name] = b
				}
			} else {
				for name, b := range held {
					slice(m, name, &b)
				}
			}
			m.Ints("numbers", &numbers[0], &numbers[1])
		}
		m, stored := NewMemory(), disk{}
		for range rapid.IntRange(1, 8).Draw(r, "saves") {
			for range rapid.IntRange(0, 4).Draw(r, "changes") {
				name := rapid.SampledFrom([]string{"x", "x/a", "x/b"}).Draw(r, "part")
				numbers[1]++
				switch rapid.IntRange(0, 3).Draw(r, "what") {
				case 0:
					delete(held, name)
				case 1: // sizes about those of pages and blocks
					size := rapid.SampledFrom([]int{0, 1, 511, 512, 513, 3 * 512, 32767, 32768, 32769, 33280, 70000}).Draw(r, "size")
					b := make([]byte, size)
					copy(b, held[name])
					held[name] = b
				default:
					if b := held[name]; len(b) > 0 {
						b[rapid.IntRange(0, len(b)-1).Draw(r, "at")]++
					}
				}
			}
			if err := stored.apply(m.Save(show)); err != nil {
				r.Fatal(err)
			}
			if again := m.Save(show); len(again) > 0 {
				r.Fatalf("%d blocks changed though nothing did", len(again))
			}
			want, wantNumbers := map[string][]byte{}, numbers
			for name, b := range held {
				want[name] = bytes.Clone(b)
			}
			read := m
			if rapid.Bool().Draw(r, "restart") {
				read = NewMemory()
			}
			left, err := read.Load(stored.blocks, show)
			if err != nil || len(left) > 0 {
				r.Fatal(err, left)
			}
			if m = read; !maps.EqualFunc(want, held, bytes.Equal) || numbers != wantNumbers {
				r.Fatalf("read %v, want %v", held, want)
			}
		}
	})
}

// A save writes what changed, a page at a time.
func TestMemorySavesWhatChanged(t *testing.T) {
	words := make([]uint64, 100_000)
	m := NewMemory()
	show := func(m *Memory) { slice(m, "words", &words) }
	m.Save(show)
	words[70_000]++
	changes := m.Save(show)
	if len(changes) != 1 || changes[0].Kind != Patch || len(changes[0].Value) > pageBytes+patchHead {
		t.Errorf("one word changed, and %d blocks are saved, the first with %d bytes", len(changes), len(changes[0].Value))
	}
}

// Parts that are no longer asked for are named, and their blocks go with the next save; those that were never stored stay as they are.
func TestMemoryOfAnotherShape(t *testing.T) {
	a, b := []int64{1, 2}, []int64{3}
	m, stored := NewMemory(), disk{}
	if err := stored.apply(m.Save(func(m *Memory) { slice(m, "a", &a); slice(m, "b", &b) })); err != nil {
		t.Fatal(err)
	}
	c := []int64{7}
	show := func(m *Memory) { slice(m, "a", &a); slice(m, "c", &c) }
	m = NewMemory()
	left, err := m.Load(stored.blocks, show)
	if err != nil || !slices.Equal(left, []string{"b"}) || c[0] != 7 {
		t.Fatalf("left %v, %v; c is %v", left, err, c)
	}
	if err := stored.apply(m.Save(show)); err != nil {
		t.Fatal(err)
	}
	for k := range stored {
		if k.part == "b" {
			t.Error("what nobody asks for is still stored")
		}
	}
}

// What is missing, cut or of another length than the list says is an error, not data.
func TestMemoryDamaged(t *testing.T) {
	words := make([]uint64, 10_000)
	for i := range words {
		words[i] = uint64(i)
	}
	show := func(m *Memory) { slice(m, "words", &words) }
	whole := disk{}
	if err := whole.apply(NewMemory().Save(show)); err != nil {
		t.Fatal(err)
	}
	for key, value := range whole {
		for what, with := range map[string]func(d disk){
			"gone":    func(d disk) { delete(d, key) },
			"empty":   func(d disk) { d[key] = nil },
			"cut":     func(d disk) { d[key] = value[:len(value)-1] },
			"longer":  func(d disk) { d[key] = append(bytes.Clone(value), 0) },
			"unknown": func(d disk) { d[key] = append([]byte{'?'}, value[1:]...) },
		} {
			if key.part == ListPart && what == "gone" {
				continue // of a memory of which nothing was ever saved there is none either
			}
			d := maps.Clone(whole)
			with(d)
			if _, err := NewMemory().Load(d.blocks, show); err == nil {
				t.Errorf("block %d of %q %s: read without an error", key.block, key.part, what)
			} else if key.part != ListPart && !errors.Is(err, errBlock) {
				t.Errorf("block %d of %q %s: %v", key.block, key.part, what, err)
			}
		}
	}
}

// Changes of a block can be put together in any order that keeps theirs.
func TestOverlay(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		data := make([]byte, rapid.IntRange(1, blockBytes).Draw(r, "size"))
		m := NewMemory()
		var all [][]byte
		show := func(m *Memory) { slice(m, "x", &data) }
		for range rapid.IntRange(2, 6).Draw(r, "changes") {
			for range rapid.IntRange(1, 3).Draw(r, "bytes") {
				data[rapid.IntRange(0, len(data)-1).Draw(r, "at")]++
			}
			if rapid.Bool().Draw(r, "resize") {
				data = append(make([]byte, 0, blockBytes), data...)[:rapid.IntRange(1, blockBytes).Draw(r, "size")]
			}
			for _, c := range m.Save(show) {
				if c.Part == "x" {
					all = append(all, bytes.Clone(c.Value))
				}
			}
		}
		for len(all) > 1 {
			i := rapid.IntRange(0, len(all)-2).Draw(r, "put together")
			both, err := Overlay(all[i], all[i+1])
			if err != nil {
				r.Fatal(err)
			}
			all = append(all[:i], append([][]byte{both}, all[i+2:]...)...)
		}
		if p, err := parsePatch(all[0]); err != nil || !bytes.Equal(p.data, data) {
			r.Fatalf("%v: put together they are not what the block is", err)
		}
	})
}

// FuzzOverlay: no bytes that a store could give make it panic, or give what cannot be read again.
func FuzzOverlay(f *testing.F) {
	f.Add([]byte{wholeBlock, 1, 2, 3}, appendPatchHead(nil, 2, 0))
	f.Fuzz(func(t *testing.T, older, newer []byte) {
		whole, err := Overlay(older, newer)
		if err != nil {
			return
		}
		if _, err := parsePatch(whole); err != nil {
			t.Errorf("overlay gave what is no block: %v", err)
		}
	})
}
