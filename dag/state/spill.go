package state

import (
	"errors"
	"fmt"
	"math/bits"
	"slices"
	"unsafe"
)

// Spill is where what is large of an instance's state lies that is not to stay in memory: a file of no name, mapped privately, so
// that the slices of tables and columns lie in it as they lie in memory, and nobody who reads or writes them knows. A page that is
// written to is copied by the system, which says which those are: [Spill.Keep] writes them to the file and lets go of their
// memory, and Save looks only at them.
//
// Nothing in the file outlives the process: what is durable is written by Save, as ever. That a disk is full is told by Keep and
// Settle, where the file is written; a page that is only read, or written for the first time, never asks for room on it.
//
// It belongs to one operator instance.
type Spill struct {
	area     area
	extents  []*extent         // by address
	free     map[int][]*extent // by the logarithm of their size
	next     int64             // where the file was never used
	faults   int64             // of the process, in bytes, when Keep last looked
	ofFiles  int64             // what the process had of files in memory then
	resident int64             // bytes that stayed in memory when Keep last looked
	values   []*extent         // of the last Save; the last one has room
	kept     int64             // what Keep was last asked to leave
	smallest int64             // of slices that are moved
	err      error             // of what could not be told at once
}

// extent is a stretch of the file, of a power of two bytes, with what one slice holds.
type extent struct {
	at     int64 // in the file, and from the base of the mapping
	size   int64
	used   int64    // bytes that the slice may reach
	dirty  []uint64 // by page, a bit: it was written to since the last Save
	seen   bool     // in the round of Settle under way
	beside bool     // it holds no state, but what is known of it
	first  bool     // its pages are the last ones to leave memory: it holds an index, of which every key asks for another one
}

// osPage is the unit in which the system keeps memory. Where its own is larger, Keep says so.
const osPage = 4 << 10

// smallestExtent is what a slice has to take to be moved, unless said otherwise: below that, many would be more trouble than they
// give back.
const smallestExtent = 64 << 10

// ErrNoSpill says that state cannot be larger than memory here.
var ErrNoSpill = errors.New("this system cannot keep state on disk: that needs Linux with /proc/self/pagemap; leave out checkpoint.memory")

// NewSpill makes a file in dir that is gone with the process. smallest is the size in bytes from which a slice is moved; 0: as is
// good for most.
func NewSpill(dir string, smallest int64) (*Spill, error) {
	if smallest <= 0 {
		smallest = smallestExtent
	}
	s := &Spill{free: map[int][]*extent{}, smallest: smallest}
	if err := s.area.open(dir); err != nil {
		return nil, fmt.Errorf("state on disk: %w", err)
	}
	return s, nil
}

// Close gives all of it back. No slice that lay in it may be used any more.
func (s *Spill) Close() error {
	s.extents, s.free = nil, nil
	return s.area.close()
}

// Holds reports whether an address lies in the file. Reading it may fail as a disk fails, and then the system faults.
func (s *Spill) Holds(address uintptr) bool { return s.area.holds(address) }

// Bytes is how much of the state lies in the file, in memory or not.
func (s *Spill) Bytes() int64 {
	n := int64(0)
	for _, e := range s.extents {
		if !e.beside {
			n += e.used
		}
	}
	return n
}

// take gives an extent of zeroes for n bytes and room to grow to size.
func (s *Spill) take(n, size int64) (*extent, error) {
	e, err := s.stretch(size)
	if err != nil {
		return nil, err
	}
	e.seen, e.first, e.beside = true, false, false
	e.reach(n)
	for i := range e.dirty {
		e.dirty[i] = ^uint64(0)
	}
	at, _ := slices.BinarySearchFunc(s.extents, e.at, func(e *extent, at int64) int { return int(e.at - at) })
	s.extents = slices.Insert(s.extents, at, e)
	return e, nil
}

// stretch gives an extent of at least size bytes that nobody uses.
func (s *Spill) stretch(size int64) (*extent, error) {
	class := bits.Len64(uint64(max(size, osPage) - 1))
	var e *extent
	if list := s.free[class]; len(list) > 0 {
		e = list[len(list)-1]
		s.free[class] = list[:len(list)-1]
	} else {
		if s.next+1<<class > s.area.size {
			return nil, fmt.Errorf("state on disk: more than %d GiB", s.area.size>>30)
		}
		e = &extent{at: s.next, size: 1 << class}
		s.next += e.size
	}
	return e, nil
}

// giveBack makes an extent one that nobody uses.
func (s *Spill) giveBack(e *extent) error {
	class := bits.Len64(uint64(e.size - 1))
	e.used, e.dirty = 0, e.dirty[:0]
	s.free[class] = append(s.free[class], e)
	return s.area.drop(e.at, e.size)
}

// reach says that the slice in an extent may come to n bytes. What comes new counts as changed.
func (e *extent) reach(n int64) {
	was := len(e.dirty)
	e.used = n
	e.dirty = grow(e.dirty, int((n+64*osPage-1)/(64*osPage)))
	for i := was; i < len(e.dirty); i++ {
		e.dirty[i] = ^uint64(0)
	}
}

// of gives the extent in which an address lies, nil for none.
func (s *Spill) of(p unsafe.Pointer) *extent {
	off := s.area.offset(p)
	if off < 0 {
		return nil
	}
	at, found := slices.BinarySearchFunc(s.extents, off, func(e *extent, off int64) int { return int(e.at - off) })
	if !found {
		at--
	}
	if at < 0 || off >= s.extents[at].at+s.extents[at].size {
		return nil
	}
	return s.extents[at]
}

// sweep gives back the extents that no slice was seen in.
func (s *Spill) sweep() error {
	var err error
	kept := s.extents[:0]
	for _, e := range s.extents {
		if e.seen {
			kept = append(kept, e)
			continue
		}
		err = errors.Join(err, s.giveBack(e))
	}
	clear(s.extents[len(kept):])
	s.extents = kept
	return err
}

// settle moves a slice that is large to the file, or gives one that lies there room to grow. fixed: it never grows beyond its
// capacity.
func settle[T any](s *Spill, v *[]T, fixed bool, smallest int64) error {
	var one T
	width := int64(unsafe.Sizeof(one))
	if cap(*v) == 0 {
		return nil
	}
	data := unsafe.Pointer(unsafe.SliceData(*v))
	length, capacity := int64(len(*v))*width, int64(cap(*v))*width
	e := s.of(data)
	if e == nil && length < smallest {
		return nil
	}
	want := length + max(length/4, smallest)
	if fixed {
		want = capacity
	}
	if e != nil {
		if e.seen = true; length == 0 && !fixed {
			*v, e.seen = nil, false
			return nil
		}
		if fixed || capacity-length >= (want-length)/2 {
			return nil
		}
		if want <= e.size {
			e.reach(want)
			*v = unsafe.Slice((*T)(data), want/width)[:len(*v)]
			return nil
		}
	}
	room := 4 * want
	if fixed {
		room = want
	}
	to, err := s.take(want, room)
	if err != nil {
		return err
	}
	if err := s.area.write(to.at, unsafe.Slice((*byte)(data), length)); err != nil {
		return err
	}
	if e != nil {
		e.seen = false
	}
	*v = unsafe.Slice((*T)(s.area.address(to.at)), want/width)[:len(*v)]
	return nil
}

// Due reports whether Keep would have to look.
func (s *Spill) Due(resident int64) bool {
	faults, ofFiles, err := s.area.taken()
	return err != nil || s.resident+faults-s.faults+max(ofFiles-s.ofFiles, 0) >= resident
}

// Keep leaves at most resident bytes, or about that, of the file in memory, and writes first what is only there. It looks only
// where so much may have come since it looked last.
func (s *Spill) Keep(resident int64) error {
	s.kept = resident
	if s.err != nil || len(s.extents) == 0 {
		return s.err
	}
	if !s.Due(resident) {
		return nil
	}
	clean := int64(0)
	most := s.without(resident)
	for _, e := range s.extents {
		if e.first && most > 0 {
			continue
		}
		err := s.area.scan(e.at, e.used, func(from, to int64, private bool) error {
			if !private {
				clean += to - from
				return nil
			}
			e.mark(from, to)
			if err := s.area.write(e.at+from, s.area.bytes(e.at+from, to-from)); err != nil {
				return err
			}
			return s.area.leave(e.at+from, to-from)
		})
		if err != nil {
			return err
		}
	}
	if most == 0 {
		most = resident
	}
	s.resident = resident - most + clean
	if clean > most/2 {
		s.resident = resident - most
		for _, e := range s.extents {
			if e.first && most < resident {
				continue
			}
			if err := s.area.leave(e.at, e.used); err != nil {
				return err
			}
		}
	}
	var err error
	s.faults, s.ofFiles, err = s.area.taken()
	return err
}

// without is how many of the resident bytes are left where all indexes stay in memory; 0: they cannot, for they would take most of it.
func (s *Spill) without(resident int64) int64 {
	n := int64(0)
	for _, e := range s.extents {
		if e.first {
			n += e.used
		}
	}
	if n > resident/4*3 {
		return 0
	}
	return resident - n
}

// valueExtent is how much values of a save take of the file at a time.
const valueExtent = 16 << 20

// set keeps a value of a save, until forget.
func (s *Spill) set(value []byte) ([]byte, error) {
	n := int64(len(value))
	var e *extent
	if last := len(s.values) - 1; last >= 0 && s.values[last].used+n <= s.values[last].size {
		e = s.values[last]
	} else {
		var err error
		if e, err = s.stretch(max(n, valueExtent)); err != nil {
			return nil, err
		}
		s.values = append(s.values, e)
	}
	at := e.at + e.used
	if err := s.area.write(at, value); err != nil {
		return nil, err
	}
	e.used += n
	return s.area.bytes(at, n), nil
}

// forget drops all values that were set.
func (s *Spill) forget() {
	for _, e := range s.values {
		s.later(s.giveBack(e))
	}
	s.values = s.values[:0]
}

// later keeps an error for the next Keep.
func (s *Spill) later(err error) {
	if s.err == nil {
		s.err = err
	}
}

// Failed is what went wrong behind the back of those who use the state. The system writes pages to the disk when it likes; one that it
// could not write it may drop, and reads what was there before. So who makes durable what was read asks first.
func (s *Spill) Failed() error {
	if s.err == nil {
		s.err = s.area.lost()
	}
	return s.err
}

// note finds what was written to since the last Save. Where the system does not say it, it may be everything.
func (s *Spill) note() {
	for _, e := range s.extents {
		err := s.area.scan(e.at, e.used, func(from, to int64, private bool) error {
			if private {
				e.mark(from, to)
			}
			return nil
		})
		if err != nil {
			e.mark(0, e.used)
		}
	}
}

// within gives the extent in which a part lies, and how far from its beginning; nil for none.
func (s *Spill) within(data []byte) (*extent, int64) {
	if s == nil || len(data) == 0 {
		return nil, 0
	}
	p := unsafe.Pointer(unsafe.SliceData(data))
	e := s.of(p)
	if e == nil {
		return nil, 0
	}
	return e, s.area.offset(p) - e.at
}

// noted says that all was saved.
func (s *Spill) noted() {
	for _, e := range s.extents {
		clear(e.dirty)
	}
}

// mark says that pages were written to.
func (e *extent) mark(from, to int64) {
	for p := from / osPage; p < (to+osPage-1)/osPage; p++ { // dirty has an entry for each that is in use
		e.dirty[p>>6] |= 1 << (p & 63)
	}
}

// clean reports whether a stretch was not written to.
func (e *extent) clean(from, to int64) bool {
	for p := from / osPage; p < (to+osPage-1)/osPage; p++ {
		if e.dirty[p>>6]&(1<<(p&63)) != 0 {
			return false
		}
	}
	return true
}
