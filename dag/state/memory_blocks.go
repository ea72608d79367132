package state

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/bits"
	"slices"
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
	found := map[string]uint32{}
	m.stored, m.taken = map[string][]byte{}, map[string]bool{}
	err = blocks(func(name string, block uint32, value []byte) error {
		if name == ListPart {
			var err error
			if sizes, err = parseList(value); err != nil {
				return err
			}
			for name := range sizes { // they grow with their blocks: a damaged size asks for nothing
				m.stored[name] = nil
			}
			return nil
		}
		p, err := parsePatch(value)
		if err != nil || p.pages != allPages(p.size) {
			return fmt.Errorf("part %q, block %d: %w", name, block, errBlock)
		}
		size, ok := sizes[name]
		if !ok || block != found[name] || block >= blocksOf(size) || p.size != min(size-int(block)*blockBytes, blockBytes) {
			return fmt.Errorf("part %q, block %d: %w", name, block, errBlock)
		}
		m.stored[name] = append(m.stored[name], p.data...)
		found[name]++
		return nil
	})
	if err != nil {
		return nil, err
	}
	for name, size := range sizes {
		if found[name] != blocksOf(size) {
			return nil, fmt.Errorf("part %q: %d of %d blocks are there: %w", name, found[name], blocksOf(size), errBlock)
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
	m.adopt()
	m.stored, m.taken = nil, nil
	return left, nil
}

// adopt makes what is stored what was last saved.
func (m *Memory) adopt() {
	clear(m.parts)
	m.round++
	for name, data := range m.stored {
		m.values.clear()
		m.blocks = m.blocks[:0]
		m.note(name, data)
		m.parts[name].change = false
	}
	m.values, m.blocks = valueRoom{}, nil
}
