// Package optest lends what an operator needs to be tested alone: a [Runtime] that remembers what it was told and checks
// that every Arrow buffer came back, an [Emitter] that counts fates, and [Take], which reads a source to its end.
//
// It uses the wall clock, or the bubble's inside testing/synctest.
package optest
