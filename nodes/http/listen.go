package http

import (
	"context"
	_ "embed"
	"fmt"
	"net"
	"strconv"
	"strings"

	"flowrun/dag/codec"
	"flowrun/dag/diag"
	"flowrun/dag/op"
	"flowrun/dag/plan"
	"flowrun/dag/spec"
	"flowrun/nodes"
	"flowrun/nodes/peer"
)

// SourceConfig is the settings of an http that listens.
type SourceConfig struct {
	Listen     string        `yaml:"listen" doc:"host:port to listen on; localhost:8080 takes requests of this machine only" required:"true"`
	Path       string        `yaml:"path" doc:"path of the requests that are taken; others get 404" default:"/"`
	Token      string        `yaml:"token" doc:"requests need the header Authorization: Bearer TOKEN" secret:"true"`
	MaxBody    spec.Size     `yaml:"max_body" doc:"largest body of a request, unpacked" default:"8MiB" min:"1KiB" max:"1GiB"`
	MaxPending spec.Size     `yaml:"max_pending" doc:"memory for the bodies of all requests together" default:"64MiB" min:"64KiB"`
	MaxWaiting int           `yaml:"max_waiting" doc:"how many requests may wait for the pipeline; more get 429" default:"256" min:"1" max:"65536"`
	MaxClients int           `yaml:"max_clients" doc:"how many clients may be connected at once" default:"2048" min:"1" max:"65536"`
	Timeout    spec.Duration `yaml:"timeout" doc:"how long a request may take to arrive, and then to wait for the pipeline" default:"30s" min:"10ms"`
	TLS        *peer.TLS     `yaml:"tls" doc:"take https only"`
}

//go:embed doc.md
var sourceDoc string

func init() {
	nodes.Register(nodes.Kind[SourceConfig]{
		Name: "http", Role: nodes.Source, Doc: sourceDoc,
		Scan: scan,
		Source: func(c SourceConfig, s *plan.Scan) (op.Source, error) {
			return &source{cfg: c, format: s.Format, schema: s.Schema, want: s.Want}, nil
		},
	})
}

func scan(_ context.Context, b *nodes.Builder, c SourceConfig) *plan.Scan {
	f := b.Format("json", codec.Formats()...)
	s := b.Schema(f)
	ok := true
	wrong := func(key, message, hint string) {
		b.Wrong(key, message, hint)
		ok = false
	}
	host, port, err := net.SplitHostPort(c.Listen)
	if n, e := strconv.Atoi(port); err != nil || e != nil || n < 1 || n > 65535 || strings.ContainsAny(host, "/ ") {
		wrong("listen", fmt.Sprintf("listen %q is no host:port", c.Listen), "listen: localhost:8080; to take requests of other machines: 0.0.0.0:8080")
	}
	if !strings.HasPrefix(c.Path, "/") || strings.ContainsAny(c.Path, "?# ") {
		wrong("path", fmt.Sprintf("path %q has to begin with / and has no ? or #", c.Path), "path: /events")
	}
	if b.Node.Config.Get("token") != nil && c.Token == "" {
		wrong("token", "token is empty, so that anybody could send", "token: ${TOKEN:?}, or remove it")
	}
	if c.MaxPending < c.MaxBody {
		wrong("max_pending", fmt.Sprintf("max_pending is %d bytes, less than one body of max_body, %d, takes", c.MaxPending, c.MaxBody),
			"make max_pending several times max_body")
	}
	if c.TLS != nil {
		ok = report(b, c.TLS.CheckServer()) && ok
	}
	if s == nil || !ok {
		return nil
	}
	return &plan.Scan{Schema: s, Format: f, Detail: "listens on " + c.Listen + c.Path}
}

// report says what is wrong with the settings of TLS; false: something is.
func report(b *nodes.Builder, problems []peer.Problem) bool {
	for _, p := range problems {
		at := b.Setting("tls")
		if v := b.Node.Config.Get("tls").Get(p.Key); v != nil && v.At.Known() {
			at = v.At
		}
		b.Report(diag.Diagnostic{Code: nodes.CodeSetting, At: at, Message: p.Message, Hint: p.Hint})
	}
	return len(problems) == 0
}
