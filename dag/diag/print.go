package diag

import (
	"bufio"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
)

// PrintOptions say how diagnostics are drawn.
type PrintOptions struct {
	Color bool // ANSI colours; nothing else changes
	Width int  // cells of the terminal; 0: 120. Only source lines are cut to it, never messages.
}

const (
	defaultWidth = 120
	minWidth     = 40
)

// The colours, all of the plain sixteen, so that the user's own theme decides what they look like.
const (
	plain  = "\x1b[0m"
	bold   = "\x1b[1m"
	red    = "\x1b[1;31m"
	yellow = "\x1b[1;33m"
	cyan   = "\x1b[36m"
	dim    = "\x1b[2m"
)

// Print draws each diagnostic with its source line and carets under the place, in the order of the list, and a closing
// line that counts them. source gives the bytes of a file, nil when they are not to be had (source itself may be nil);
// then the line is left out. Nothing is printed for an empty list.
func Print(w io.Writer, l List, source func(file string) []byte, o PrintOptions) {
	if len(l) == 0 {
		return
	}
	if o.Width <= 0 {
		o.Width = defaultWidth
	}
	p := printer{
		w: bufio.NewWriter(w), source: source, color: o.Color, width: max(o.Width, minWidth),
		lines: map[string][]string{},
	}
	for _, d := range l {
		p.diagnostic(d)
		p.printf("\n")
	}
	p.printf("%s\n", l.Summary())
	// A writer that fails has nobody left to tell.
	_ = p.w.Flush()
}

// Summary counts the list in one line: "2 errors, 1 warning in pipelines/x.yaml".
func (l List) Summary() string {
	var errors, warnings int
	var files []string
	for _, d := range l {
		if d.Severity == Error {
			errors++
		} else {
			warnings++
		}
		// An option, "--set name", is a place and no file.
		if d.At.File != "" && !strings.HasPrefix(d.At.File, "--") && !slices.Contains(files, d.At.File) {
			files = append(files, d.At.File)
		}
	}
	var parts []string
	if errors > 0 || warnings == 0 {
		parts = append(parts, count(errors, "error"))
	}
	if warnings > 0 {
		parts = append(parts, count(warnings, "warning"))
	}
	s := strings.Join(parts, ", ")
	switch len(files) {
	case 0:
	case 1:
		s += " in " + files[0]
	default:
		s += " in " + count(len(files), "file")
	}
	return s
}

func count(n int, word string) string {
	if n == 1 {
		return "1 " + word
	}
	return strconv.Itoa(n) + " " + word + "s"
}

type printer struct {
	w      *bufio.Writer
	source func(file string) []byte
	color  bool
	width  int
	lines  map[string][]string // by file, read once
}

func (p *printer) printf(format string, args ...any) { fmt.Fprintf(p.w, format, args...) }

func (p *printer) paint(color, s string) string {
	if !p.color || s == "" {
		return s
	}
	return color + s + plain
}

func (p *printer) diagnostic(d Diagnostic) {
	color := red
	if d.Severity == Warning {
		color = yellow
	}
	if d.At.File != "" {
		p.printf("%s ", p.paint(bold, clean(d.At.String())+":"))
	}
	label := d.Severity.String()
	if d.Code != "" {
		label += "[" + string(d.Code) + "]"
	}
	p.printf("%s: %s\n", p.paint(color, label), indent(clean(d.Message), "  "))
	p.excerpt(d.At, color)
	if d.Hint != "" {
		p.printf("  %s %s\n", p.paint(cyan, "hint:"), indent(clean(d.Hint), "        "))
	}
	for _, n := range d.Notes {
		p.note(n)
	}
}

func (p *printer) note(n Diagnostic) {
	place := ""
	if n.At.File != "" {
		place = clean(n.At.String()) + ": "
	}
	p.printf("  %s %s%s\n", p.paint(cyan, "note:"), place, indent(clean(n.Message), "        "))
	p.excerpt(n.At, cyan)
	if n.Hint != "" {
		p.printf("  %s %s\n", p.paint(cyan, "hint:"), indent(clean(n.Hint), "        "))
	}
}

// excerpt draws the line of a span behind a gutter, and carets under it.
func (p *printer) excerpt(at Span, color string) {
	text, ok := p.line(at)
	if !ok {
		return
	}
	number := strconv.Itoa(at.Line)
	shown, carets := window(text, at.Column, at.Length, p.width-len(number)-5)
	p.printf("  %s %s\n", p.paint(dim, number+" |"), shown)
	if at.Column > 0 {
		p.printf("  %s %s\n", p.paint(dim, strings.Repeat(" ", len(number))+" |"), caretLine(carets, p, color))
	}
}

func caretLine(carets string, p *printer, color string) string {
	pad := strings.TrimRight(carets, "^")
	return pad + p.paint(color, carets[len(pad):])
}

// line returns the source line of a span.
func (p *printer) line(at Span) (string, bool) {
	if p.source == nil || at.File == "" || !at.Known() {
		return "", false
	}
	lines, ok := p.lines[at.File]
	if !ok {
		lines = SplitLines(p.source(at.File))
		p.lines[at.File] = lines
	}
	if at.Line > len(lines) {
		return "", false
	}
	return lines[at.Line-1], true
}

// SplitLines cuts a file into lines as a [Span] counts them: at LF, CRLF or a lone CR, and without a byte order mark.
func SplitLines(src []byte) []string {
	if len(src) == 0 {
		return nil
	}
	s := strings.TrimPrefix(string(src), "\ufeff")
	s = strings.ReplaceAll(s, "\r\n", "\n")
	return strings.Split(strings.ReplaceAll(s, "\r", "\n"), "\n")
}

// clean makes a message safe to print; line breaks are kept.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		if r == '\n' {
			return r
		}
		return visible(r)
	}, s)
}

func indent(s, by string) string { return strings.ReplaceAll(s, "\n", "\n"+by) }
