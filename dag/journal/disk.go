package journal

import "github.com/cockroachdb/pebble/v2/vfs"

// FS is a file system, so that tests can have one that fails.
type FS = vfs.FS

// Disk is the machine's.
var Disk FS = vfs.Default

// IsDiskFull reports whether an error is that of a disk without room.
func IsDiskFull(err error) bool { return vfs.IsNoSpaceError(err) }
