package theme

import (
	"slices"

	"github.com/charmbracelet/lipgloss"
)

// Palette is a named set of colours, one pair for each token: for light and for dark backgrounds.
type Palette struct {
	Name   string
	colors [tokens]lipgloss.TerminalColor
}

func pair(light, dark string) lipgloss.TerminalColor {
	return lipgloss.AdaptiveColor{Light: light, Dark: dark}
}

// The palettes, the default first. "clear" is for eyes that do not tell red from green (the colours of Okabe and Ito);
// "terminal" takes the sixteen colours that the user has given the terminal.
var palettes = []Palette{
	{Name: "calm", colors: [tokens]lipgloss.TerminalColor{
		Text:    lipgloss.NoColor{},
		Muted:   pair("#6e7781", "#7d86a5"),
		Accent:  pair("#0860c4", "#7dcfff"),
		OK:      pair("#1a7f37", "#9ece6a"),
		Busy:    pair("#9a5b00", "#e0af68"),
		Blocked: pair("#7a3fc4", "#bb9af7"),
		Late:    pair("#0f6f78", "#4fc1b0"),
		Error:   pair("#c01c28", "#f7768e"),
	}},
	{Name: "clear", colors: [tokens]lipgloss.TerminalColor{
		Text:    lipgloss.NoColor{},
		Muted:   pair("#6b6b6b", "#9a9a9a"),
		Accent:  pair("#4338a8", "#56b4e9"),
		OK:      pair("#0072b2", "#7fc4f5"),
		Busy:    pair("#9a6a00", "#e69f00"),
		Blocked: pair("#a04a80", "#cc79a7"),
		Late:    pair("#00734f", "#f0e442"),
		Error:   pair("#b84a00", "#ff7a2a"),
	}},
	{Name: "terminal", colors: [tokens]lipgloss.TerminalColor{
		Text:    lipgloss.NoColor{},
		Muted:   lipgloss.ANSIColor(8),
		Accent:  lipgloss.ANSIColor(6),
		OK:      lipgloss.ANSIColor(2),
		Busy:    lipgloss.ANSIColor(3),
		Blocked: lipgloss.ANSIColor(5),
		Late:    lipgloss.ANSIColor(4),
		Error:   lipgloss.ANSIColor(1),
	}},
}

// Names are the names of the palettes, the default first.
func Names() []string {
	names := make([]string, len(palettes))
	for i, p := range palettes {
		names[i] = p.Name
	}
	return names
}

// Named finds a palette by its name.
func Named(name string) (Palette, bool) {
	i := slices.IndexFunc(palettes, func(p Palette) bool { return p.Name == name })
	if i < 0 {
		return Palette{}, false
	}
	return palettes[i], true
}

// Default is the palette that is used when nothing else is asked for.
func Default() Palette { return palettes[0] }
