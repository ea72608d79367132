package file

import (
	"os"
	"syscall"
)

// syncData makes durable what is in a file, and not when it was written. Where nothing was allocated for it that is one write less.
func syncData(f *os.File) error {
	for {
		err := syscall.Fdatasync(int(f.Fd()))
		if err == syscall.EINTR {
			continue
		}
		if err != nil {
			return &os.PathError{Op: "sync", Path: f.Name(), Err: err}
		}
		return nil
	}
}
