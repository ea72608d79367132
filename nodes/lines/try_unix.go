//go:build unix

package lines

import "syscall"

const (
	canTry        = true
	errWouldBlock = syscall.EAGAIN
)

// tryRead reads from a descriptor that does not block.
func tryRead(fd uintptr, p []byte) (int, error) {
	for {
		n, err := syscall.Read(int(fd), p)
		if err != syscall.EINTR {
			return n, err
		}
	}
}
