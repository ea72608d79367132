//go:build flowrundebug && !unix

package batch

import "unsafe"

// newPages returns memory from Go's heap: here nothing can be closed, and only writes are found.
func newPages(size int) []byte {
	b := make([]byte, size+alignment)
	off := -uintptr(unsafe.Pointer(unsafe.SliceData(b))) % alignment
	return b[off : off+uintptr(size) : off+uintptr(size)]
}

func sealPages([]byte) {}
func openPages([]byte) {}
func dropPages([]byte) {}
