// Package soak holds the soak test: the built program under load for long, with sources that lose their connections all the time, files
// that are rotated, a slow sink that fails now and then, stops and kills. It tells whether memory, goroutines, open files and what is
// stored stay where they began, and holds what came out against what was sent.
//
//	go test ./dag/job/soak -v -timeout 0 -soak 20m
package soak
