// Package file is the source that reads the lines of files, whole or as they grow, and the sink that writes files.
package file
