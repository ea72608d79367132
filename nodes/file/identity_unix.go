//go:build unix

package file

import (
	"io/fs"
	"syscall"
)

func identify(info fs.FileInfo) identity {
	if s, ok := info.Sys().(*syscall.Stat_t); ok {
		return identity{device: uint64(s.Dev), number: uint64(s.Ino)}
	}
	return identity{}
}
