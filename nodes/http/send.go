package http

import (
	_ "embed"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"flowrun/dag/codec"
	"flowrun/dag/op"
	"flowrun/dag/plan"
	"flowrun/dag/spec"
	"flowrun/nodes"
	"flowrun/nodes/peer"
)

// SinkConfig is the settings of an http that sends.
type SinkConfig struct {
	URL         string            `yaml:"url" doc:"where requests go; behind the host with values of the row: {{ EXPR }}" required:"true"`
	Method      string            `yaml:"method" doc:"method of the requests" enum:"POST,PUT,PATCH" default:"POST"`
	Headers     map[string]string `yaml:"headers" doc:"headers of every request; with batch: row also with values of the row: {{ EXPR }}"`
	Body        string            `yaml:"body" doc:"what a request says in place of the row in its format, with values of the row: {{ EXPR }}"`
	Token       string            `yaml:"token" doc:"sent as the header Authorization: Bearer TOKEN" secret:"true"`
	Signature   *Signature        `yaml:"signature" doc:"sign each body, so that the receiver knows where it is from"`
	Batch       string            `yaml:"batch" doc:"a request has one row, or several as a JSON list (array) or a line each (ndjson)" enum:"row,array,ndjson" default:"row"`
	MaxRows     int               `yaml:"max_rows" doc:"rows in one request at the most, where it has several" default:"1000" min:"1" max:"1000000"`
	MaxBody     spec.Size         `yaml:"max_body" doc:"bytes of a body at which no further row is added to it" default:"1MiB" min:"1" max:"1GiB"`
	MaxInFlight int               `yaml:"max_in_flight" doc:"requests under way at once; with more than 1 they may arrive in another order" default:"1" min:"1" max:"1024"`
	Timeout     spec.Duration     `yaml:"timeout" doc:"how long one request may take" default:"30s" min:"1ms"`
	Retry       Retry             `yaml:"retry" doc:"what to do when the server is not there, has a fault (5xx) or is asked too much (429)"`
	TLS         *peer.TLS         `yaml:"tls" doc:"whom to trust, and who we are, where the url is https"`
}

// Retry says how long a request is tried again.
type Retry struct {
	MaxElapsed spec.Duration `yaml:"max_elapsed" doc:"a request that is not delivered in this time ends the run; 0s: no second attempt" default:"5m"`
	Shortest   spec.Duration `yaml:"shortest" doc:"about how long to wait before the second attempt; each later wait is twice as long" default:"200ms" min:"1ms"`
	Longest    spec.Duration `yaml:"longest" doc:"longest wait between attempts, unless the server asks for more with Retry-After" default:"30s" min:"1ms"`
}

// Signature signs bodies with HMAC-SHA256.
type Signature struct {
	Secret string `yaml:"secret" doc:"the key that the receiver knows too" required:"true" secret:"true"`
	Header string `yaml:"header" doc:"header that has the signature, sha256= and hexadecimal digits" default:"X-Signature-256"`
}

//go:embed sink.md
var sinkDoc string

func init() {
	nodes.Register(nodes.Kind[SinkConfig]{
		Name: "http", Role: nodes.Sink, Doc: sinkDoc,
		Write: write,
		Sink: func(c SinkConfig, w *plan.Write) (op.Sink, error) {
			return newSink(c, w)
		},
	})
}

func write(b *nodes.Builder, c SinkConfig) *plan.Write {
	f := b.Format("json", codec.Formats()...)
	var ok bool
	wrong := func(key, message, hint string) {
		b.Wrong(key, message, hint)
		ok = false
	}
	t := templatesOf(c, b.Node.Config)
	ok = checkTemplates(b, c, t, f.Name)
	sample := t.url.filled("*") // a character that may stand in a path
	u, err := url.Parse(sample)
	switch {
	case len(t.open) > 0, t.url.holes() > 0 && !hasHost(t.url.literals[0]):
		u = nil // that has been reported
	case err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "":
		wrong("url", "url has to be one of http:// or https:// with a host", "url: https://example.org/hook")
		u = nil
	case u.User != nil:
		wrong("url", "url holds a name or a password, which would show wherever it is printed", "token: ${TOKEN}, or headers: {Authorization: ...}")
	case u.Fragment != "":
		wrong("url", "url has a part behind #, which is never sent", "remove it")
	}
	for name, value := range c.Headers {
		if !token(name) || strings.ContainsAny(value, "\r\n\x00") {
			wrong("headers", fmt.Sprintf("header %q cannot be sent: its name or value has characters that no header may have", name), "headers: {X-Source: flowrun}")
		}
		if c.Token != "" && http.CanonicalHeaderKey(name) == "Authorization" {
			wrong("token", "token is sent in the header Authorization, which headers has too", "keep one of them")
		}
	}
	if strings.ContainsAny(c.Token, "\r\n\x00") {
		wrong("token", "token has a line end in it, which no header may have", "a file that holds it may end with one: remove it there")
	}
	if b.Node.Config.Get("token") != nil && c.Token == "" {
		wrong("token", "token is empty", "token: ${TOKEN:?}, or remove it")
	}
	if s := c.Signature; s != nil {
		if s.Secret == "" {
			wrong("signature", "the secret of signature is empty, so that anybody could sign", "signature: {secret: ${SECRET:?}}")
		}
		if !token(s.Header) {
			wrong("signature", fmt.Sprintf("%q is no name of a header", s.Header), "signature: {secret: ..., header: X-Signature-256}")
		}
	}
	if f.Name != "json" && c.Batch == "array" {
		wrong("batch", "batch: array is a JSON list, and the format is "+f.Name, "batch: ndjson sends a line each, batch: row one request each")
	}
	if c.Retry.Longest < c.Retry.Shortest {
		wrong("retry", "the longest wait of retry is shorter than the shortest one", "retry: {shortest: 200ms, longest: 30s}")
	}
	if c.TLS != nil {
		if u != nil && u.Scheme == "http" {
			wrong("tls", "tls is for https, and the url is "+u.Scheme, "url: https://...")
		}
		ok = report(b, c.TLS.CheckClient()) && ok
	}
	if !ok {
		return nil
	}
	if c.Body != "" && f.Name == "text" {
		f = plan.Format{} // what rows have for columns is nothing to it
	}
	return &plan.Write{Format: f, Detail: place(u), Exprs: exprsOf(t), ExprsOnly: c.Body != ""}
}

// place is a url as it may be shown: what stands behind ? may be a secret.
func place(u *url.URL) string { return u.Scheme + "://" + u.Host + u.EscapedPath() }

// token reports whether text can be the name of a header.
func token(text string) bool {
	for i := range len(text) {
		c := text[i]
		if !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("!#$%&'*+-.^_`|~", c) >= 0) {
			return false
		}
	}
	return text != ""
}

// duration is how long d is.
func duration(d spec.Duration) time.Duration { return time.Duration(d) }
