// Package soak holds the soak test: the built program under load for long, with sources that lose their connections all the time, files
// that are rotated, a slow sink that fails now and then, stops and kills. It tells whether memory, goroutines, open files and what is
// stored stay where they began, and holds what came out against what was sent.
//
//	go test ./dag/job/soak -v -timeout 0 -soak 20m -keep DIR
//
// The program is built with the tag flowrunprobe, by which it tells its goroutines, live bytes and profiles on a unix socket. A short soak
// measures no peak and prints no series: it proves only that nothing is lost and nothing comes twice.
//
// Each row has the number of its connection and its place in it. What came out of a connection has to be a beginning of what was sent;
// all of it, where the program had read its end and was not killed before something behind it came out. Each row that the source took
// has to be once in the window of its key or late there, and once in the join or late there; the log, which can be read again, has to
// come out as a whole. Sinks that show rows at commits show none twice.
package soak
