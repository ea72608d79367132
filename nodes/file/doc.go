// Package file is the source that reads the lines of one file.
package file
