// Package theme holds how the dashboard looks and nothing else: the eight semantic colours as adaptive pairs, the named
// palettes, the two character sets, and the [Painter] that turns a [Style] into terminal codes. State is never told by
// colour alone; whoever draws it adds a word or a glyph.
package theme

import "github.com/charmbracelet/lipgloss"

// Bubble Tea asks the terminal for its background when its package is initialised, in every program that links it, and
// waits up to five seconds for terminals that do not answer. Packages are initialised in the order of their import
// paths once what they import is ready, so this runs first and the question is never asked.
func init() { lipgloss.SetHasDarkBackground(true) }
