package spec

import (
	"fmt"
	"strconv"
	"strings"

	"flowrun/dag/diag"
)

// composed is a text put together from parts of another one, with the places of the raw text. value is what the parts'
// values make, one after another.
func composed(raw diag.Text, parts []part, value string) diag.Text {
	type stretch struct {
		to   int // rune offset behind it in value
		part part
	}
	var stretches []stretch
	n := 0
	for _, p := range parts {
		n += len([]rune(p.value))
		stretches = append(stretches, stretch{n, p})
	}
	// source gives the offset in the raw text of an offset in value; at the inside of a part that was replaced it is the
	// part's start or, as an end, its end.
	source := func(at int, end bool) int {
		from := 0
		for i, s := range stretches {
			if at < s.to || end && at == s.to || i == len(stretches)-1 {
				if s.to-from == s.part.to-s.part.from && !s.part.outside {
					return s.part.from + at - from
				}
				if end && at > from || at >= s.to {
					return s.part.to
				}
				return s.part.from
			}
			from = s.to
		}
		return at
	}
	return diag.Text{Value: value, At: raw.At, Map: func(from, to int) diag.Span {
		a := source(from, false)
		return raw.Slice(a, max(source(to, true), a))
	}}
}

// expression is the text of a leaf where an expression is wanted. A substitution is a value there and can never become
// code: in a string literal of the expression it is a piece of that string, elsewhere it is a number, true or false when
// it looks like one, and else a string literal.
func (v *Value) expression(list *diag.List) diag.Text {
	if len(v.parts) == 0 {
		return v.Text
	}
	var b strings.Builder
	parts := make([]part, len(v.parts))
	var state lexState
	for i, p := range v.parts {
		parts[i] = p
		if !p.outside {
			state.read(p.value)
			b.WriteString(p.value)
			continue
		}
		text, ok := state.literal(p.value)
		if !ok {
			list.Add(diag.Diagnostic{
				Code: codeSubstitution, At: v.raw.Slice(p.from, p.to),
				Message: "this value cannot be written here: it holds a backtick, or a backslash stands before it",
				Hint:    "put the string in double quotes, and no backslash right before ${",
			})
		}
		parts[i].value = text
		b.WriteString(text)
		state.last = ')' // whatever it is, it is a value
	}
	return composed(v.raw, parts, b.String())
}

// lexState knows whether a place in an expression is inside a string or comment.
type lexState struct {
	in      rune // the quote of the string, '/' in a line comment, '*' in a block comment, 0 in code
	last    rune // the character before
	escaped bool
}

func (s *lexState) read(text string) {
	for _, r := range text {
		switch {
		case s.in == 0 && (r == '"' || r == '\'' || r == '`'):
			s.in = r
		case s.in == 0 && s.last == '/' && (r == '/' || r == '*'):
			s.in = r
			r = 0
		case s.in == '/' && r == '\n', s.in == '*' && s.last == '*' && r == '/':
			s.in = 0
			r = 0
		case s.escaped:
			s.escaped = false
		case (s.in == '"' || s.in == '\'') && r == '\\':
			s.escaped = true
		case s.in == r && s.in != '/' && s.in != '*':
			s.in = 0
		}
		s.last = r
	}
}

// literal writes a value as it has to stand at this place. It returns false when the place has no way to write it.
func (s *lexState) literal(value string) (string, bool) {
	switch s.in {
	case '/', '*':
		return "", true
	case '`':
		return strings.ReplaceAll(value, "`", ""), !strings.Contains(value, "`")
	case '"', '\'':
		if s.escaped {
			s.escaped = false
			return "", false
		}
		return escape(value, s.in), true
	}
	switch {
	case value == "true" || value == "false":
		return " " + value + " ", true
	case numberForm.MatchString(value) && fits(value):
		if value[0] == '-' {
			return "(" + value + ")", true
		}
		return " " + value + " ", true
	}
	return `"` + escape(value, '"') + `"`, true
}

// fits reports whether a number has a place in the language: an integer of more than 64 bits has none.
func fits(value string) bool {
	if strings.ContainsAny(value, ".eE") {
		_, err := strconv.ParseFloat(value, 64)
		return err == nil
	}
	_, err := strconv.ParseInt(value, 10, 64)
	return err == nil
}

// escape writes text as it stands between quotes of an expression.
func escape(text string, quote rune) string {
	var b strings.Builder
	for _, r := range text {
		switch {
		case r == quote || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\r':
			b.WriteString(`\r`)
		case r == '\t':
			b.WriteString(`\t`)
		case r < 0x20 || r == 0x7f:
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}
