package socket

import (
	"context"
	_ "embed"
	"fmt"
	"net"
	"strconv"

	"flowrun/dag/codec"
	"flowrun/dag/diag"
	"flowrun/dag/op"
	"flowrun/dag/plan"
	"flowrun/dag/spec"
	"flowrun/nodes"
	"flowrun/nodes/lines"
	"flowrun/nodes/peer"
)

// Config is the settings of a socket.
type Config struct {
	Mode             string        `yaml:"mode" doc:"connect to a server, or listen for clients" enum:"connect,listen" default:"connect"`
	Host             string        `yaml:"host" doc:"name or address of the server, or to listen on; IPv6 as it is, without brackets" default:"localhost"`
	Port             int           `yaml:"port" doc:"TCP port, 1 to 65535"`
	Address          string        `yaml:"address" doc:"host:port, instead of host and port"`
	IncludeTimestamp bool          `yaml:"include_timestamp" doc:"add a column timestamp: when the line was received"`
	MaxLineBytes     spec.Size     `yaml:"max_line_bytes" doc:"a longer line is rejected with its head" default:"1MiB"`
	OnEOF            string        `yaml:"on_eof" doc:"when the server ends the connection: connect again, or end the source" enum:"reconnect,end" default:"reconnect"`
	ConnectTimeout   spec.Duration `yaml:"connect_timeout" doc:"how long one attempt to connect may take, and the TLS handshake in either mode" default:"5s"`
	MaxClients       int           `yaml:"max_clients" doc:"when listening: how many clients may be connected at once" default:"1024" min:"1" max:"65536"`
	IdleTimeout      spec.Duration `yaml:"idle_timeout" doc:"when listening: a client that sends nothing for so long is hung up on; 0s: never" default:"0s"`
	MaxPending       spec.Size     `yaml:"max_pending" doc:"when listening: memory for the unfinished lines of all clients together" default:"64MiB" min:"64KiB"`
	TLS              *peer.TLS     `yaml:"tls" doc:"encrypt the connection"`
}

// At is c connecting to another server, host:port, without encryption.
func (c Config) At(address string) Config {
	c.Mode, c.TLS = "connect", nil
	c.Host, c.Port, c.Address = "", 0, address
	return c
}

// Server is the server's host:port.
func (c Config) Server() string {
	if c.Address != "" {
		return c.Address
	}
	return net.JoinHostPort(c.Host, strconv.Itoa(c.Port))
}

//go:embed doc.md
var doc string

func init() {
	nodes.Register(nodes.Kind[Config]{
		Name: "socket", Role: nodes.Source, Doc: doc,
		Scan: scan,
		Source: func(c Config, s *plan.Scan) (op.Source, error) {
			if c.Mode == "listen" {
				return &listener{cfg: c, address: c.Server(), format: s.Format, schema: s.Schema, want: s.Want}, nil
			}
			return &source{cfg: c, server: c.Server(), format: s.Format, schema: s.Schema, want: s.Want}, nil
		},
	})
}

func scan(_ context.Context, b *nodes.Builder, c Config) *plan.Scan {
	f := b.Format("text", codec.Formats()...)
	s := b.Schema(f)
	ok := checkServer(b, c)
	if message, hint := lines.CheckMaxLine(int64(c.MaxLineBytes)); message != "" {
		b.Wrong("max_line_bytes", message, hint)
		ok = false
	}
	if c.ConnectTimeout <= 0 {
		b.Wrong("connect_timeout", "connect_timeout has to be longer than 0", "connect_timeout: 5s")
		ok = false
	}
	if !checkMode(b, c) || s == nil || !ok {
		return nil
	}
	if c.IncludeTimestamp {
		if s, ok = lines.WithTimestamp(s); !ok {
			b.Wrong("include_timestamp", "include_timestamp adds a column timestamp, which the schema has already",
				"give the column of the schema another name")
			return nil
		}
	}
	detail := c.Server()
	if c.Mode == "listen" {
		detail = "listens on " + detail
	}
	return &plan.Scan{Schema: s, Format: f, Detail: detail}
}

// checkMode reports settings that the mode has no use for, and what is wrong with those of TLS.
func checkMode(b *nodes.Builder, c Config) bool {
	ok := true
	refuse := func(mode string, keys ...string) {
		for _, key := range keys {
			if b.Node.Config.Get(key) != nil {
				b.Wrong(key, key+" is for mode: "+mode, "remove "+key+", or say mode: "+mode)
				ok = false
			}
		}
	}
	if c.Mode == "listen" {
		refuse("connect", "on_eof")
	} else {
		refuse("listen", "max_clients", "idle_timeout", "max_pending")
	}
	if c.TLS == nil {
		return ok
	}
	problems := c.TLS.CheckClient
	if c.Mode == "listen" {
		problems = c.TLS.CheckServer
	}
	for _, p := range problems() {
		at := b.Setting("tls")
		if v := b.Node.Config.Get("tls").Get(p.Key); v != nil && v.At.Known() {
			at = v.At
		}
		b.Report(diag.Diagnostic{Code: nodes.CodeSetting, At: at, Message: p.Message, Hint: p.Hint})
		ok = false
	}
	return ok
}

// checkServer reports what is wrong with host, port and address.
func checkServer(b *nodes.Builder, c Config) bool {
	written := func(key string) bool { return b.Node.Config.Get(key) != nil }
	if !written("address") {
		switch {
		case !written("port"):
			b.Wrong("port", "socket needs the port of a server", "socket: {host: localhost, port: 1100}")
			return false
		case c.Port < 1 || c.Port > 65535:
			b.Wrong("port", fmt.Sprintf("port is %d, but ports go from 1 to 65535", c.Port), "port: 1100")
			return false
		case c.Host == "":
			b.Wrong("host", "host is empty", "host: localhost")
			return false
		}
		return true
	}
	if written("host") || written("port") {
		b.Wrong("address", "address says host and port; they cannot be said beside it", "keep `address`, or `host` and `port`")
		return false
	}
	host, port, err := net.SplitHostPort(c.Address)
	if n, e := strconv.Atoi(port); err != nil || e != nil || n < 1 || n > 65535 || host == "" {
		b.Wrong("address", fmt.Sprintf("address %q is no host:port", c.Address), `address: "localhost:1100", IPv6 in brackets: "[::1]:1100"`)
		return false
	}
	return true
}
