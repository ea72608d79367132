package http

import (
	"slices"
	"strings"

	"flowrun/dag/diag"
	"flowrun/dag/spec"
)

// template is a text in which values of a row take the places of expressions in {{ }}.
type template struct {
	literals []string // one stands before each expression, and one behind the last
	first    int      // place of its first expression among those of all templates
}

// holes is how many expressions the template has.
func (t *template) holes() int { return max(len(t.literals)-1, 0) }

// filled is the template with the same text in every hole.
func (t *template) filled(with string) string { return strings.Join(t.literals, with) }

// templates are the settings of a sink that can have expressions.
type templates struct {
	url     template
	headers []headerTemplate // those that have expressions, by name
	body    template         // no literals: rows are written in the format
	exprs   []diag.Text      // of all
	open    []diag.Span      // each {{ that has no }}
}

type headerTemplate struct {
	name  string
	value template
}

// templatesOf reads the templates of c; written has the settings as they stand in the file, and may be nil.
func templatesOf(c SinkConfig, written *spec.Value) *templates {
	t := &templates{}
	t.url = t.read(c.URL, written.Get("url"))
	names := make([]string, 0, len(c.Headers))
	for name := range c.Headers {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		if value := t.read(c.Headers[name], written.Get("headers").Get(name)); value.holes() > 0 {
			t.headers = append(t.headers, headerTemplate{name, value})
		}
	}
	if c.Body != "" {
		t.body = t.read(c.Body, written.Get("body"))
	}
	return t
}

// perRow reports whether requests differ by row in more than what the format makes of it.
func (t *templates) perRow() bool { return len(t.exprs) > 0 || len(t.body.literals) > 0 }

func (t *templates) read(value string, written *spec.Value) template {
	text := diag.Text{Value: value}
	if written != nil {
		text.At = written.At
		if written.Text.Value == value {
			text = written.Text
		}
	}
	out := template{first: len(t.exprs)}
	runes, begin := []rune(value), 0
	for i := 0; i+1 < len(runes); {
		if runes[i] != '{' || runes[i+1] != '{' {
			i++
			continue
		}
		end := closing(runes, i+2)
		if end < 0 {
			t.open = append(t.open, text.Slice(i, i+2))
			break
		}
		out.literals = append(out.literals, string(runes[begin:i]))
		t.exprs = append(t.exprs, part(text, runes, i+2, end))
		i = end + 2
		begin = i
	}
	out.literals = append(out.literals, string(runes[begin:]))
	return out
}

// closing finds the }} of an expression that begins at i: not inside of a string, and not that of a map; -1: there is none.
func closing(runes []rune, i int) int {
	depth := 0
	var quote rune // 0: outside of a string
	for ; i < len(runes); i++ {
		switch c := runes[i]; {
		case quote != 0:
			if c == '\\' && quote != '`' {
				i++
			} else if c == quote {
				quote = 0
			}
		case c == '"' || c == '\'' || c == '`':
			quote = c
		case c == '{':
			depth++
		case c == '}' && depth > 0:
			depth--
		case c == '}' && i+1 < len(runes) && runes[i+1] == '}':
			return i
		}
	}
	return -1
}

// part is what stands between two runes of a text, without the blanks around it, with its own place in the file.
func part(text diag.Text, runes []rune, from, to int) diag.Text {
	const blanks = " \t\r\n"
	for from < to && strings.ContainsRune(blanks, runes[from]) {
		from++
	}
	for to > from && strings.ContainsRune(blanks, runes[to-1]) {
		to--
	}
	return diag.Text{
		Value: string(runes[from:to]), At: text.Slice(from, max(to, from+1)),
		Map: func(a, b int) diag.Span { return text.Slice(from+a, from+b) },
	}
}
