//go:build !unix

package lines

import "syscall"

const (
	canTry        = false
	errWouldBlock = syscall.Errno(0)
)

func tryRead(uintptr, []byte) (int, error) { return 0, errWouldBlock }
