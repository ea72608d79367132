package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"

	"flowrun/dag/live"
)

// watchable is what is told of a run over HTTP.
type watchable interface {
	Topology(ctx context.Context) (live.Topology, error)
	Snapshot() live.Snapshot
}

// httpServer answers how a run is, until it is closed.
type httpServer struct {
	server *http.Server
	done   chan struct{}
}

// httpAddress is where --http listens: a port alone is one of this machine only.
func httpAddress(given string) (string, error) {
	if !strings.Contains(given, ":") {
		given = ":" + given
	}
	host, port, err := net.SplitHostPort(given)
	if err != nil || port == "" {
		return "", usage("--http is an address such as :9100 or 0.0.0.0:9100, not %q", given)
	}
	if host == "" {
		host = "127.0.0.1"
	}
	return net.JoinHostPort(host, port), nil
}

// listen takes the address of --http; nil where there is none.
func (f *runFlags) listen() (net.Listener, error) {
	if f.http == "" {
		return nil, nil
	}
	address, err := httpAddress(f.http)
	if err != nil {
		return nil, err
	}
	l, err := net.Listen("tcp", address)
	if err != nil {
		return nil, environment(fmt.Errorf("--http: %w", err))
	}
	return l, nil
}

// serveHTTP answers at the address of --http, and says where on stderr; nil: nobody asked for it.
func (r *running) serveHTTP(run watchable) (*httpServer, error) {
	listener := r.listener
	if listener == nil {
		return nil, nil
	}
	topology, err := run.Topology(context.Background())
	if err != nil {
		return nil, environment(err)
	}
	registry, err := newMetrics(topology, run.Snapshot)
	if err != nil {
		return nil, environment(err)
	}
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{MaxRequestsInFlight: 4}))
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintln(w, "flowrun: /metrics for Prometheus, /healthz while the process lives, /readyz while the run takes rows")
	})
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) {
		state := run.Snapshot().State
		switch state {
		case live.Running, live.Pausing, live.Paused:
		default:
			w.WriteHeader(http.StatusServiceUnavailable)
		}
		fmt.Fprintln(w, state)
	})
	h := &httpServer{
		server: &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second, WriteTimeout: 30 * time.Second, IdleTimeout: time.Minute, MaxHeaderBytes: 64 << 10},
		done:   make(chan struct{}),
	}
	go func() {
		defer close(h.done)
		if err := h.server.Serve(listener); err != nil && !errors.Is(err, http.ErrServerClosed) {
			fmt.Fprintf(r.std.err, "flowrun: --http: %v\n", err)
		}
	}()
	fmt.Fprintf(r.std.err, "flowrun: http://%s/metrics, /healthz, /readyz\n", listener.Addr())
	return h, nil
}

// close ends it: answers that are under way get a moment.
func (h *httpServer) close() {
	if h == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	if h.server.Shutdown(ctx) != nil {
		_ = h.server.Close()
	}
	<-h.done
}
