//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd)

package file

import "os"

// lock goes without: the system has no advisory locks that end with the process.
func lock(*os.File) error { return nil }

// syncDir has nothing to do: a directory cannot be synced.
func syncDir(string) error { return nil }
