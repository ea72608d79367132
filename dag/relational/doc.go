// Package relational is the local form of each operation of package plan: an [op.Transform] that works on columns. [New]
// picks it.
//
// Operators share the columns that they do not change, and say which rows still count with a selection instead of copying.
// What an operator remembers between batches is in tables of package state.
package relational
