package retry

import (
	"errors"
	"slices"
	"syscall"
)

// passing are the errors that say that a call did nothing, or only the part that it tells, for want of something that may be there later:
// room on the disk, a disk that may be written, handles, memory.
var passing = []syscall.Errno{
	syscall.ENOSPC, syscall.EDQUOT, syscall.EROFS, syscall.EMFILE, syscall.ENFILE, syscall.ENOMEM, syscall.EAGAIN, syscall.EINTR,
}

// Passes reports whether a call that failed may work later. cause is why it failed, in few different words.
//
// It is not for a sync: the system may have dropped what it could not write, and a second sync would say that all is well.
func Passes(err error) (cause string, yes bool) { return among(err, passing) }

// PassesReading is Passes for a call that only reads, which may be made again whatever became of it. A disk of another machine fails
// with EIO and ETIMEDOUT while that is away.
func PassesReading(err error) (cause string, yes bool) {
	return among(err, append(slices.Clip(passing), syscall.EIO, syscall.ETIMEDOUT))
}

func among(err error, list []syscall.Errno) (string, bool) {
	var errno syscall.Errno
	if !errors.As(err, &errno) || !slices.Contains(list, errno) {
		return "", false
	}
	return errno.Error(), true
}
