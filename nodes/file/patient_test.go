package file

import (
	"errors"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"flowrun/dag/spec"
)

// full opens a sink on a disk that has no room for so long.
func full(w *writing, lasts time.Duration) *crashDisk {
	d := newCrashDisk()
	w.disk, w.lasting = d, 5*time.Minute
	w.open()
	d.fault, d.until = syscall.ENOSPC, time.Now().Add(lasts)
	return d
}

func TestAFullDiskIsWaitedFor(t *testing.T) {
	for _, how := range []string{"none", "gzip", "zstd"} {
		synctest.Test(t, func(t *testing.T) {
			w := newWriting(t, SinkConfig{Path: outDir, Compression: how})
			d := full(w, 2*time.Minute)
			begun := time.Now()
			w.write("a", "b")
			w.end()
			if took := time.Since(begun); took < 2*time.Minute || took > 2*time.Minute+5*time.Second {
				t.Errorf("%s: it went on after %v", how, took)
			}
			if logs := w.rt.Logs(); len(logs) == 0 || !strings.Contains(logs[0], "cannot write out, trying on error=no space left on device") {
				t.Errorf("%s: logs %q", how, logs)
			}
			if s := w.rt.Statuses(); !slices.Contains(s, "out: no space left on device, retry in 5s") || s[len(s)-1] != "" {
				t.Errorf("%s: statuses %q", how, s)
			}
			if rows, err := rowsOf("text", w.how, d.names[outDir+"/part-00000000.txt"+w.how.extension()].data); err != nil || !slices.Equal(rows, []string{"a", "b"}) {
				t.Errorf("%s: rows %q, %v", how, rows, err)
			}
		})
	}
}

func TestWaitingForADiskEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := SinkConfig{Path: outDir, Retry: spec.Duration(time.Minute)}
		try := func(w *writing, after string) {
			t.Helper()
			err := w.tryWrite("a")
			if !errors.Is(err, syscall.ENOSPC) || !strings.Contains(err.Error(), "out/part-00000000.txt: no space left on device; gave up after "+after) {
				t.Errorf("%v, want after %s", err, after)
			}
			if err := w.Close(); err != nil {
				t.Error(err)
			}
		}
		w := newWriting(t, c)
		full(w, time.Hour)
		try(w, "5m0s")
		w = newWriting(t, c)
		full(w, time.Hour)
		time.AfterFunc(20*time.Second, w.rt.Hasten) // the run is being stopped
		try(w, "21s")
	})
}
