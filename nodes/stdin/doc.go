// Package stdin is the source that reads lines from standard input.
package stdin
