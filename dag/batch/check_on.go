//go:build flowrundebug

package batch

import (
	"cmp"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"unsafe"
)

// Checked says that this program was built with the tag flowrundebug; see the other build for what that means.
const Checked = true

// What memory that means nothing is filled with.
const (
	fillFresh = 0xcd // not written yet
	fillFreed = 0xdb // not to be used any more
)

// checker watches the buffers of one pool.
type checker struct {
	mu     sync.Mutex
	live   map[*byte]*origin
	number uint64
}

// origin is where a buffer comes from.
type origin struct {
	whole     []byte
	number    uint64 // in the order of allocations
	allocated stack
	freed     stack
}

// graveyard is where freed buffers of all pools lie for a while before their memory is used for something else.
var graveyard struct {
	mu    sync.Mutex
	dead  map[*byte]*origin
	order []*origin
	bytes int
}

// How much lies in the graveyard at the most.
const (
	maxDead      = 8192
	maxDeadBytes = 128 << 20
)

type stack [24]uintptr

func (c *checker) make(size int) []byte {
	b := newPages(size)
	for i := range b {
		b[i] = fillFresh
	}
	o := &origin{whole: b}
	runtime.Callers(4, o.allocated[:])
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.live == nil {
		c.live = map[*byte]*origin{}
	}
	c.number++
	o.number = c.number
	c.live[unsafe.SliceData(b)] = o
	return b
}

// resized leaves a buffer where it is.
func (c *checker) resized(b []byte) []byte {
	if cap(b) > 0 {
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.live[unsafe.SliceData(b)] == nil {
			panic("batch: Reallocate of a buffer that is not in use" + buried(unsafe.SliceData(b)))
		}
	}
	return b
}

func (c *checker) free(b []byte) {
	at := unsafe.SliceData(b)
	c.mu.Lock()
	o := c.live[at]
	delete(c.live, at)
	c.mu.Unlock()
	if o == nil {
		panic("batch: Free of a buffer that is not in use" + buried(at))
	}
	runtime.Callers(3, o.freed[:])
	for i := range o.whole {
		o.whole[i] = fillFreed
	}
	sealPages(o.whole)
	bury(o)
}

// bury keeps a freed buffer, and opens the oldest graves once there are too many.
func bury(o *origin) {
	g := &graveyard
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.dead == nil {
		g.dead = map[*byte]*origin{}
	}
	g.dead[unsafe.SliceData(o.whole)] = o
	g.order = append(g.order, o)
	g.bytes += len(o.whole)
	for len(g.order) > maxDead || g.bytes > maxDeadBytes {
		old := g.order[0]
		g.order[0] = nil
		g.order = g.order[1:]
		g.bytes -= len(old.whole)
		delete(g.dead, unsafe.SliceData(old.whole))
		openPages(old.whole)
		for i, v := range old.whole {
			if v != fillFreed {
				panic(fmt.Sprintf("batch: byte %d of a buffer of %d was written after it was freed%s", i, len(old.whole), old))
			}
		}
		dropPages(old.whole)
	}
}

// buried tells of the buffer that lies at a place and was freed before.
func buried(at *byte) string {
	graveyard.mu.Lock()
	defer graveyard.mu.Unlock()
	if o := graveyard.dead[at]; o != nil {
		return fmt.Sprintf("; it had %d bytes%s", len(o.whole), o)
	}
	return ", nor was it lately"
}

func (o *origin) String() string {
	text := "\nallocated by\n" + o.allocated.String()
	if o.freed[0] != 0 {
		text += "freed by\n" + o.freed.String()
	}
	return text
}

func (s *stack) String() string {
	n := slices.Index(s[:], 0)
	if n < 0 {
		n = len(s)
	}
	var b strings.Builder
	for frames := runtime.CallersFrames(s[:n]); ; {
		f, more := frames.Next()
		fmt.Fprintf(&b, "\t%s\n\t\t%s:%d\n", f.Function, f.File, f.Line)
		if !more {
			return b.String()
		}
	}
}

// Leaks tells what is in use, with the stacks that allocated it, which only a checked program knows; "" if nothing is.
func (p *Pool) Leaks() string {
	c := &p.check
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.live) == 0 {
		return ""
	}
	type place struct {
		stack        stack
		first        uint64
		count, bytes int
	}
	places := map[stack]*place{}
	for _, o := range c.live {
		at := places[o.allocated]
		if at == nil {
			at = &place{stack: o.allocated, first: o.number}
			places[o.allocated] = at
		}
		at.first = min(at.first, o.number)
		at.count++
		at.bytes += len(o.whole)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%d buffers were not given back\n", len(c.live))
	all := make([]*place, 0, len(places))
	for _, at := range places {
		all = append(all, at)
	}
	slices.SortFunc(all, func(x, y *place) int { return cmp.Compare(x.first, y.first) })
	for _, at := range all {
		fmt.Fprintf(&b, "%d of them, %d bytes, allocated by\n%s", at.count, at.bytes, at.stack.String())
	}
	return b.String()
}
