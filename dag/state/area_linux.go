package state

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strconv"
	"sync/atomic"
	"unsafe"

	"golang.org/x/sys/unix"
)

// area is a file of no name, and where it is mapped. Its size is that of addresses: of the disk it takes what was written.
type area struct {
	file  *os.File
	pages *os.File // /proc/self/pagemap
	statm *os.File // /proc/self/statm
	data  []byte
	size  int64
	found []byte // of pages
}

// Addresses cost nothing, but a process has 128 TiB of them, and each instance of each operator has an area: a first one gets much, and
// every further one a sixteenth of what is left, so that there is some for thousands.
const (
	addresses    = 64 << 40 // of all areas together, as long as each can have the least
	leastArea    = 16 << 30
	areaFraction = 16
)

// reserved is how many addresses the areas of the process have.
var reserved atomic.Int64

// nextArea is how large the next area is to be.
func nextArea() int64 {
	return max((addresses-reserved.Load())/areaFraction, leastArea) &^ (osPage - 1)
}

// Bits of /proc/self/pagemap, see Documentation/admin-guide/mm/pagemap.rst of Linux.
const (
	pagePresent = 1 << 63
	pageSwapped = 1 << 62
	pageOfFile  = 1 << 61
)

func (a *area) open(dir string) (err error) {
	if os.Getpagesize() != osPage {
		return ErrNoSpill
	}
	defer func() {
		if err != nil {
			_ = a.close()
		}
	}()
	if a.pages, err = ofProcess("pagemap"); err != nil {
		return err
	}
	if a.statm, err = ofProcess("statm"); err != nil {
		return err
	}
	if a.file, err = nameless(dir); err != nil {
		return err
	}
	for a.size = nextArea(); ; a.size = max(a.size/2&^(osPage-1), leastArea) { // file systems differ in how long a file may be
		err = a.file.Truncate(a.size)
		if err == nil {
			a.data, err = unix.Mmap(int(a.file.Fd()), 0, int(a.size), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_NORESERVE)
		}
		if err == nil {
			break
		}
		if a.size == leastArea {
			return err
		}
	}
	reserved.Add(a.size)
	if err := a.drop(0, osPage); err != nil {
		return fmt.Errorf("the file system of %s cannot give back a part of a file: %w", dir, err)
	}
	a.found = make([]byte, 64<<10)
	// Keys come in no order: what lies beside a page is no better guess than any other.
	return unix.Madvise(a.data, unix.MADV_RANDOM)
}

// ofProcess opens what the system says of this process.
func ofProcess(name string) (*os.File, error) {
	f, err := os.Open("/proc/self/" + name)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission) {
		err = ErrNoSpill
	}
	return f, err
}

// nameless makes a file that has no name, or, where the file system knows none, loses it at once.
func nameless(dir string) (*os.File, error) {
	if dir == "" {
		dir = os.TempDir()
	}
	if fd, err := unix.Open(dir, unix.O_TMPFILE|unix.O_RDWR|unix.O_CLOEXEC, 0o600); err == nil {
		return os.NewFile(uintptr(fd), dir), nil
	}
	f, err := os.CreateTemp(dir, "spill-*")
	if err != nil {
		return nil, err
	}
	return f, os.Remove(f.Name())
}

func (a *area) close() error {
	var err error
	if a.data != nil {
		err = unix.Munmap(a.data)
		a.data = nil
		reserved.Add(-a.size)
	}
	for _, f := range []*os.File{a.file, a.pages, a.statm} {
		if f != nil {
			err = errors.Join(err, f.Close())
		}
	}
	a.file, a.pages, a.statm = nil, nil, nil
	return err
}

// offset is where in the area an address lies; below 0: nowhere.
func (a *area) offset(p unsafe.Pointer) int64 {
	base := uintptr(unsafe.Pointer(unsafe.SliceData(a.data)))
	if off := uintptr(p) - base; off < uintptr(len(a.data)) {
		return int64(off)
	}
	return -1
}

func (a *area) holds(address uintptr) bool {
	return address-uintptr(unsafe.Pointer(unsafe.SliceData(a.data))) < uintptr(len(a.data))
}

func (a *area) address(at int64) unsafe.Pointer { return unsafe.Pointer(&a.data[at]) }

func (a *area) bytes(at, n int64) []byte { return a.data[at : at+n : at+n] }

// write writes what is seen at a place from then on, where nothing else was written to it in memory.
func (a *area) write(at int64, b []byte) error {
	_, err := a.file.WriteAt(b, at)
	return err
}

// lost is the error of what the system could not write to the disk by itself; nil: nothing, or the system does not say. It waits for
// the first page alone: the error it gives is that of any page, once.
func (a *area) lost() error {
	err := unix.SyncFileRange(int(a.file.Fd()), 0, osPage, unix.SYNC_FILE_RANGE_WAIT_BEFORE)
	switch err {
	case nil, unix.EINTR, unix.ENOSYS, unix.EPERM: // the last two: it is kept from programs here
		return nil
	}
	return fmt.Errorf("state on disk was not written: %w", err)
}

// leave lets go of the memory of pages: what was not written is gone.
func (a *area) leave(at, n int64) error {
	if n == 0 {
		return nil
	}
	return unix.Madvise(a.data[at:at+roundUp(n)], unix.MADV_DONTNEED)
}

// drop makes a stretch zeroes that take no room.
func (a *area) drop(at, n int64) error {
	if err := a.leave(at, n); err != nil {
		return err
	}
	for {
		err := unix.Fallocate(int(a.file.Fd()), unix.FALLOC_FL_PUNCH_HOLE|unix.FALLOC_FL_KEEP_SIZE, at, n)
		if err != unix.EINTR { // a signal, with which the runtime of Go stops goroutines
			return err
		}
	}
}

func roundUp(n int64) int64 { return (n + osPage - 1) &^ (osPage - 1) }

// scan gives the runs of pages, of the n bytes from a place on, that are in memory: private ones, which were written to, and others.
// from and to count from the place. What each does to the pages of its run is no matter to the rest.
func (a *area) scan(at, n int64, each func(from, to int64, private bool) error) error {
	first := int64(uintptr(unsafe.Pointer(unsafe.SliceData(a.data))))/osPage + at/osPage
	pages := roundUp(n) / osPage
	for done := int64(0); done < pages; {
		some := min(pages-done, int64(len(a.found)/8))
		found := a.found[:8*some]
		if _, err := a.pages.ReadAt(found, 8*(first+done)); err != nil {
			return err
		}
		kind := func(i int64) int {
			switch e := binary.NativeEndian.Uint64(found[8*i:]); {
			case e&(pagePresent|pageSwapped) == 0:
				return 0
			case e&pageOfFile != 0:
				return 1
			}
			return 2
		}
		for i := int64(0); i < some; {
			k, from := kind(i), i
			for i++; i < some && kind(i) == k; i++ {
			}
			if k > 0 {
				if err := each((done+from)*osPage, (done+i)*osPage, k == 2); err != nil {
					return err
				}
			}
		}
		done += some
	}
	return nil
}

// taken is how much memory the process was given: in faults, each of which copied a page or gave one of a file, and how much of files
// it has, since one fault of that kind gives pages around it as well.
func (a *area) taken() (faults, ofFiles int64, err error) {
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
		return 0, 0, err
	}
	n, err := a.statm.ReadAt(a.found[:128], 0)
	if err != nil && err != io.EOF {
		return 0, 0, err
	}
	fields := bytes.Fields(a.found[:n]) // size, resident, shared: in pages
	if len(fields) < 3 {
		return 0, 0, ErrNoSpill
	}
	shared, err := strconv.ParseInt(string(fields[2]), 10, 64)
	return (u.Minflt + u.Majflt) * osPage, shared * osPage, err
}
