package spec

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"

	"flowrun/dag/diag"
)

const (
	maxRounds = 24       // how often a file with mistakes is patched and read again
	maxParsed = 16 << 20 // how many bytes are read in all rounds together
	maxFaults = 100      // how many mistakes are shown that YAML itself would have refused
)

// parse reads the text as YAML. A mistake of which it can tell what was meant is reported, patched over, and the text is
// read again, so that all mistakes are found. The root is nil when there is nothing in the file or it could not be read.
// Words that are keys wherever they stand help it.
func parse(src *source, known map[string]bool, list *diag.List) (*yaml.Node, *patched) {
	p := newPatched(src)
	p.known = known
	quoted := map[int]mask{} // diagnostics whose hint is made at the end
	report := func(faults []fault) {
		// Patches that move the rest of their line come last and from the right, so that the places of the others hold.
		slices.SortStableFunc(faults, func(a, b fault) int {
			switch {
			case a.moves && b.moves:
				return b.from.col - a.from.col
			case a.moves:
				return 1
			case b.moves:
				return -1
			}
			return 0
		})
		for _, f := range faults {
			d := diag.Diagnostic{Code: f.code, Message: f.message, Hint: f.hint, At: src.between(p.file(f.from), p.file(f.to))}
			f.apply(p)
			if f.quoted {
				quoted[len(*list)] = p.masks[f.from]
			}
			list.Add(d)
		}
	}
	defer func() {
		for n, m := range quoted {
			(*list)[n].Hint = p.quotedHint(m)
		}
	}()
	size := 0
	for round := 0; ; round++ {
		text := p.bytes()
		root, second, err := read(text)
		var faults []fault
		if err != nil {
			faults = scan(p)
		} else {
			faults = splits(p, root)
		}
		size += len(text)
		if len(faults) > 0 && round < maxRounds && size < maxParsed && len(p.masks) < maxFaults {
			report(faults[:min(len(faults), maxFaults)])
			continue
		}
		if err != nil {
			if round == 0 { // else what is left may well come from the patches
				list.Add(vague(src, p, err))
			}
			return nil, p
		}
		if second > 0 {
			for second > 1 && !strings.HasPrefix(string(src.line(second)), "---") {
				second--
			}
			list.Add(diag.Diagnostic{
				Code: codeDocuments, Message: "a second document begins here; one file is one pipeline",
				Hint: "move it to a file of its own", At: src.span(pos{second, 1}, 3),
			})
		}
		return root, p
	}
}

// read parses the first document, and tells the line of a second one if there is one.
func read(text []byte) (root *yaml.Node, second int, err error) {
	defer func() {
		// The library reports its own errors by panics and may let one slip; a file must never end the program.
		if r := recover(); r != nil {
			root, err = nil, fmt.Errorf("yaml: %v", r)
		}
	}()
	d := yaml.NewDecoder(bytes.NewReader(text))
	var doc, next yaml.Node
	if err := d.Decode(&doc); errors.Is(err, io.EOF) {
		return nil, 0, nil
	} else if err != nil {
		return nil, 0, err
	}
	if d.Decode(&next) == nil {
		second = next.Line
	}
	if len(doc.Content) == 0 {
		return nil, second, nil
	}
	return doc.Content[0], second, nil
}

var errorLine = regexp.MustCompile(`^yaml: (?:line (\d+): )?`)

// vague makes the best of an error of the library that the recogniser could not explain.
func vague(src *source, p *patched, err error) diag.Diagnostic {
	text := err.Error()
	line := 1
	if m := errorLine.FindStringSubmatch(text); m != nil {
		text = strings.TrimPrefix(text, m[0])
		if n, err := strconv.Atoi(m[1]); err == nil {
			line = min(max(n, 1), len(src.lines))
		}
	}
	for line > 1 && insignificant(src.line(line)) {
		line--
	}
	at := pos{line, indentOf(src.line(line)) + 1}
	return diag.Diagnostic{
		Code: codeSyntax, Message: "this is not YAML, here or just above: " + text,
		Hint: "check quotes, colons and indentation here and in the lines above",
		At:   src.between(at, pos{line, len(trimRight(src.line(line))) + 1}),
	}
}

// splits finds expressions inside braces and brackets that YAML has cut at their commas without complaint.
func splits(p *patched, root *yaml.Node) []fault {
	if root == nil || root.Kind != yaml.MappingNode {
		return nil
	}
	s := &scanner{p: p, anchors: map[string]bool{}}
	var visit func(n *yaml.Node, depth int)
	visit = func(n *yaml.Node, depth int) {
		if depth > maxDepth {
			return
		}
		if n.Style&yaml.FlowStyle != 0 && s.split(n) && n.Line <= len(p.lines) && n.Column <= len(p.lines[n.Line-1]) {
			at := pos{n.Line, n.Column}
			for at.col <= len(p.lines[at.line-1]) && !strings.ContainsRune("{[", p.lines[at.line-1][at.col-1]) {
				at.col++
			}
			if at.col <= len(p.lines[at.line-1]) {
				f := flow{s: s, start: at}
				if _, ok := f.collection(at); ok && len(f.faults) > 0 {
					s.faults = append(s.faults, f.faults...)
					return
				}
			}
		}
		for _, c := range n.Content {
			visit(c, depth+1)
		}
	}
	for i := 0; i+1 < len(root.Content); i += 2 {
		if key := root.Content[i].Value; key != "tests" && !strings.HasPrefix(key, "x-") {
			visit(root.Content[i+1], 0)
		}
	}
	return s.faults
}

// split reports whether a collection in braces or brackets looks as if a comma had cut an expression: a parenthesis
// opens in one entry and closes in a later one.
func (s *scanner) split(n *yaml.Node) bool {
	open := false
	for i, c := range n.Content {
		if c.Kind != yaml.ScalarNode || c.Style != 0 {
			continue
		}
		if c.Tag == "!!null" && i%2 == 1 && n.Kind == yaml.MappingNode {
			continue
		}
		depth := strings.Count(c.Value, "(") - strings.Count(c.Value, ")")
		if open && depth < 0 {
			return true
		}
		open = open || depth > 0
	}
	return false
}
