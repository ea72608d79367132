package state

import (
	"fmt"
	"math/bits"
	"slices"
	"strings"
	"unsafe"

	"github.com/zeebo/xxh3"
)

// Memory is what one instance of an operator remembers, for a checkpoint to write and a restart to read. The operator shows it
// part by part, by name, always the same way; whether the parts are written or read is none of its business.
//
// A part is a slice of plain values, kept as the bytes that it has in memory, cut into blocks of 64 pages. Save finds the pages
// that changed by their hashes (128 bits of XXH3, so that a change that is overlooked is out of the question): an operator need
// not say what it touched, and cannot forget to. So a save costs a look at all that is kept, at the speed of memory, and writes
// what changed. Of what lies on disk (see [Memory.Settle]) it looks only at what the system says was written to.
//
// It belongs to one operator instance, as its tables do.
type Memory struct {
	parts  map[string]*part
	round  uint64
	values valueRoom // of the changes of the last Save
	value  []byte    // one that is to go to disk
	away   bool      // it is
	blocks []Change  // the changes
	stored map[string][]byte
	taken  map[string]bool // of the stored ones
	err    error           // the first one of a load
	reads  bool

	spill   *Spill    // nil: all stays in memory
	settles bool      // the parts are not read or written, but moved to spill
	gathers *gathered // the parts are not read or written, but wanted whole
}

// part is what was saved of one part.
type part struct {
	size   int // in bytes
	pages  []xxh3.Uint128
	round  uint64
	change bool    // its size, since the last list was saved
	extent *extent // where it was when it was saved last
}

// The sizes of what a part is cut into.
const (
	pageBytes     = 512
	pagesPerBlock = 64
	blockBytes    = pageBytes * pagesPerBlock
)

// Change is a block of a part that changed. It is valid until the next Save.
type Change struct {
	Part  string
	Block uint32
	Kind  ChangeKind
	Value []byte // nil where the block is gone
}

// ChangeKind says what a change does to the block that is stored.
type ChangeKind uint8

// The kinds. Put replaces the block, Patch replaces pages of it (see [Overlay]), Gone removes it.
const (
	Put ChangeKind = iota
	Patch
	Gone
)

// ListPart is the name of the part that lists all others with their sizes.
const ListPart = ""

// NewMemory makes a memory of which nothing is saved.
func NewMemory() *Memory { return &Memory{parts: map[string]*part{}} }

// Save gives what changed since the last one: what show shows of it.
func (m *Memory) Save(show func(*Memory)) []Change {
	m.round++
	m.values.clear()
	m.blocks = m.blocks[:0]
	if m.spill != nil {
		m.spill.forget()
		m.spill.note()
		defer m.spill.noted()
	}
	show(m)
	listed := false
	for name, p := range m.parts {
		if p.round != m.round {
			m.gone(name, 0, blocksOf(p.size))
			delete(m.parts, name)
			listed = true
		}
		listed = listed || p.change
		p.change = false
	}
	if listed {
		m.blocks = append(m.blocks, Change{Part: ListPart, Kind: Put, Value: m.list(nil)})
	}
	return m.blocks
}

// Forget makes the next Save give everything.
func (m *Memory) Forget() { clear(m.parts) }

func blocksOf(size int) uint32 { return uint32((size + blockBytes - 1) / blockBytes) }

func (m *Memory) gone(name string, from, to uint32) {
	for b := from; b < to; b++ {
		m.blocks = append(m.blocks, Change{Part: name, Block: b, Kind: Gone})
	}
}

// note saves what changed of a part.
func (m *Memory) note(name string, data []byte) {
	p := m.parts[name]
	if p == nil {
		p = &part{change: true}
		m.parts[name] = p
	}
	if p.round == m.round {
		panic(fmt.Sprintf("state: part %q is shown twice", name))
	}
	p.round = m.round
	e, off := m.spill.within(data)
	there := e != nil && e == p.extent
	p.extent = e
	was := p.size
	if len(data) != was {
		p.change = true
		m.gone(name, blocksOf(len(data)), blocksOf(was))
		p.size = len(data)
	}
	pages := (len(data) + pageBytes - 1) / pageBytes
	known := min(len(p.pages), pages)
	p.pages = grow(p.pages[:known], pages)[:pages]
	for first := 0; first < pages; first += pagesPerBlock {
		at := first * pageBytes
		block := data[at:min(at+blockBytes, len(data))]
		resized := len(block) != min(was-at, blockBytes)
		if there && !resized && first+pagesPerBlock <= known && e.clean(off+int64(at), off+int64(at+len(block))) {
			continue
		}
		m.noteBlock(name, p, first, known, block, resized)
	}
}

// noteBlock saves the pages of a block that changed; those from the known one on are new. A block that was resized is saved also
// where it ends with a page.
func (m *Memory) noteBlock(name string, p *part, first, known int, block []byte, resized bool) {
	var changed uint64
	n := (len(block) + pageBytes - 1) / pageBytes
	for i := range n {
		page := block[i*pageBytes : min((i+1)*pageBytes, len(block))]
		h := xxh3.Hash128(page)
		if at := first + i; at >= known || p.pages[at] != h {
			p.pages[at] = h
			changed |= 1 << i
		}
	}
	if changed == 0 && !resized {
		return
	}
	c := Change{Part: name, Block: uint32(first / pagesPerBlock), Kind: Put}
	if pages := bits.OnesCount64(changed); pages == n {
		c.Value = append(append(m.room(1+len(block)), wholeBlock), block...)
	} else {
		c.Kind = Patch
		c.Value = appendPatchHead(m.room(patchHead+pages*pageBytes), len(block), changed)
		for left := changed; left != 0; left &= left - 1 {
			i := bits.TrailingZeros64(left)
			c.Value = append(c.Value, block[i*pageBytes:min((i+1)*pageBytes, len(block))]...)
		}
	}
	m.blocks = append(m.blocks, m.keeps(c))
}

// room gives an empty slice for a value of at most n bytes. Where the values of one save would take much of the memory that state may
// take, more of them go to disk.
func (m *Memory) room(n int) []byte {
	if m.away = m.spill != nil && m.values.size+int64(n) > m.spill.kept/4; !m.away {
		return m.values.take(n)
	}
	if m.value == nil {
		m.value = make([]byte, 0, 1+patchHead+blockBytes)
	}
	return m.value[:0]
}

// keeps gives a change whose value lies where it can stay until the next save. A disk that does not take it is told by the commit,
// or by the next Keep.
func (m *Memory) keeps(c Change) Change {
	if !m.away {
		return c
	}
	v, err := m.spill.set(c.Value)
	if err != nil {
		v = append(m.values.take(len(c.Value)), c.Value...)
	}
	c.Value = v
	return c
}

// slice shows a slice of plain values. One that is not stored stays as it is.
func slice[T any](m *Memory, name string, s *[]T) { showSlice(m, name, s, false) }

// fixed is slice for one that never grows beyond its capacity.
func fixed[T any](m *Memory, name string, s *[]T) { showSlice(m, name, s, true) }

func showSlice[T any](m *Memory, name string, s *[]T, fixed bool) {
	if m.settles {
		if err := settle(m.spill, s, fixed, m.spill.smallest); err != nil {
			m.fail(err)
		}
		return
	}
	var one T
	size := int(unsafe.Sizeof(one))
	if !m.reads {
		var data []byte
		if len(*s) > 0 {
			data = unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(*s))), len(*s)*size)
		}
		m.note(name, data)
		return
	}
	data, ok := m.take(name)
	if !ok {
		return
	}
	if len(data)%size != 0 {
		m.fail(fmt.Errorf("part %s: %d bytes do not divide by %d", name, len(data), size))
		return
	}
	if e, _ := m.spill.within(data); e != nil { // it is where it stays
		*s = unsafe.Slice((*T)(unsafe.Pointer(unsafe.SliceData(data))), len(data)/size)
		return
	}
	*s = make([]T, len(data)/size)
	if len(data) > 0 {
		copy(unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(*s))), len(data)), data)
	}
}

// Ints shows single numbers, which stay as they are where they are not stored.
func (m *Memory) Ints(name string, numbers ...*int64) {
	if g := m.gathers; g != nil {
		g.ints = append(g.ints, named[[]*int64]{name, numbers})
		return
	}
	if m.settles {
		return
	}
	all := make([]int64, len(numbers))
	for i, n := range numbers {
		all[i] = *n
	}
	slice(m, name, &all)
	if len(all) != len(numbers) {
		m.fail(fmt.Errorf("part %s: %d numbers where %d are expected", name, len(all), len(numbers)))
		return
	}
	for i, n := range numbers {
		*n = all[i]
	}
}

// Bool shows a single truth value.
func (m *Memory) Bool(name string, b *bool) {
	if g := m.gathers; g != nil {
		g.bools = append(g.bools, b)
		return
	}
	n := b2i(*b)
	m.Ints(name, &n)
	*b = n != 0
}

// Blob shows what is no slice: encode appends it, decode takes what was encoded, and may keep none of it.
func (m *Memory) Blob(name string, encode func(dst []byte) []byte, decode func(data []byte) error) {
	if g := m.gathers; g != nil {
		g.err = fmt.Errorf("state: part %s cannot be shared out to lanes", name)
		return
	}
	if m.settles {
		return
	}
	if !m.reads {
		m.note(name, encode(nil))
		return
	}
	if data, ok := m.take(name); ok {
		if err := decode(data); err != nil {
			m.fail(fmt.Errorf("part %s: %w", name, err))
		}
	}
}

// Reads reports whether the parts are being read, so that what follows from them can be made again.
func (m *Memory) Reads() bool { return m.reads }

func (m *Memory) fail(err error) {
	if m.err == nil {
		m.err = err
	}
}

// Use says where what is large is to lie that Load reads, and that Settle moves.
func (m *Memory) Use(s *Spill) { m.spill = s }

// Settle moves what show shows that is large to the [Spill], so that it stays in memory only as far as [Spill.Keep] leaves it there.
// After an error nothing more can be done with what was shown than to close it.
func (m *Memory) Settle(show func(*Memory)) error {
	for _, e := range m.spill.extents {
		e.seen = false
	}
	m.settles, m.err = true, nil
	show(m)
	m.settles = false
	for _, p := range m.parts {
		if err := settle(m.spill, &p.pages, false, osPage); err != nil { // there are many small ones
			m.fail(err)
		} else if e := m.spill.of(unsafe.Pointer(unsafe.SliceData(p.pages))); e != nil {
			e.beside = true
		}
	}
	if m.err != nil {
		return m.err // what was not seen may be in use
	}
	return m.spill.sweep()
}

func (m *Memory) take(name string) ([]byte, bool) {
	data, ok := m.stored[name]
	m.taken[name] = true
	return data, ok
}

// names are the stored parts whose names begin so, in order.
func (m *Memory) names(prefix string) []string {
	var found []string
	for name := range m.stored {
		if strings.HasPrefix(name, prefix) {
			found = append(found, name)
		}
	}
	slices.Sort(found)
	return found
}
