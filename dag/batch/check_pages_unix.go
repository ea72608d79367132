//go:build flowrundebug && unix

package batch

import (
	"os"
	"syscall"
	"unsafe"
)

// newPages returns memory that sealPages can close to everyone.
func newPages(size int) []byte {
	b, err := syscall.Mmap(-1, 0, pages(size), syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		panic("batch: mmap: " + err.Error())
	}
	return b[:size:size]
}

// pages is the length of the pages that hold so many bytes.
func pages(size int) int {
	page := os.Getpagesize()
	return (size + page - 1) / page * page
}

// sealPages makes every access to b crash.
func sealPages(b []byte) { protect(b, syscall.PROT_NONE) }

// openPages lets b be read again.
func openPages(b []byte) { protect(b, syscall.PROT_READ) }

func protect(b []byte, how int) {
	if err := syscall.Mprotect(b, how); err != nil {
		panic("batch: mprotect: " + err.Error())
	}
}

// dropPages gives b back to the system.
func dropPages(b []byte) {
	if err := syscall.Munmap(unsafe.Slice(unsafe.SliceData(b), pages(len(b)))); err != nil {
		panic("batch: munmap: " + err.Error())
	}
}
