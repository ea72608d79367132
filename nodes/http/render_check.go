package http

import (
	"encoding/json"
	"net/http"
	"net/url"

	"flowrun/dag/diag"
	"flowrun/dag/plan"
	"flowrun/nodes"
)

// exprsOf are the expressions of templates, for Bind to type.
func exprsOf(t *templates) []plan.Expr {
	list := make([]plan.Expr, len(t.exprs))
	for i, text := range t.exprs {
		list[i].Text = text
	}
	return list
}

// checkTemplates reports what is wrong with templates, and returns false then.
func checkTemplates(b *nodes.Builder, c SinkConfig, t *templates, format string) bool {
	ok := true
	report := func(at diag.Span, message, hint string) {
		b.Report(diag.Diagnostic{Code: nodes.CodeSetting, At: at, Message: message, Hint: hint})
		ok = false
	}
	for _, at := range t.open {
		report(at, "{{ begins an expression, and no }} ends it", `{{ column }}; to send braces: {{ "{{" }}`)
	}
	if t.url.holes() > 0 {
		switch {
		case !hasHost(t.url.literals[0]):
			report(t.exprs[t.url.first].At, "scheme and host of the url cannot come from rows, which could then choose where they are sent",
				"url: https://example.org/{{ ... }}")
		case leaves(t.url.filled("x")):
			report(b.Setting("url"), "a url with expressions has no . or .. in its path", "write the path that is meant")
		}
	}
	for _, h := range t.headers {
		if http.CanonicalHeaderKey(h.name) == "Host" {
			report(t.exprs[h.value.first].At, "the header Host cannot come from rows, which could then choose where they are sent", "headers: {Host: example.org}")
		}
	}
	if t.perRow() && c.Batch != "row" {
		report(b.Setting("batch"), "url, headers and body can have values of a row where a request has one row, and batch is "+c.Batch,
			"batch: row, or remove what is in {{ }}")
	}
	switch {
	case b.Node.Config.Get("body") != nil && c.Body == "":
		report(b.Setting("body"), "body is empty", `body: '{"text": {{ column }}}', or remove it`)
	case c.Body == "" || len(t.open) > 0:
	case format != "json" && format != "text":
		report(b.Setting("body"), "body takes the place of the rows in format "+format, "format: json or format: text, or remove body")
	case format == "json" && !(json.Valid([]byte(t.body.filled(`""`))) && json.Valid([]byte(t.body.filled("0")))):
		report(b.Setting("body"), "body is no JSON", `{"text": {{ "host " + host }}}: values come with their quotes; or say format: text`)
	}
	return ok
}

// hasHost reports whether the beginning of a url has all of its host.
func hasHost(beginning string) bool {
	u, err := url.Parse(beginning)
	return err == nil && u.Host != "" && (u.Path != "" || u.RawQuery != "" || u.ForceQuery)
}
