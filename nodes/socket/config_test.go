package socket

import (
	"context"
	"strings"
	"testing"

	"flowrun/dag/plan"
	"flowrun/dag/schema"
	"flowrun/dag/spec"
	"flowrun/nodes"
)

// lower reads a pipeline of one node and gives its scan, or what is said against it.
func lower(t *testing.T, node string) (*plan.Scan, string) {
	t.Helper()
	f, list := spec.Load("x.yaml", []byte("nodes:\n  in: {"+node+"}\n"), spec.Options{Kinds: nodes.Names()})
	if list.HasErrors() {
		return nil, list.Error()
	}
	p, list := nodes.Lower(context.Background(), f)
	if list.HasErrors() {
		return nil, list.Error()
	}
	s, ok := p.Nodes[0].Op.(*plan.Scan)
	if !ok {
		t.Fatalf("no scan, and nothing said against it: %s", node)
	}
	return s, ""
}

func TestScan(t *testing.T) {
	for node, want := range map[string]string{
		`socket: {port: 1100}`:                                 "localhost:1100 value:string",
		`socket: {host: "::1", port: 1100}`:                    "[::1]:1100 value:string",
		`socket: {address: "example.org:80"}`:                  "example.org:80 value:string",
		`socket: {address: "[::1]:9"}`:                         "[::1]:9 value:string",
		`socket: {port: 1100, include_timestamp: true}`:        "localhost:1100 value:string timestamp:timestamp",
		`socket: {port: 1}, format: json, schema: {a: int}`:    "localhost:1 a:int",
		`socket: {port: 1, on_eof: end, max_line_bytes: 4KiB}`: "localhost:1 value:string",
	} {
		s, wrong := lower(t, node)
		if wrong != "" {
			t.Errorf("%s: %s", node, wrong)
			continue
		}
		got := s.Detail
		for _, f := range s.Schema.Fields() {
			got += " " + f.Name + ":" + schema.Name(f.Type)
		}
		if got != want || s.Bounded || s.Replays || s.UntilNow {
			t.Errorf("%s: %s, %+v; want %s, live", node, got, s, want)
		}
	}
}

func TestWrongSettings(t *testing.T) {
	for node, want := range map[string]string{
		`socket: {}`:                                "x.yaml:2:16: error[FR0404]: socket needs the port of a server",
		`socket: {port: 0}`:                         "x.yaml:2:23: error[FR0404]: port is 0, but ports go from 1 to 65535",
		`socket: {port: 70000}`:                     "port is 70000",
		`socket: {host: "", port: 1}`:               "host is empty",
		`socket: {address: "localhost:1", port: 1}`: "address says host and port",
		`socket: {address: localhost}`:              `address "localhost" is no host:port`,
		`socket: {address: ":1100"}`:                `address ":1100" is no host:port`,
		`socket: {address: "a:http"}`:               `address "a:http" is no host:port`,
		`socket: {port: 1, max_line_bytes: 0}`:      "max_line_bytes is 0",
		`socket: {port: 1, connect_timeout: 0s}`:    "connect_timeout has to be longer than 0",
		`socket: {port: 1, include_timestamp: true}, format: json, schema: {timestamp: int}`: "which the schema has already",
		`socket: {port: 1, on_eof: stop}`: "on_eof",
	} {
		if _, wrong := lower(t, node); !strings.Contains(wrong, want) {
			t.Errorf("%s: said %q, want %q", node, wrong, want)
		}
	}
}

func TestAt(t *testing.T) {
	c := Config{Host: "a", Port: 1, MaxLineBytes: 5}.At("127.0.0.1:9")
	if c.Server() != "127.0.0.1:9" || c.MaxLineBytes != 5 {
		t.Errorf("%+v", c)
	}
}
