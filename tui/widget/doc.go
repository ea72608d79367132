// Package widget holds the small parts of which the panes are made: the [Canvas] that everything is drawn on and that
// never lets a frame be wider or higher than the terminal, frames, sparklines, queue bars, numbers in few characters,
// and the one-line editor of the prompt. Nothing here knows what a run is.
package widget
