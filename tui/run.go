package tui

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"flowrun/dag/live"
	"flowrun/tui/theme"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/lipgloss"
	"github.com/charmbracelet/x/term"
	"github.com/muesli/termenv"
)

// Options are how the dashboard looks and when it leaves. The zero Options are right for a terminal of today.
type Options struct {
	ASCII   bool   // frames, bars and glyphs of ASCII characters only
	NoColor bool   // no colours, whatever the terminal can; NO_COLOR does the same
	Theme   string // a name out of theme.Names; "" is the default

	// LeaveWhenEnded makes the dashboard go by itself when the run has ended. Otherwise it stays, to show how the run
	// ended, until the user quits.
	LeaveWhenEnded bool

	// Signals are what the process was sent while the dashboard shows: the first one drains the run, the second one
	// ends it at once, as ctrl+c does. The caller must not act on them itself. A nil channel is never read.
	Signals <-chan os.Signal

	Input  io.Reader // nil: stdin, or the terminal where stdin is none
	Output io.Writer // nil: stdout
}

// Result is how the dashboard was left.
type Result struct {
	// Interrupted is the signal that ended the run at once (ctrl+c is os.Interrupt); nil when nothing did. The run may
	// still be ending then.
	Interrupted os.Signal
}

// framesPerSecond is how often the screen is brought up to date at most. Nothing changes as fast except under the user's
// keys.
const framesPerSecond = 30

// Run shows a run until the user quits, or until ctx ends, which leaves the run alone. When it returns without an
// error and uninterrupted, the run has ended. The terminal is as it was before, also after an error or a panic.
func Run(ctx context.Context, r live.Run, o Options) (Result, error) {
	if o.Output == nil {
		o.Output = os.Stdout
	}
	painter, err := newPainter(o)
	if err != nil {
		return Result{}, err
	}
	watching, stop := context.WithCancel(ctx)
	defer stop()
	m := newModel(feed{watching, r}, o, painter)
	if f, ok := o.Output.(*os.File); !ok || !term.IsTerminal(f.Fd()) { // nobody will say how large it is
		m.resize(mediumWidth, mediumHeight)
	}
	var program *tea.Program
	if stdin := os.Stdin; o.Input == nil && term.IsTerminal(stdin.Fd()) && !o.NoColor && asksBackground(os.Getenv("TERM")) {
		m.asks = true
		o.Input = newKeyboard(stdin, func(dark bool) { program.Send(backgroundMsg{dark}) })
	}
	options := []tea.ProgramOption{tea.WithContext(ctx), tea.WithAltScreen(), tea.WithFPS(framesPerSecond), tea.WithOutput(o.Output), tea.WithoutSignalHandler()}
	if o.Input != nil {
		options = append(options, tea.WithInput(o.Input))
	}
	program = tea.NewProgram(m, options...)
	_, err = program.Run()
	switch {
	case ctx.Err() != nil:
		return Result{Interrupted: m.interrupted}, context.Cause(ctx)
	case errors.Is(err, tea.ErrProgramPanic):
		return Result{}, fmt.Errorf("the dashboard failed: %w", err)
	case err != nil:
		return Result{}, fmt.Errorf("show the dashboard: %w", err)
	}
	return Result{Interrupted: m.interrupted}, nil
}

func newPainter(o Options) (*theme.Painter, error) {
	p := theme.Default()
	if o.Theme != "" {
		named, ok := theme.Named(o.Theme)
		if !ok {
			return nil, fmt.Errorf("no theme is called %q; there are %v", o.Theme, theme.Names())
		}
		p = named
	}
	r := lipgloss.NewRenderer(o.Output)
	r.SetHasDarkBackground(darkByEnvironment(os.Getenv("COLORFGBG")))
	if o.NoColor {
		r.SetColorProfile(termenv.Ascii)
	}
	return theme.NewPainter(r, p), nil
}
