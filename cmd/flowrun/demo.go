package main

import (
	"context"
	"fmt"
	"net"

	"flowrun/dag/plan"
	"flowrun/nodes/socket"
	"flowrun/nodes/socket/lineserver"
)

// demoRate is how many sample lines a second --demo feeds: enough to look alive, slow enough to read.
const demoRate = 4

// feed serves sample lines on a free port and points the pipeline's socket sources at it. The returned function ends the
// server.
func (r *running) feed() (stop func(), err error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, environment(fmt.Errorf("--demo: %w", err))
	}
	if !pointSockets(r.job.Plan, l.Addr().String(), false) {
		_ = l.Close()
		return nil, usage("--demo feeds socket sources, and %s has none; it runs without --demo", r.job.Path)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	server := lineserver.Server{Source: lineserver.Sample(), Rate: demoRate}
	go func() {
		defer close(done)
		// It ends by cancel only: its listener and its source cannot fail.
		_ = server.Serve(ctx, l)
	}()
	return func() { cancel(); <-done }, nil
}

// pointSockets lets all socket sources of a pipeline connect to a server, host:port, and reports whether there are some.
// With end, the end of the connection is theirs.
func pointSockets(p *plan.Pipeline, address string, end bool) bool {
	found := false
	for _, n := range p.Nodes {
		scan, ok := n.Op.(*plan.Scan)
		if !ok {
			continue
		}
		if cfg, ok := scan.Config.(socket.Config); ok {
			cfg = cfg.At(address)
			if end {
				cfg.OnEOF = "end"
			}
			scan.Config, scan.Detail, found = cfg, cfg.Server(), true
			scan.Journal = nil // it is for rows of the world, and keeps none of these
		}
	}
	return found
}
