// Package journaled makes a source that can be read again of one that cannot: what it reads goes into a journal first, with the
// time at which it arrived, and after a crash comes from there. See package flowrun/dag/journal for the journal itself.
package journaled
