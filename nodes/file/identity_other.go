//go:build !unix

package file

import "io/fs"

// identify has nothing to go by: files are told apart by name and head.
func identify(fs.FileInfo) identity { return identity{} }
