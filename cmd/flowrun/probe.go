//go:build flowrunprobe

package main

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"runtime"
	"runtime/metrics"
	"runtime/pprof"
	"time"
)

// In a build with the tag flowrunprobe FLOWRUN_PROBE=PATH has the program tell, on a unix socket, what it holds: GET /figures gives
// goroutines and bytes, a line each, and GET /profile/NAME a profile of Go. The soak (dag/job/soak) asks.
func init() {
	path := os.Getenv("FLOWRUN_PROBE")
	if path == "" {
		return
	}
	l, err := net.Listen("unix", path)
	if err != nil {
		fmt.Fprintln(os.Stderr, "flowrun: probe:", err)
		os.Exit(exitEnvironment)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /figures", func(w http.ResponseWriter, _ *http.Request) {
		s := []metrics.Sample{{Name: "/gc/heap/live:bytes"}, {Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"}}
		metrics.Read(s)
		fmt.Fprintf(w, "goroutines %d\nlive %d\nmapped %d\n", runtime.NumGoroutine(), s[0].Value.Uint64(), s[1].Value.Uint64()-s[2].Value.Uint64())
	})
	mux.HandleFunc("GET /profile/{name}", func(w http.ResponseWriter, r *http.Request) {
		p := pprof.Lookup(r.PathValue("name"))
		if p == nil {
			http.NotFound(w, r)
			return
		}
		runtime.GC()
		_ = p.WriteTo(w, 0)
	})
	server := &http.Server{Handler: mux, ReadHeaderTimeout: time.Second}
	go func() { _ = server.Serve(l) }()
}
