// Package diag holds what flowrun tells a user who made a mistake: a [Diagnostic] has a stable code, a place in a
// file, what was expected and what to do. Every package collects diagnostics in a [List] and goes on, so that all
// errors of a file are shown at once; [Print] draws them with the source line and a caret.
//
// It is the lowest package of the house: it imports nothing of ours.
package diag
