// Package job brings the parts together: it loads, binds, builds and runs a pipeline file. The verbs of the command line
// stand on it.
package job
