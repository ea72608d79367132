package pane

import (
	"fmt"
	"strings"
)

// Text is what the pane shows as tab-separated values, its columns' names first, and how much that is.
func (p *Batch) Text() (text, what string) {
	if p.Empty() {
		return "", ""
	}
	var b strings.Builder
	for i, c := range p.table.columns {
		if i > 0 {
			b.WriteByte('\t')
		}
		b.WriteString(c.Name)
	}
	b.WriteByte('\n')
	for _, r := range p.table.rows {
		for i, c := range r.cells {
			if i > 0 {
				b.WriteByte('\t')
			}
			b.WriteString(c.Text)
		}
		b.WriteByte('\n')
	}
	return b.String(), fmt.Sprintf("%s as tab-separated values", plural(len(p.table.rows), "row"))
}

// SchemaText is the scene's schema in full, in the form of Spark's printSchema.
func SchemaText(s *Scene) string {
	tree := s.Look().Schema.Tree
	if len(tree) == 0 {
		return ""
	}
	return strings.Join(tree, "\n") + "\n"
}

// Text is the lines in view, in full.
func (p *Log) Text() string {
	var b strings.Builder
	last := p.last()
	for i := max(last+1-max(p.h-2, 1), 0); i <= last; i++ {
		l := p.lines[i]
		if logHead(l) > 0 {
			_, word := levelWord(l.event.Level)
			b.WriteString(l.event.At.Format("15:04:05") + "  " + word + "  ")
		}
		b.WriteString(l.text)
		if l.event.Place != "" {
			b.WriteString("  " + l.event.Place)
		}
		b.WriteByte('\n')
	}
	return b.String()
}
