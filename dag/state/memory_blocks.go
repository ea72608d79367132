package state

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/bits"
	"slices"

	"github.com/zeebo/xxh3"
)

// A stored block begins with a byte that says what it is. A whole one has its bytes behind that. A patch has the length of the
// block, the set of the pages it has, a bit each, and those pages in order, each of which is 512 bytes long, but for one that
// ends the block.
const (
	wholeBlock byte = 'w'
	patchBlock byte = 'p'
	patchHead       = 1 + 4 + 8
)

func appendPatchHead(b []byte, size int, pages uint64) []byte {
	b = binary.LittleEndian.AppendUint32(append(b, patchBlock), uint32(size))
	return binary.LittleEndian.AppendUint64(b, pages)
}

// patch is a stored block, whole or not.
type patch struct {
	size  int
	pages uint64
	data  []byte // of the pages that it has, in order
}

var errBlock = errors.New("state: a stored block is damaged")

func allPages(size int) uint64 {
	return 1<<((size+pageBytes-1)/pageBytes) - 1 // all ones for 64: the shift gives 0
}

func parsePatch(b []byte) (patch, error) {
	switch {
	case len(b) == 0 || len(b) > patchHead+blockBytes:
		return patch{}, errBlock
	case b[0] == wholeBlock:
		return patch{len(b) - 1, allPages(len(b) - 1), b[1:]}, nil
	case b[0] != patchBlock || len(b) < patchHead:
		return patch{}, errBlock
	}
	p := patch{int(binary.LittleEndian.Uint32(b[1:])), binary.LittleEndian.Uint64(b[5:]), b[patchHead:]}
	if p.size > blockBytes || p.pages&^allPages(p.size) != 0 {
		return patch{}, errBlock
	}
	want := bits.OnesCount64(p.pages) * pageBytes
	if last := p.size % pageBytes; last > 0 && p.pages>>(p.size/pageBytes) == 1 {
		want -= pageBytes - last
	}
	if len(p.data) != want {
		return patch{}, errBlock
	}
	return p, nil
}

// Overlay gives what is stored of a block behind a newer change of it: the pages of the newer one, and of the older one those
// that the newer one has not and that are still inside it. Neither is kept or changed. It is associative, so stored changes can
// be put together in any order that keeps theirs.
func Overlay(older, newer []byte) ([]byte, error) {
	o, err := parsePatch(older)
	if err != nil {
		return nil, err
	}
	n, err := parsePatch(newer)
	if err != nil {
		return nil, err
	}
	pages := n.pages | o.pages&allPages(n.size)
	out := make([]byte, 0, patchHead+n.size)
	if pages == allPages(n.size) {
		out = append(out, wholeBlock)
	} else {
		out = appendPatchHead(out, n.size, pages)
	}
	for left := pages; left != 0; left &= left - 1 {
		i := bits.TrailingZeros64(left)
		end := min(n.size-i*pageBytes, pageBytes)
		page := n.page(i)
		if page == nil {
			page = o.page(i)
		}
		if len(page) < end { // the block became longer, and the page did not change but for that
			return nil, errBlock
		}
		out = append(out, page[:end]...)
	}
	return out, nil
}

// page gives a page, nil where the patch does not have it.
func (p patch) page(i int) []byte {
	if p.pages&(1<<i) == 0 {
		return nil
	}
	from := bits.OnesCount64(p.pages&(1<<i-1)) * pageBytes
	return p.data[from:min(from+pageBytes, len(p.data))]
}

// listVersion is the version of the format of a list, and with it of all that is stored of an operator.
const listVersion = 1

// list encodes the names and sizes of all parts.
func (m *Memory) list(b []byte) []byte {
	names := make([]string, 0, len(m.parts))
	for name := range m.parts {
		names = append(names, name)
	}
	slices.Sort(names)
	b = binary.AppendUvarint(append(b, listVersion), uint64(len(names)))
	for _, name := range names {
		b = append(binary.AppendUvarint(b, uint64(len(name))), name...)
		b = binary.AppendUvarint(b, uint64(m.parts[name].size))
	}
	return b
}

// parseList gives the sizes of the parts of a list by name.
func parseList(b []byte) (map[string]int, error) {
	if len(b) == 0 {
		return nil, errors.New("state: the list of parts is empty")
	}
	if b[0] != listVersion {
		return nil, fmt.Errorf("state: it was written in version %d of the format, and this program reads version %d", b[0], listVersion)
	}
	b = b[1:]
	next := func() int {
		n, size := binary.Uvarint(b)
		if size <= 0 || n > 1<<40 {
			b = nil
			return -1
		}
		b = b[size:]
		return int(n)
	}
	sizes := map[string]int{}
	parts := next()
	if parts < 0 {
		return nil, errBlock
	}
	for range parts {
		n := next()
		if n < 0 || n > len(b) {
			return nil, errBlock
		}
		name := string(b[:n])
		b = b[n:]
		if n = next(); n < 0 {
			return nil, errBlock
		}
		sizes[name] = n
	}
	if len(b) != 0 {
		return nil, errBlock
	}
	return sizes, nil
}

// Load shows the parts that are stored: show, which shows what Save would, takes them. blocks gives the stored blocks, [ListPart]
// first, and those of a part in order; it may use their memory again. Parts that are stored and not taken are named in left.
func (m *Memory) Load(blocks func(yield func(part string, block uint32, value []byte) error) error, show func(*Memory)) (left []string, err error) {
	var sizes map[string]int
	m.stored, m.taken = map[string][]byte{}, map[string]bool{}
	clear(m.parts)
	defer func() {
		m.stored, m.taken = nil, nil
		if err != nil {
			clear(m.parts)
		}
	}()
	err = blocks(func(name string, block uint32, value []byte) error {
		if name == ListPart {
			var err error
			if sizes, err = parseList(value); err != nil {
				return err
			}
			for name := range sizes { // they grow with their blocks: a damaged size asks for nothing
				m.stored[name], m.parts[name] = nil, &part{}
			}
			return nil
		}
		v, err := parsePatch(value)
		if err != nil || v.pages != allPages(v.size) {
			return fmt.Errorf("part %q, block %d: %w", name, block, errBlock)
		}
		size, p := sizes[name], m.parts[name]
		if p == nil || uint32(p.size/blockBytes) != block || p.size%blockBytes != 0 || block >= blocksOf(size) || v.size != min(size-p.size, blockBytes) {
			return fmt.Errorf("part %q, block %d: %w", name, block, errBlock)
		}
		return m.keep(name, p, v.data, size)
	})
	if err != nil {
		return nil, err
	}
	for name, size := range sizes {
		if p := m.parts[name]; p.size != size {
			return nil, fmt.Errorf("part %q: %d of %d bytes are there: %w", name, p.size, size, errBlock)
		}
	}
	m.reads, m.err = true, nil
	show(m)
	m.reads = false
	if m.err != nil {
		return nil, m.err
	}
	for name := range m.stored {
		if !m.taken[name] {
			left = append(left, name)
		}
	}
	slices.Sort(left)
	if m.spill != nil {
		err = m.Settle(show) // which gives what was read room to grow
	}
	return left, err
}

// keep puts a block behind those of its part that were read, as what was last saved. A part that will be large goes to where it
// is to lie.
func (m *Memory) keep(name string, p *part, block []byte, size int) error {
	for at := 0; at < len(block); at += pageBytes {
		p.pages = append(p.pages, xxh3.Hash128(block[at:min(at+pageBytes, len(block))]))
	}
	if m.spill == nil || int64(size) < m.spill.smallest {
		m.stored[name] = append(m.stored[name], block...)
		p.size += len(block)
		return nil
	}
	if p.extent == nil {
		var err error
		if p.extent, err = m.spill.take(int64(size), 2*int64(size)); err != nil {
			return err
		}
		clear(p.extent.dirty)
	}
	at := p.extent.at
	if err := m.spill.area.write(at+int64(p.size), block); err != nil {
		return err
	}
	p.size += len(block)
	m.stored[name] = m.spill.area.bytes(at, int64(p.size))
	return nil
}
