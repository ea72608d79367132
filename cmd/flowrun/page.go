package main

import (
	"io"
	"regexp"
	"strings"
	"unicode/utf8"
)

// pageWidth is how wide a page is set in the terminal.
const pageWidth = 100

var (
	pageLink = regexp.MustCompile(`\[([^\]]*)\]\([^)]*\)`)
	pageCode = regexp.MustCompile("`([^`]*)`")
	pageItem = regexp.MustCompile(`^(\s*)(- |[0-9]+\. )`)
	pageRule = regexp.MustCompile(`^\|[-| :]+\|$`)
)

// writePage sets markdown as text for a terminal: paragraphs and lists wrapped, code indented, tables in columns. It knows
// what our pages use.
func writePage(w io.Writer, markdown string, color bool) error {
	p := page{color: color}
	lines := strings.Split(strings.TrimRight(markdown, "\n"), "\n")
	for i := 0; i < len(lines); {
		line := lines[i]
		switch {
		case strings.HasPrefix(line, "```"):
			for i++; i < len(lines) && !strings.HasPrefix(lines[i], "```"); i++ {
				p.line(strings.TrimRight("    "+lines[i], " "))
			}
			i++
		case strings.HasPrefix(line, "<!--"):
			i++
		case strings.HasPrefix(line, "#"):
			p.line(p.paint("1", strings.TrimSpace(strings.TrimLeft(line, "#"))))
			i++
		case strings.HasPrefix(line, "|"):
			end := i
			for end < len(lines) && strings.HasPrefix(lines[end], "|") {
				end++
			}
			p.table(lines[i:end])
			i = end
		case strings.TrimSpace(line) == "":
			p.line("")
			i++
		default:
			end := i + 1
			for end < len(lines) && continues(lines[end]) {
				end++
			}
			p.paragraph(lines[i:end])
			i = end
		}
	}
	_, err := io.WriteString(w, p.b.String())
	return err
}

// continues reports whether a line belongs to the paragraph before it.
func continues(line string) bool {
	return strings.TrimSpace(line) != "" && !strings.HasPrefix(line, "#") && !strings.HasPrefix(line, "```") &&
		!strings.HasPrefix(line, "|") && !pageItem.MatchString(line)
}

type page struct {
	b     strings.Builder
	color bool
}

func (p *page) line(s string) { p.b.WriteString(s + "\n") }

func (p *page) paint(code, s string) string {
	if !p.color {
		return s
	}
	return "\x1b[" + code + "m" + s + "\x1b[0m"
}

// inline sets links and code within a line that has been wrapped.
func (p *page) inline(s string) string {
	return pageCode.ReplaceAllStringFunc(s, func(code string) string {
		if !p.color {
			return code
		}
		return p.paint("36", strings.Trim(code, "`"))
	})
}

// paragraph wraps lines at words; what belongs to an entry of a list hangs behind its mark.
func (p *page) paragraph(lines []string) {
	indent := ""
	if m := pageItem.FindString(lines[0]); m != "" {
		indent = strings.Repeat(" ", len(m))
	}
	text := pageLink.ReplaceAllString(strings.Join(lines, "\n"), "$1")
	first := text[:len(indent)]
	for i, line := range wrapWords(text[len(indent):], pageWidth-len(indent)) {
		before := indent
		if i == 0 {
			before = first
		}
		p.line(before + p.inline(line))
	}
}

// wrapWords cuts text into lines of at most width characters, longer words excepted; code between backticks stays whole.
func wrapWords(text string, width int) []string {
	joined := pageCode.ReplaceAllStringFunc(strings.Join(strings.Fields(text), " "), func(code string) string {
		return strings.ReplaceAll(code, " ", "\x00")
	})
	var lines []string
	line := ""
	for word := range strings.FieldsSeq(joined) {
		if line != "" && utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) > width {
			lines = append(lines, line)
			line = ""
		}
		if line != "" {
			line += " "
		}
		line += word
	}
	lines = append(lines, line)
	for i := range lines {
		lines[i] = strings.ReplaceAll(lines[i], "\x00", " ")
	}
	return lines
}

// table sets a table in columns; the last one is wrapped.
func (p *page) table(lines []string) {
	var rows [][]string
	for _, line := range lines {
		if pageRule.MatchString(line) {
			continue
		}
		cells := strings.Split(strings.ReplaceAll(strings.Trim(line, "|"), `\|`, "\x01"), "|")
		for i, c := range cells {
			c = pageLink.ReplaceAllString(strings.TrimSpace(c), "$1")
			cells[i] = strings.ReplaceAll(strings.ReplaceAll(c, "\x01", "|"), "`", "")
		}
		rows = append(rows, cells)
	}
	var widths []int
	for _, row := range rows {
		for i, c := range row {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], utf8.RuneCountInString(c))
		}
	}
	for n, row := range rows {
		before := "  "
		for i, c := range row {
			if i == len(row)-1 {
				room := max(pageWidth-utf8.RuneCountInString(before), 30)
				for k, line := range wrapWords(c, room) {
					start := before
					if k > 0 {
						start = strings.Repeat(" ", utf8.RuneCountInString(before))
					}
					if n == 0 {
						line = p.paint("1", line)
					}
					p.line(strings.TrimRight(start+line, " "))
				}
				break
			}
			before += c + strings.Repeat(" ", widths[i]-utf8.RuneCountInString(c)+2)
		}
	}
}
