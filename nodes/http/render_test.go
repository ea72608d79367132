package http

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"flowrun/dag/batch"
	"flowrun/dag/op/optest"
	"flowrun/dag/plan"
	"flowrun/dag/spec"
	"flowrun/nodes"
)

// bind reads a sink of rows {a: int, b: string}, and binds it.
func bind(t *testing.T, settings string) (*plan.Node, string) {
	t.Helper()
	text := "nodes:\n  rows: {http: {listen: \"localhost:80\"}, schema: {a: int, b: string}}\n  out:\n    from: rows\n    " + settings + "\n"
	f, list := spec.Load("x.yaml", []byte(text), spec.Options{Kinds: nodes.Names()})
	if list.HasErrors() {
		return nil, list.Error()
	}
	p, list := nodes.Lower(context.Background(), f)
	list.Add(plan.Bind(p)...)
	if list.HasErrors() {
		return nil, list.Error()
	}
	return p.Nodes[1], ""
}

// asked is what a server was asked: method, address and header X, type and body.
type asked struct {
	mu   sync.Mutex
	list []string
}

func (a *asked) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	a.mu.Lock()
	defer a.mu.Unlock()
	media, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";")
	a.list = append(a.list, fmt.Sprintf("%s [%s] %s %s", r.RequestURI, r.Header.Get("X"), media, body))
}

func TestTemplates(t *testing.T) {
	type row struct {
		a int64
		b string // "-": null
	}
	for name, c := range map[string]struct {
		settings string // URL stands for the server's
		rows     []row
		want     []string
		rejects  []string
	}{
		"path and query": {`http: {url: 'URL/{{ b }}?n={{a * 2}}&k=v'}`, []row{{1, "x"}, {2, "y/z ?&=#%ü"}, {3, ""}},
			[]string{`/x?n=2&k=v [] application/json {"a":1,"b":"x"}`, `/y%2Fz%20%3F%26%3D%23%25%C3%BC?n=4&k=v [] application/json {"a":2,"b":"y/z ?&=#%ü"}`,
				`/?n=6&k=v [] application/json {"a":3,"b":""}`}, nil},
		"path stays": {`http: {url: 'URL/in/{{ b }}/x'}`, []row{{1, ".."}, {2, "."}, {3, "../up"}, {4, "..."}},
			[]string{`/in/.../x [] application/json {"a":4,"b":"..."}`},
			[]string{"0 url: a value makes . or .. a part of the path", "1 url: a value makes . or .. a part of the path", "2 url: a value makes . or .. a part of the path"}},
		"header": {`http: {url: URL, headers: {X: 'no {{ a }}, {{ b }}'}}`, []row{{1, "x"}, {2, "x\r\nEvil: 1"}, {3, "\x01"}, {4, "é"}},
			[]string{`/ [no 1, x] application/json {"a":1,"b":"x"}`, `/ [no 4, é] application/json {"a":4,"b":"é"}`},
			[]string{"1 headers: X: the value has a line end or another character that no header may have", "2 headers: X: the value has a line end or another character that no header may have"}},
		"null": {`http: {url: 'URL/{{ b }}'}`, []row{{1, "-"}, {2, "x"}},
			[]string{`/x [] application/json {"a":2,"b":"x"}`}, []string{"0 url: {{ b }} is null"}},
		"cannot be computed": {`http: {url: 'URL/{{ 6 % a }}'}`, []row{{0, "x"}, {4, "x"}},
			[]string{`/2 [] application/json {"a":4,"b":"x"}`}, []string{"0 6 % 0"}},
		"json body": {`http: {url: URL, body: '{"text": {{ b + "}}" }}, "all": [{{a}}, {{ b }}], "m": {"k":{{ {"a": a} }}}}'}`, []row{{1, `"\` + "\n"}, {2, "x"}},
			[]string{`/ [] application/json {"text": "\"\\\n}}", "all": [1, "\"\\\n"], "m": {"k":{"a":1}}}`, `/ [] application/json {"text": "x}}", "all": [2, "x"], "m": {"k":{"a":2}}}`}, nil},
		"null in json": {`http: {url: URL, body: '{"b": {{ b }}}'}`, []row{{1, "-"}}, []string{`/ [] application/json {"b": null}`}, nil},
		"text body":    {"format: text\n    http: {url: URL, body: '{{ b }} has {{ a }}'}", []row{{1, "x"}, {2, "-"}}, []string{`/ [] text/plain x has 1`}, []string{"1 body: {{ b }} is null"}},
		"fixed body":   {`http: {url: URL, body: '{}'}`, []row{{1, "x"}, {2, "y"}}, []string{`/ [] application/json {}`, `/ [] application/json {}`}, nil},
		"csv":          {"format: csv\n    http: {url: 'URL/{{ a }}'}", []row{{1, "x\ny"}, {2, "z"}}, []string{"/1 [] text/csv a,b\n1,\"x\ny\"", "/2 [] text/csv a,b\n2,z"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			var got asked
			srv := httptest.NewServer(&got)
			defer srv.Close()
			n, wrong := bind(t, strings.ReplaceAll(c.settings, "URL", srv.URL))
			if wrong != "" {
				t.Fatal(wrong)
			}
			s, err := nodes.Connectors{}.Sink(n)
			if err != nil {
				t.Fatal(err)
			}
			rt := optest.New(t)
			if err := s.Open(t.Context(), rt, nil); err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			build := batch.NewBuilder(events, rt.Allocator())
			defer build.Release()
			for _, r := range c.rows {
				build.Column(0).AppendInt(r.a)
				if r.b == "-" {
					build.Column(1).AppendNull()
				} else {
					build.Column(1).AppendString(r.b)
				}
			}
			b := build.Batch()
			defer b.Release()
			var out optest.Emitter
			if err := s.Write(t.Context(), b, &out); err != nil {
				t.Fatal(err)
			}
			var rejects []string
			for _, f := range out.Failures {
				rejects = append(rejects, fmt.Sprint(f.Row, " ", f.Detail))
			}
			if !slices.Equal(got.list, c.want) || !slices.Equal(rejects, c.rejects) {
				t.Errorf("asked %q, want %q\nrejects %q, want %q", got.list, c.want, rejects, c.rejects)
			}
		})
	}
}

func TestWrongTemplates(t *testing.T) {
	for settings, want := range map[string]string{
		`http: {url: 'http://x/{{ c }}'}`:                      "x.yaml:5:30: error[FR0203]", // the place of c
		`http: {url: "http://x/\t{{ a"}`:                       "x.yaml:5:29",
		`http: {url: 'http://{{ b }}/'}`:                       "scheme and host of the url cannot come from rows",
		`http: {url: '{{ b }}'}`:                               "scheme and host of the url cannot come from rows",
		`http: {url: 'http://x{{ b }}'}`:                       "scheme and host of the url cannot come from rows",
		`http: {url: 'http://x/../{{ b }}'}`:                   "has no . or .. in its path",
		`http: {url: 'http://x/#{{ b }}'}`:                     "a part behind #",
		`http: {url: 'http://x', headers: {host: '{{ b }}'}}`:  "the header Host cannot come from rows",
		`http: {url: 'http://x', headers: {X: '{{ nil }}'}}`:   "its type is not known",
		`http: {url: 'http://x/{{ b }}', batch: array}`:        "batch is array",
		`http: {url: 'http://x', body: '[]', batch: ndjson}`:   "batch is ndjson",
		`http: {url: 'http://x', body: ''}`:                    "body is empty",
		`http: {url: 'http://x', body: '{"text": "{{ b }}"}'}`: "body is no JSON",
		`http: {url: 'http://x', body: '{{{ b }}: 1}'}`:        "no }} ends it",
		"format: csv\n    http: {url: 'http://x', body: '{}'}": "in format csv",
	} {
		if _, wrong := bind(t, settings); !strings.Contains(wrong, want) {
			t.Errorf("%s: said %q, want %q", settings, wrong, want)
		}
	}
}
