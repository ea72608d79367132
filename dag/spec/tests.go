package spec

import (
	"flowrun/dag/diag"
)

// LoadTests reads a file that holds nothing but the tests of a pipeline, under the key `tests`, and returns what stands
// there: nil when there is nothing to be had. Kinds of the options do not matter.
func LoadTests(path string, content []byte, o Options) (*Value, diag.List) {
	l := &loader{options: o, file: &File{Path: path, Source: content}}
	top := l.tree(path, content)
	var tests *Value
	if top != nil {
		for _, e := range top.Entries {
			if e.Key == "tests" {
				tests = e.Value
				continue
			}
			l.add(codeUnknownKey, e.KeyAt, "a file of tests has no key \""+e.Key+"\"", "write `tests:` and a list below it; all else stands in the pipeline's own file")
		}
		if tests == nil && !top.Broken() {
			l.add(codeRequired, diag.Span{File: path}, "the file has no tests", "begin with `tests:` and a list below it")
		}
	}
	l.list.Sort()
	return tests, l.list
}
