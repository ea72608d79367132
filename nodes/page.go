package nodes

import (
	"fmt"
	"strings"

	"flowrun/dag/spec"
)

// Page is the reference page of a kind, markdown: its doc.md with a table of its settings behind the first example. A kind
// with two roles has both on one page. It is "" for a name that no kind has.
func Page(name string) string {
	var forms []*Entry
	for _, e := range All() {
		if e.Name == name {
			forms = append(forms, e)
		}
	}
	switch {
	case len(forms) == 0:
		return ""
	case len(forms) == 1:
		e := forms[0]
		return withSettings(titled(e), "## Settings\n\n"+roleLine(e)+settingsTable(e))
	case forms[0].Doc == forms[1].Doc:
		var b strings.Builder
		for _, e := range forms {
			fmt.Fprintf(&b, "## Settings as a %s\n\n%s", e.Role, strings.TrimLeft(settingsTable(e), " \n"))
		}
		return withSettings(titled(forms[0]), b.String())
	}
	var b strings.Builder
	fmt.Fprintf(&b, "# %s\n", name)
	for _, e := range forms {
		body := withSettings(e.Doc, "## Settings\n\n"+strings.TrimLeft(settingsTable(e), " \n"))
		fmt.Fprintf(&b, "\n## As a %s\n%s", e.Role, deeper(body))
	}
	return b.String()
}

// titled is the doc.md of a kind with its name as the title.
func titled(e *Entry) string {
	if strings.HasPrefix(e.Doc, "# ") {
		return e.Doc
	}
	return "# " + e.Name + "\n\n" + e.Doc
}

// withSettings puts a section behind the first example of a page, or at its end.
func withSettings(doc, section string) string {
	doc = strings.TrimRight(doc, "\n") + "\n"
	fence := "\n```\n"
	i := strings.Index(doc, fence)
	if i < 0 {
		return doc + "\n" + section
	}
	i += len(fence)
	// What is said of the example before the next heading belongs to it.
	next := nextHeading(doc[i:])
	head, rest := strings.TrimRight(doc[:i+next], "\n"), doc[i+next:]
	if rest != "" {
		return head + "\n\n" + section + rest
	}
	return head + "\n\n" + strings.TrimRight(section, "\n") + "\n"
}

// nextHeading is where the first heading outside of code begins, or the length of text.
func nextHeading(text string) int {
	at, code := 0, false
	for line := range strings.Lines(text) {
		switch {
		case strings.HasPrefix(line, "```"):
			code = !code
		case !code && strings.HasPrefix(line, "#"):
			return at
		}
		at += len(line)
	}
	return at
}

// deeper moves every heading of a page one level down and leaves the title out.
func deeper(doc string) string {
	var b strings.Builder
	code := false
	for line := range strings.Lines(doc) {
		switch {
		case strings.HasPrefix(line, "```"):
			code = !code
		case !code && strings.HasPrefix(line, "# "):
			continue
		case !code && strings.HasPrefix(line, "#"):
			line = "#" + line
		}
		b.WriteString(line)
	}
	return b.String()
}

func roleLine(e *Entry) string {
	reads := ""
	switch {
	case e.Role == Source:
	case e.MaxInputs < 0:
		reads = " that reads any number of nodes"
	case e.MaxInputs > 1:
		reads = fmt.Sprintf(" that reads up to %d nodes", e.MaxInputs)
	}
	lanes := ""
	if e.Lanes {
		lanes = " `parallelism` lets it run in several [lanes](../pipelines.md#lanes)."
	}
	return fmt.Sprintf("A %s%s.%s", e.Role, reads, lanes)
}

// settingsTable describes the settings of a kind, nested ones as `outer.inner`.
func settingsTable(e *Entry) string {
	keys := spec.Keys(e.New())
	switch {
	case len(keys) == 0:
		return " It has no settings: `" + e.Name + ": {}`.\n\n"
	case len(keys) == 1 && keys[0].Name == "":
		return " Its one setting stands behind the kind: " + words(keys[0]) + ".\n\n"
	}
	var b strings.Builder
	b.WriteString("\n\n| setting | type | default | meaning |\n|---|---|---|---|\n")
	settingsRows(&b, "", keys)
	b.WriteString("\n")
	return b.String()
}

func settingsRows(b *strings.Builder, outer string, keys []spec.KeyDoc) {
	for _, k := range keys {
		fallback := ""
		switch {
		case k.Required:
			fallback = "required"
		case k.Default != "":
			fallback = "`" + k.Default + "`"
		}
		fmt.Fprintf(b, "| `%s%s` | %s | %s | %s |\n", outer, k.Name, cell(words(k)), cell(fallback), cell(meaning(k)))
		inner := outer + k.Name + "."
		if strings.HasPrefix(k.Type, "list of ") {
			inner = outer + k.Name + "[]."
		} else if strings.HasPrefix(k.Type, "map of names") {
			inner = outer + k.Name + ".NAME."
		}
		settingsRows(b, inner, k.Keys)
	}
}

// meaning is what a setting is for.
func meaning(k spec.KeyDoc) string {
	if k.Secret {
		return strings.TrimPrefix(k.Doc+"; secret: its value is never shown", "; ")
	}
	return k.Doc
}

// words is the type of a setting with what bounds it.
func words(k spec.KeyDoc) string {
	s := k.Type
	if len(k.Enum) > 0 {
		s = "`" + strings.Join(k.Enum, "`, `") + "`"
		if strings.HasPrefix(k.Type, "list of ") {
			s = "list of " + s
		}
	}
	switch {
	case k.Min != "" && k.Max != "":
		s += ", " + k.Min + " to " + k.Max
	case k.Min != "":
		s += ", at least " + k.Min
	case k.Max != "":
		s += ", at most " + k.Max
	}
	return s
}

func cell(s string) string { return strings.ReplaceAll(strings.ReplaceAll(s, "|", `\|`), "\n", " ") }
