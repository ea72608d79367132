package http

import (
	"context"
	"strings"
	"testing"

	"flowrun/dag/plan"
	"flowrun/dag/spec"
	"flowrun/nodes"
)

// lower reads a pipeline of one node and gives its operation, or what is said against it.
func lower(t *testing.T, node string) (plan.Op, string) {
	t.Helper()
	text := "nodes:\n  n: {" + node + "}\n"
	f, list := spec.Load("x.yaml", []byte(text), spec.Options{Kinds: nodes.Names()})
	if list.HasErrors() {
		return nil, list.Error()
	}
	p, list := nodes.Lower(context.Background(), f)
	if list.HasErrors() {
		return nil, list.Error()
	}
	return p.Nodes[0].Op, ""
}

func TestDetails(t *testing.T) {
	op, wrong := lower(t, `http: {listen: ":8080", path: /in}, format: text`)
	if wrong != "" {
		t.Fatal(wrong)
	}
	if s := op.(*plan.Scan); s.Detail != "listens on :8080/in" || s.Bounded || s.Replays || s.UntilNow {
		t.Errorf("%+v", s)
	}
	op, wrong = lower(t, `from: n, http: {url: "https://example.org/hook?key=hush"}`)
	if wrong != "" {
		t.Fatal(wrong)
	}
	if w := op.(*plan.Write); w.Detail != "https://example.org/hook" || w.Transactional || w.Format.Name != "json" {
		t.Errorf("%+v", w)
	}
}

func TestWrongSettings(t *testing.T) {
	for node, want := range map[string]string{
		`http: {}, format: text`:                                                                 `needs "listen"`,
		`http: {listen: localhost}, format: text`:                                                `listen "localhost" is no host:port`,
		`http: {listen: "http://localhost:80"}, format: text`:                                    "is no host:port",
		`http: {listen: "localhost:8080"}`:                                                       "format json needs a schema",
		`http: {listen: "localhost:8080", path: in}, format: text`:                               `path "in" has to begin with /`,
		`http: {listen: "localhost:8080", token: ""}, format: text`:                              "token is empty",
		`http: {listen: "localhost:8080", max_body: 100MiB}, format: text`:                       "max_pending is 67108864 bytes, less than",
		`http: {listen: "localhost:8080", tls: {}}, format: text`:                                "needs a certificate and its key",
		`http: {listen: "localhost:8080", tls: {cert: /none.pem, key: /none.key}}, format: text`: "cannot read /none.pem: no such file or directory",
		`from: n, http: {}`:                                                           `needs "url"`,
		`from: n, http: {url: example.org}`:                                           "url has to be one of http:// or https://",
		`from: n, http: {url: "ftp://example.org"}`:                                   "url has to be one of",
		`from: n, http: {url: "http://a:b@example.org"}`:                              "url holds a name or a password",
		`from: n, http: {url: "http://x", headers: {"a b": c}}`:                       `header "a b" cannot be sent`,
		`from: n, http: {url: "http://x", headers: {a: "b\nc: d"}}`:                   `header "a" cannot be sent`,
		`from: n, http: {url: "http://x", token: t, headers: {authorization: x}}`:     "which headers has too",
		`from: n, http: {url: "http://x", token: "t\n"}`:                              "token has a line end",
		`from: n, http: {url: "http://x", signature: {}}`:                             `needs "secret"`,
		`from: n, http: {url: "http://x", signature: {secret: ""}}`:                   "secret of signature is empty",
		`from: n, http: {url: "http://x", batch: array}, format: text`:                "the format is text",
		`from: n, http: {url: "http://x", retry: {longest: 1ms}}`:                     "longest wait of retry is shorter",
		`from: n, http: {url: "http://x", tls: {}}`:                                   "tls is for https",
		`from: n, http: {url: "https://x", tls: {ca: /none.pem}}`:                     "cannot read /none.pem",
		`from: n, http: {url: "https://x", tls: {client_ca: x}}`:                      "client_ca is for listening",
		`from: n, http: {url: "https://x", tls: {skip_verify: true, server_name: x}}`: "skip_verify takes any certificate",
		`from: n, http: {url: "http://x", batch: all}`:                                "batch is \"all\"",
	} {
		if _, wrong := lower(t, node); !strings.Contains(wrong, want) {
			t.Errorf("%s: said %q, want %q", node, wrong, want)
		}
	}
}
