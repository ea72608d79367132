package diag

import "slices"

// Code names one kind of mistake for good: it is printed with every diagnostic, can be searched for, and has a page.
// FR01xx are about the file and YAML, FR02xx about the graph and its types, FR03xx about expressions, FR04xx about
// one kind's own settings, FR05xx about the run.
type Code string

// Page is what the reference says of a code.
type Page struct {
	Code  Code
	Title string // a few words, lower case
	Text  string // what it means and how to mend it, markdown
}

var pages = map[Code]Page{}

// Define registers a code with its page and returns it; it is called from package variables only. A code that is
// defined twice is a bug and panics at start.
func Define(code Code, title, text string) Code {
	if _, ok := pages[code]; ok {
		panic("diag: code defined twice: " + string(code))
	}
	pages[code] = Page{Code: code, Title: title, Text: text}
	return code
}

// Pages returns the pages of all defined codes, in order of their codes.
func Pages() []Page {
	all := make([]Page, 0, len(pages))
	for _, p := range pages {
		all = append(all, p)
	}
	slices.SortFunc(all, func(a, b Page) int {
		if a.Code < b.Code {
			return -1
		}
		return 1
	})
	return all
}
