// Package lineserver serves lines over TCP to any number of clients, as `nc -lk` does for one: what `flowrun feed` and
// `--demo` run, and what tests connect to.
//
// Every client gets every line from the moment it connects on, from the start of a line. While there is no client nothing
// is read, so what is typed before the first client comes waits for it. A client that does not keep up slows the source
// down; one that takes nothing at all for a while is disconnected, unless it is the only one.
package lineserver
