// Package spec turns a pipeline file into a [File] of named nodes with their positions, and decodes a kind's settings
// strictly into a plain Go struct. It knows YAML (and is the only package that does), quoting and the environment; it
// does not know kinds, columns or expressions.
package spec
