package theme

// Frame holds the characters of a box.
type Frame struct {
	Horizontal, Vertical                       string
	TopLeft, TopRight, BottomLeft, BottomRight string
}

// Glyphs is a character set: everything the dashboard draws that is not text of its own or the user's data.
type Glyphs struct {
	ASCII bool

	Pane  Frame // around panes and nodes
	Heavy Frame // around the selected node

	// Wires of the graph by the directions in which they leave a cell: 1 up, 2 down, 4 left, 8 right.
	Wires   [16]string
	Leave   string // where an edge leaves a node
	Arrive  string // and where it arrives
	Full    string // a cell of a queue that is filled
	Empty   string
	Joined  string   // in place of such a cell, where there is no queue: two nodes run as one
	Times   string   // before how many lanes a node has
	Bars    []string // of a sparkline, from nothing to the most
	Before  string   // in a sparkline, for the time before the run began
	Null    string
	Select  string // before the selected row, and in the title of the pane that has the keys
	Branch  string // before a row of the list whose node hangs below another
	Last    string // the same, of the last such row
	Stem    string // below a branch that goes on
	Dot     string // a run that runs, a late row
	Ring    string // a run that waits
	Half    string // a run on its way to another state
	Good    string
	Bad     string
	Frozen  string
	Arrow   string // "lines -> console"
	Crumb   string // in the first line
	Cut     string // text goes on where it was cut
	Up      string // sorted, upwards; there is more above
	Down    string
	Left    string
	Right   string
	Bar     string // between things on a line
	Caret   string // where the next character goes
	Enter   string // the key
	Arrows  string // the keys
	Warning string
}

// Unicode is the character set for terminals of today. All its characters are one cell wide.
var Unicode = Glyphs{
	Pane:  Frame{"─", "│", "╭", "╮", "╰", "╯"},
	Heavy: Frame{"━", "┃", "┏", "┓", "┗", "┛"},
	Wires: [16]string{" ", "│", "│", "│", "─", "╯", "╮", "┤", "─", "╰", "╭", "├", "─", "┴", "┬", "┼"},
	Leave: "╼", Arrive: "▶", Full: "▮", Empty: "▯", Joined: "═", Times: "×",
	Bars: []string{"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"}, Before: "·",
	Null: "∅", Select: "▶", Branch: "├ ", Last: "└ ", Stem: "│ ",
	Dot: "●", Ring: "○", Half: "◐", Good: "✓", Bad: "✗", Frozen: "◇",
	Arrow: "→", Crumb: "▸", Cut: "…", Up: "▲", Down: "▼", Left: "◂", Right: "▸",
	Bar: "│", Caret: "▏", Enter: "↵", Arrows: "←↓↑→", Warning: "!",
}

// ASCII is the character set for everything else.
var ASCII = Glyphs{
	ASCII: true,
	Pane:  Frame{"-", "|", "+", "+", "+", "+"},
	Heavy: Frame{"=", "#", "#", "#", "#", "#"},
	Wires: [16]string{" ", "|", "|", "|", "-", "+", "+", "+", "-", "+", "+", "+", "-", "+", "+", "+"},
	Leave: "-", Arrive: ">", Full: "#", Empty: ".", Joined: "=", Times: "x",
	Bars: []string{"_", ".", ":", "-", "=", "+", "*", "#"}, Before: " ",
	Null: "NULL", Select: ">", Branch: "|-", Last: "`-", Stem: "| ",
	Dot: "*", Ring: "o", Half: "~", Good: "+", Bad: "x", Frozen: "=",
	Arrow: "->", Crumb: ">", Cut: "~", Up: "^", Down: "v", Left: "<", Right: ">",
	Bar: "|", Caret: "_", Enter: "enter", Arrows: "arrows", Warning: "!",
}
