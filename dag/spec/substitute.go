package spec

import (
	"errors"
	"fmt"
	"os"
	"regexp"
	"strings"
	"unicode/utf8"

	"flowrun/dag/diag"
)

// maxReadFile is the largest file that ${file:...} reads, in bytes.
const maxReadFile = 1 << 20

// environment is what substitutions are made from.
type environment struct {
	lookup   func(name string) (string, bool)
	readFile func(path string) ([]byte, error)
	list     *diag.List
	secrets  *diag.Secrets // takes the values that are secret
	depth    int           // of defaults within defaults
}

// maxNested is how deep substitutions may stand in one another's defaults.
const maxNested = 10

// part is a stretch of a text: the characters [from, to) of the raw text, and what they stand for.
type part struct {
	from, to int
	value    string
	outside  bool // the value came from outside
}

var (
	variableForm = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*`)
	numberForm   = regexp.MustCompile(`^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?$`)
)

// substitute replaces ${...} and $$ in a leaf.
func (b *builder) substitute(v *Value) {
	if !strings.Contains(v.Text.Value, "$") {
		return
	}
	parts, ok := b.env.parts(v.Text)
	if !ok {
		v.broken, v.Kind = true, Null
		return
	}
	if len(parts) == 1 && !parts[0].outside && parts[0].value == v.Text.Value {
		return
	}
	v.raw, v.parts = v.Text, parts
	var b2 strings.Builder
	for _, p := range parts {
		b2.WriteString(p.value)
	}
	v.Text = composed(v.raw, parts, b2.String())
	if len(parts) == 1 && parts[0].outside {
		// A leaf that is one whole substitution is decoded by its field's type, quoted or not.
		v.Quoted = false
	}
}

// parts cuts a text at its substitutions.
func (e *environment) parts(text diag.Text) ([]part, bool) {
	raw := []rune(text.Value)
	var parts []part
	ok := true
	literal := func(from, to int, value string) {
		if n := len(parts); n > 0 && !parts[n-1].outside && len([]rune(parts[n-1].value)) == parts[n-1].to-parts[n-1].from && to-from == len([]rune(value)) {
			parts[n-1].to, parts[n-1].value = to, parts[n-1].value+value
			return
		}
		parts = append(parts, part{from, to, value, false})
	}
	for i := 0; i < len(raw); {
		switch {
		case raw[i] == '$' && i+1 < len(raw) && raw[i+1] == '$':
			literal(i, i+2, "$")
			i += 2
		case raw[i] == '$' && i+1 < len(raw) && raw[i+1] == '{':
			end := closingBrace(raw, i)
			if end < 0 {
				e.fail(codeSubstitution, text.Slice(i, i+2), "this ${ is never closed", "write ${VAR}, or $${ for the characters themselves")
				return nil, false
			}
			value, good := e.value(string(raw[i+2:end-1]), text.Slice(i, end))
			ok = ok && good
			parts = append(parts, part{i, end, value, true})
			i = end
		default:
			j := i + 1
			for j < len(raw) && raw[j] != '$' {
				j++
			}
			literal(i, j, string(raw[i:j]))
			i = j
		}
	}
	return parts, ok
}

// closingBrace is the index behind the brace that closes the substitution at i, -1 when there is none.
func closingBrace(raw []rune, i int) int {
	depth := 0
	for ; i < len(raw); i++ {
		switch {
		case raw[i] == '$' && i+1 < len(raw) && raw[i+1] == '{':
			depth++
			i++
		case raw[i] == '}':
			if depth--; depth == 0 {
				return i + 1
			}
		}
	}
	return -1
}

func (e *environment) fail(code diag.Code, at diag.Span, message, hint string) (string, bool) {
	e.list.Add(diag.Diagnostic{Code: code, Message: message, Hint: hint, At: at})
	return "", false
}

// value computes what stands between ${ and }.
func (e *environment) value(inner string, at diag.Span) (string, bool) {
	if path, ok := strings.CutPrefix(inner, "file:"); ok {
		return e.file(path, at)
	}
	name := variableForm.FindString(inner)
	rest := inner[len(name):]
	var value string
	var set bool
	if e.lookup != nil && name != "" {
		value, set = e.lookup(name)
	}
	switch {
	case name == "" || rest != "" && rest[0] != ':':
		hint := "the forms are ${VAR}, ${VAR:-default}, ${VAR:?message} and ${file:/path}; write $${ for the characters themselves"
		if name != "" && (rest[0] == '-' || rest[0] == '?') {
			hint = "write ${" + name + ":" + rest + "}"
		}
		return e.fail(codeSubstitution, at, fmt.Sprintf("${%s} is no substitution", inner), hint)
	case rest == "":
		if !set {
			return e.fail(codeUnset, at, fmt.Sprintf("the environment variable %s is not set", name),
				fmt.Sprintf("set it, or give a default: ${%s:-default}", name))
		}
		return e.text(value, at, name)
	case strings.HasPrefix(rest, ":-"):
		if value != "" {
			return e.text(value, at, name)
		}
		return e.fallback(rest[2:], at)
	case strings.HasPrefix(rest, ":?"):
		if value != "" {
			return e.text(value, at, name)
		}
		message := fmt.Sprintf("the environment variable %s is not set", name)
		if rest != ":?" {
			message += ": " + rest[2:]
		}
		return e.fail(codeUnset, at, message, "set it, or put it in a file for --env-file")
	}
	return e.fail(codeSubstitution, at, fmt.Sprintf("${%s} is no substitution", inner),
		"the forms are ${VAR}, ${VAR:-default}, ${VAR:?message} and ${file:/path}")
}

// fallback computes a default, which may hold substitutions of its own.
func (e *environment) fallback(text string, at diag.Span) (string, bool) {
	if !strings.Contains(text, "$") {
		return text, true
	}
	if e.depth == maxNested {
		return e.fail(codeSubstitution, at, "substitutions stand in one another too deeply here", "make the default simpler")
	}
	e.depth++
	parts, ok := e.parts(diag.Text{Value: text, At: at, Map: func(int, int) diag.Span { return at }})
	e.depth--
	var b strings.Builder
	for _, p := range parts {
		b.WriteString(p.value)
	}
	return b.String(), ok
}

func (e *environment) text(value string, at diag.Span, name string) (string, bool) {
	if !utf8.ValidString(value) {
		return e.fail(codeSubstitution, at, fmt.Sprintf("the value of %s is not UTF-8 text", name), "only text can be a setting")
	}
	if secretName.MatchString(name) {
		e.secret(value)
	}
	return value, true
}

func (e *environment) file(path string, at diag.Span) (string, bool) {
	if path == "" {
		return e.fail(codeSubstitution, at, "${file:} names no file", "write ${file:/path}")
	}
	if e.readFile == nil {
		return e.fail(codeReadFile, at, "files cannot be read here", "use an environment variable: ${VAR}")
	}
	content, err := e.readFile(path)
	if err != nil {
		var path *os.PathError
		if errors.As(err, &path) {
			err = path.Err
		}
		return e.fail(codeReadFile, at, fmt.Sprintf("cannot read the file: %v", err),
			"check the path and its permissions; a relative path starts at the working directory")
	}
	if len(content) > maxReadFile {
		return e.fail(codeReadFile, at, "the file is larger than 1 MiB", "only short texts such as passwords belong here")
	}
	if !utf8.Valid(content) {
		return e.fail(codeReadFile, at, "the file is not UTF-8 text", "only text can be a setting")
	}
	text := strings.TrimSuffix(strings.TrimSuffix(string(content), "\n"), "\r")
	e.secret(text)
	return text, true
}

func (e *environment) secret(value string) {
	if e.secrets != nil {
		e.secrets.Add(value)
	}
}
