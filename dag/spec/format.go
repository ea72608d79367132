package spec

import (
	"errors"
	"strings"

	"gopkg.in/yaml.v3"

	"flowrun/dag/diag"
)

// ErrLayout is the error of a file that [Format] does not know how to lay out without changing what it means.
var ErrLayout = errors.New("the file is laid out in a way that cannot be tidied safely, and is left as it is")

// Format gives a pipeline file in the layout of this house: each level two blanks deeper, a list below its key two as
// well, one blank behind a colon and a dash, none at the ends of lines, at most one blank line in a row, a line break at
// the end, and an expression with quotes of its own in single quotes instead of behind backslashes. It changes the text
// where nodes stand and writes nothing anew, so comments, blank lines, the order of keys, flow style and line breaks stay.
//
// The result means the same to the letter, which is checked. The error of a file that is no YAML is a [diag.List]; a file
// with other mistakes is laid out all the same.
func Format(path string, src []byte) ([]byte, error) {
	var list diag.List
	s := readSource(path, src, &list)
	if list.HasErrors() {
		return nil, list
	}
	p := newPatched(s)
	root, second, err := read(p.bytes())
	if err != nil {
		if _, list = Load(path, src, formatOptions()); list.HasErrors() {
			return nil, list
		}
		return nil, ErrLayout
	}
	if root == nil || root.Kind != yaml.MappingNode || root.Style&yaml.FlowStyle != 0 || second > 0 {
		return nil, ErrLayout
	}
	l := newLayout(s, p)
	l.mapping(root, 0)
	if l.odd {
		return nil, ErrLayout
	}
	out := []byte(strings.Join(l.text(), "\n") + "\n")
	if !sameFile(path, src, out) {
		return nil, ErrLayout
	}
	return out, nil
}

// formatOptions read a file for its layout: substitutions stand for themselves.
func formatOptions() Options {
	return Options{
		Env:      func(name string) (string, bool) { return name, true },
		ReadFile: func(path string) ([]byte, error) { return []byte(path), nil },
	}
}
