package socket

import (
	"context"
	_ "embed"
	"fmt"
	"net"
	"strconv"

	"flowrun/dag/op"
	"flowrun/dag/plan"
	"flowrun/dag/spec"
	"flowrun/nodes"
	"flowrun/nodes/lines"
)

// Config is the settings of a socket.
type Config struct {
	Host             string        `yaml:"host" doc:"name or address of the server; IPv6 as it is, without brackets" default:"localhost"`
	Port             int           `yaml:"port" doc:"TCP port of the server, 1 to 65535"`
	Address          string        `yaml:"address" doc:"host:port, instead of host and port"`
	IncludeTimestamp bool          `yaml:"include_timestamp" doc:"add a column timestamp: when the line was received"`
	MaxLineBytes     spec.Size     `yaml:"max_line_bytes" doc:"a longer line is rejected with its head" default:"1MiB"`
	OnEOF            string        `yaml:"on_eof" doc:"when the server ends the connection: connect again, or end the source" enum:"reconnect,end" default:"reconnect"`
	ConnectTimeout   spec.Duration `yaml:"connect_timeout" doc:"how long one attempt to connect may take" default:"5s"`
}

// At is c with another server, host:port.
func (c Config) At(address string) Config {
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
			return &source{cfg: c, server: c.Server(), format: s.Format.Name, schema: s.Schema}, nil
		},
	})
}

func scan(_ context.Context, b *nodes.Builder, c Config) *plan.Scan {
	f := b.Format("text", "text", "json")
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
	if s == nil || !ok {
		return nil
	}
	if c.IncludeTimestamp {
		if s, ok = lines.WithTimestamp(s); !ok {
			b.Wrong("include_timestamp", "include_timestamp adds a column timestamp, which the schema has already",
				"give the column of the schema another name")
			return nil
		}
	}
	return &plan.Scan{Schema: s, Format: f, Detail: c.Server()}
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
