//go:build !linux

package state

import "unsafe"

// area is for systems that say which pages were written to; see area_linux.go.
type area struct{ size int64 }

func (*area) open(string) error                                       { return ErrNoSpill }
func (*area) close() error                                            { return nil }
func (*area) offset(unsafe.Pointer) int64                             { return -1 }
func (*area) holds(uintptr) bool                                      { return false }
func (*area) address(int64) unsafe.Pointer                            { return nil }
func (*area) bytes(int64, int64) []byte                               { return nil }
func (*area) write(int64, []byte) error                               { return ErrNoSpill }
func (*area) lost() error                                             { return nil }
func (*area) leave(int64, int64) error                                { return nil }
func (*area) drop(int64, int64) error                                 { return nil }
func (*area) scan(int64, int64, func(int64, int64, bool) error) error { return nil }
func (*area) taken() (int64, int64, error)                            { return 0, 0, ErrNoSpill }
