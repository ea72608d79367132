//go:build linux

package state

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"pgregory.net/rapid"

	"flowrun/dag/schema"
)

// keeper is a table with a column of every kind, as operators have them.
type keeper struct {
	table     *Table
	counts    Fixed[int64]
	texts     *Values
	lists     *Lists
	sets      *Set
	sizes     Fixed[int64]
	estimates Estimates
	quantiles Quantiles
	timers    *Timers
}

func newKeeper(t tb) *keeper {
	k := &keeper{timers: NewTimers(100)}
	var err [4]error
	k.table, err[0] = NewTable(schema.String)
	k.texts, err[1] = NewValues(schema.String)
	k.lists, err[2] = NewLists(schema.String)
	k.sets, err[3] = NewSet(schema.Int)
	for _, err := range err {
		if err != nil {
			t.Fatal(err)
		}
	}
	for name, c := range map[string]Column{"counts": &k.counts, "texts": k.texts, "lists": k.lists, "sets": k.sets, "sizes": &k.sizes,
		"estimates": &k.estimates, "quantiles": &k.quantiles} {
		k.table.Attach(name, c)
	}
	k.timers.Of(k.table)
	return k
}

func (k *keeper) Remember(m *Memory) {
	k.table.Remember(m, "table")
	k.timers.Remember(m, "timers")
}

type tb interface {
	Fatal(args ...any)
	Fatalf(format string, args ...any)
}

// add takes numbers in, each of which has a key, a text and a value of its own.
func (k *keeper) add(t tb, numbers []int64) {
	mem := memory.NewGoAllocator()
	text, value := array.NewStringBuilder(mem), array.NewInt64Builder(mem)
	for _, n := range numbers {
		text.Append(strings.Repeat(string(rune('a'+n%26)), int(n%40)) + string(rune('A'+n%50)))
		value.Append(n)
	}
	var keys, values Vector
	keys.LoadKeys(text.NewStringArray(), nil)
	values.LoadKeys(value.NewInt64Array(), nil)
	slots, err := k.table.Slots([]*Vector{&keys}, len(numbers), nil)
	if err != nil {
		t.Fatal(err)
	}
	for i, s := range slots {
		k.counts.V[s] += numbers[i]
		k.texts.Set(s, &keys, i)
		k.timers.Set(numbers[i], s)
		k.quantiles.add(s, uint64(1+numbers[i]%20), 1)
	}
	k.estimates.Add(slots, &values)
	if err := k.lists.Append(slots, &keys); err != nil {
		t.Fatal(err)
	}
	if err := k.sets.Add(slots, &values, k.sizes.V); err != nil {
		t.Fatal(err)
	}
}

// drop forgets every third key.
func (k *keeper) drop() {
	all := k.table.All(nil)
	k.table.Remove(slices.DeleteFunc(all, func(s int32) bool { return s%3 != 0 }))
}

func sameChanges(t tb, got, want []Change) {
	byName := func(a, b Change) int {
		return strings.Compare(a.Part+"\x00"+string(rune(a.Block)), b.Part+"\x00"+string(rune(b.Block)))
	}
	got, want = slices.SortedFunc(slices.Values(got), byName), slices.SortedFunc(slices.Values(want), byName)
	if !slices.EqualFunc(got, want, func(a, b Change) bool {
		return a.Part == b.Part && a.Block == b.Block && a.Kind == b.Kind && bytes.Equal(a.Value, b.Value)
	}) {
		t.Fatalf("%d blocks changed where all is in memory, %d where it is on disk, or they are not the same", len(want), len(got))
	}
}

// Whatever lies on disk, whenever it was moved there and let go of, and wherever it was read again: what is kept, and what changes
// of it are saved, is what it is in memory.
func TestSpilledIsAsInMemory(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		inMemory, onDisk := newKeeper(r), newKeeper(r)
		m, d := NewMemory(), NewMemory()
		spill := newSpill(r, rapid.SampledFrom([]int64{1, 200, 5000}).Draw(r, "smallest"))
		defer func() { closeSpill(r, spill) }()
		d.Use(spill)
		stored := disk{}
		for range rapid.IntRange(1, 12).Draw(r, "steps") {
			switch rapid.IntRange(0, 5).Draw(r, "step") {
			case 0, 1:
				numbers := rapid.SliceOfN(rapid.Int64Range(0, 5000), 1, 300).Draw(r, "numbers")
				inMemory.add(r, numbers)
				onDisk.add(r, numbers)
			case 2:
				inMemory.drop()
				onDisk.drop()
			case 3:
				if err := d.Settle(onDisk.Remember); err != nil {
					r.Fatal(err)
				}
				// With none the index leaves memory as well.
				if err := spill.Keep(rapid.SampledFrom([]int64{0, 16 << 10, 1 << 20}).Draw(r, "resident")); err != nil {
					r.Fatal(err)
				}
			case 4:
				changes := d.Save(onDisk.Remember)
				sameChanges(r, changes, m.Save(inMemory.Remember))
				if err := stored.apply(changes); err != nil {
					r.Fatal(err)
				}
			case 5:
				if err := stored.apply(d.Save(onDisk.Remember)); err != nil {
					r.Fatal(err)
				}
				m.Save(inMemory.Remember)
				closeSpill(r, spill)
				spill = newSpill(r, 100)
				onDisk, d = newKeeper(r), NewMemory()
				d.Use(spill)
				if left, err := d.Load(stored.blocks, onDisk.Remember); err != nil || len(left) > 0 {
					r.Fatal(left, err)
				}
				// The order in which timers were read is its own.
				inMemory, m = newKeeper(r), NewMemory()
				if left, err := m.Load(stored.blocks, inMemory.Remember); err != nil || len(left) > 0 {
					r.Fatal(left, err)
				}
			}
		}
		sameChanges(r, d.Save(onDisk.Remember), m.Save(inMemory.Remember))
		d.Forget()
		m.Forget()
		sameChanges(r, d.Save(onDisk.Remember), m.Save(inMemory.Remember))
	})
}

// However a slice of many blocks is written to, grows, is moved and let go of between saves, they find each change of it.
func TestSavesOfWhatLiesOnDisk(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		spill := newSpill(r, 1)
		defer closeSpill(r, spill)
		inMemory, onDisk := make([]uint64, 40_000), make([]uint64, 40_000)
		m, d := NewMemory(), NewMemory()
		d.Use(spill)
		of := func(words *[]uint64) func(*Memory) { return func(m *Memory) { slice(m, "words", words) } }
		for range rapid.IntRange(1, 20).Draw(r, "steps") {
			switch rapid.IntRange(0, 5).Draw(r, "step") {
			case 0, 1:
				at := rapid.IntRange(0, len(onDisk)-1).Draw(r, "at")
				inMemory[at]++
				onDisk[at]++
			case 2:
				n := len(onDisk) + rapid.IntRange(0, 20_000).Draw(r, "more")
				inMemory, onDisk = grow(inMemory, n), grow(onDisk, n)
			case 3:
				if err := d.Settle(of(&onDisk)); err != nil {
					r.Fatal(err)
				}
			case 4:
				if err := spill.Keep(0); err != nil {
					r.Fatal(err)
				}
			case 5:
				sameChanges(r, d.Save(of(&onDisk)), m.Save(of(&inMemory)))
			}
		}
		sameChanges(r, d.Save(of(&onDisk)), m.Save(of(&inMemory)))
	})
}

// A save does not look at blocks that nobody wrote to: one that changes behind the back of the system stays as it was saved.
func TestSaveLooksOnlyAtWhatWasWritten(t *testing.T) {
	spill := newSpill(t, 1)
	defer closeSpill(t, spill)
	m := NewMemory()
	m.Use(spill)
	words := make([]uint64, 40_000)
	show := func(m *Memory) { slice(m, "words", &words) }
	if err := m.Settle(show); err != nil {
		t.Fatal(err)
	}
	m.Save(show)
	if err := spill.Keep(0); err != nil {
		t.Fatal(err)
	}
	if err := spill.area.write(spill.extents[0].at+8*20_000, []byte{9}); err != nil {
		t.Fatal(err)
	}
	words[10_000]++
	if changes := m.Save(show); words[20_000] != 9 || len(changes) != 1 || changes[0].Block != 8*10_000/blockBytes {
		t.Fatalf("a word is %d, and %d blocks are saved", words[20_000], len(changes))
	}
}

func newSpill(t tb, smallest int64) *Spill {
	s, err := NewSpill("", smallest)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func closeSpill(t tb, s *Spill) {
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

// inMemory counts the bytes that are in memory.
func (s *Spill) inMemory(t tb) (n int64) {
	for _, e := range s.extents {
		if err := s.area.scan(e.at, e.used, func(from, to int64, _ bool) error { n += to - from; return nil }); err != nil {
			t.Fatal(err)
		}
	}
	return n
}

// A table that is many times as large as what may stay in memory keeps no more there, and finds all its keys.
func TestSpillKeepsLittleInMemory(t *testing.T) {
	const keys, resident, some = 1 << 18, 1 << 20, 1 << 13
	table, err := NewTable(schema.Int)
	if err != nil {
		t.Fatal(err)
	}
	var sums Fixed[int64]
	table.Attach("sums", &sums)
	spill := newSpill(t, 0)
	defer closeSpill(t, spill)
	m := NewMemory()
	m.Use(spill)
	show := func(m *Memory) { table.Remember(m, "t") }
	var v Vector
	var slots []int32
	most := int64(0)
	for range 2 {
		for from := 0; from < keys; from += some {
			words := v.Fill(some)
			for i := range words {
				words[i] = uint64(from+i) * 0x9E3779B97F4A7C15
			}
			if slots, err = table.Slots([]*Vector{&v}, some, slots); err != nil {
				t.Fatal(err)
			}
			for i, s := range slots {
				sums.V[s] += int64(from + i)
			}
			if err := m.Settle(show); err != nil {
				t.Fatal(err)
			}
			if err := spill.Keep(resident); err != nil {
				t.Fatal(err)
			}
			if from%(keys/8) == 0 {
				most = max(most, spill.inMemory(t))
			}
		}
	}
	if table.Len() != keys {
		t.Fatalf("%d keys, want %d", table.Len(), keys)
	}
	for s, sum := range sums.V {
		if sum != 2*int64(s) {
			t.Fatalf("the sum of key %d is %d", s, sum)
		}
	}
	if kept := table.Bytes(); kept < 8*resident || most > 2*resident {
		t.Errorf("of %d bytes %d were in memory, where %d may be", kept, most, resident)
	}
	m.Save(show) // what is known of the pages is moved as well, and is no state
	if err := m.Settle(show); err != nil {
		t.Fatal(err)
	}
	if heap := table.Bytes() - spill.Bytes(); heap > 1<<20 || heap < 0 {
		t.Errorf("%d bytes of the table do not lie on disk", heap)
	}
}

// What is given back takes no room, and is zero when it serves again.
func TestSpillGivesBack(t *testing.T) {
	spill := newSpill(t, 1)
	defer closeSpill(t, spill)
	m := NewMemory()
	m.Use(spill)
	var words []uint64
	show := func(m *Memory) { slice(m, "words", &words) }
	for round := range 3 {
		words = grow(words, 100_000)
		for i, w := range words {
			if w != 0 {
				t.Fatalf("round %d: word %d is %d", round, i, w)
			}
			words[i] = 7
		}
		if err := m.Settle(show); err != nil {
			t.Fatal(err)
		}
		words[50_000]++
		if err := spill.Keep(0); err != nil {
			t.Fatal(err)
		}
		if words[50_000] != 8 || words[99_999] != 7 {
			t.Fatal("what was let go of is not what was written")
		}
		words = words[:0]
		if err := m.Settle(show); err != nil {
			t.Fatal(err)
		}
		if len(spill.extents) > 0 {
			t.Fatal("an empty slice keeps its place")
		}
	}
	if spill.next > 8<<20 {
		t.Errorf("three rounds used %d bytes of addresses", spill.next)
	}
}

// A disk that takes nothing is told, by what moves state there and by what lets go of it, and nothing is lost in memory.
func TestSpillOnAFullDisk(t *testing.T) {
	spill := newSpill(t, 1)
	m := NewMemory()
	m.Use(spill)
	words := slices.Repeat([]uint64{3}, 10_000)
	show := func(m *Memory) { slice(m, "words", &words) }
	if err := m.Settle(show); err != nil {
		t.Fatal(err)
	}
	words[0] = 4
	if err := errors.Join(spill.Keep(0), spill.Failed()); err != nil {
		t.Fatal(err)
	}
	words[0] = 4
	if err := spill.area.file.Close(); err != nil { // it takes nothing any more
		t.Fatal(err)
	}
	if err := spill.Failed(); err == nil {
		t.Error("nobody asked whether the disk has what was written")
	}
	spill.err = nil
	if err := spill.Keep(0); err == nil {
		t.Error("memory was let go of that could not be written")
	}
	if words[0] != 4 || words[9_999] != 3 {
		t.Error("it is not there any more")
	}
	words = append(slices.Clone(words), 5)
	if err := m.Settle(show); err == nil {
		t.Error("state was moved to where it could not be written")
	}
	if words[0] != 4 || words[10_000] != 5 {
		t.Error("it is not there any more")
	}
	spill.area.file = nil
	closeSpill(t, spill)
}

// Many operators in many lanes have room on disk in one process, each as long as it runs.
func TestManySpills(t *testing.T) {
	before := reserved.Load()
	var spills []*Spill
	for range 150 {
		spills = append(spills, newSpill(t, 1))
	}
	if first := spills[0].area.size; first < 1<<40 {
		t.Errorf("the first has room for %d bytes", first)
	}
	for _, s := range spills {
		closeSpill(t, s)
	}
	if now := reserved.Load(); now != before {
		t.Errorf("%d bytes of addresses were not given back", now-before)
	}
}

// A damaged list of parts asks for no more than addresses.
func TestSpillOfADamagedSize(t *testing.T) {
	spill := newSpill(t, 1)
	defer closeSpill(t, spill)
	m := NewMemory()
	m.parts = map[string]*part{"words": {size: 1 << 39}}
	list := m.list(nil)
	m = NewMemory()
	m.Use(spill)
	_, err := m.Load(func(each func(string, uint32, []byte) error) error {
		if err := each(ListPart, 0, append([]byte{}, list...)); err != nil {
			return err
		}
		return each("words", 0, append([]byte{wholeBlock}, make([]byte, blockBytes)...))
	}, func(m *Memory) {})
	if err == nil {
		t.Error("a part of which nearly everything is missing was read")
	}
}
