// Package nodes is the vocabulary: the registry of kinds. A [Kind] is all that is known of one word of the pipeline
// language: its settings as a plain struct (which gives decoding, defaults, lint, reference page and completion), how it
// lowers to the plan's algebra, and, for a source or sink, its connector. Kinds live in folders of their own below this
// one and register themselves; nodes/all imports them all.
package nodes
