package soak

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// logfile writes lines with ids from 0 on, some of them twice, and rotates its file; old files go once all of their lines have come out.
type logfile struct {
	dir     string
	next    int64 // id
	rotated []rotated
	number  int
	at      [128]int64 // event times of the last ids
}

type rotated struct {
	path string
	last int64 // id
}

const (
	ahead       = 20_000 // lines that wait to be read, at the most
	rotateEvery = 15 * time.Second
)

// run writes until all is over.
func (f *logfile) run(ctx context.Context, t *testing.T, l *load, rng *rand.Rand) {
	path := filepath.Join(f.dir, "app.log")
	file, err := os.Create(path)
	if err != nil {
		t.Error(err)
		return
	}
	defer func() { file.Close() }()
	var p pace
	var b bytes.Buffer
	text := strings.Repeat("soak ", 8)
	since := time.Now()
	for ctx.Err() == nil {
		if l.paused.Load() || f.next-l.tally.delivered.Load() > ahead {
			rest(ctx, 20*time.Millisecond)
			p.last = time.Now()
		} else {
			b.Reset()
			for range p.next(ctx, l, &l.log, 1) {
				id, at := f.next, time.Now().UnixMicro()-rng.Int64N(1_000_000)
				if f.next > int64(len(f.at)) && rng.IntN(10) == 0 { // an earlier one once more
					id -= 1 + rng.Int64N(int64(len(f.at)))
					at = f.at[id%int64(len(f.at))] + rng.Int64N(1_000_000)
				} else {
					f.at[id%int64(len(f.at))] = at
					f.next++
				}
				fmt.Fprintf(&b, "{\"id\":%d,\"at\":%d,\"text\":%q}\n", id, at, text)
			}
			if _, err := file.Write(b.Bytes()); err != nil {
				t.Error(err)
				return
			}
			l.tally.written.Store(f.next)
		}
		if time.Since(since) > rotateEvery && f.next > 0 {
			since = time.Now()
			old := filepath.Join(f.dir, fmt.Sprintf("app-%06d.log", f.number))
			f.number++
			if err := os.Rename(path, old); err != nil {
				t.Error(err)
				return
			}
			f.rotated = append(f.rotated, rotated{old, f.next - 1})
			file.Close()
			if file, err = os.Create(path); err != nil {
				t.Error(err)
				return
			}
			for len(f.rotated) > 2 && f.rotated[0].last < l.tally.committed.Load() {
				if err := os.Remove(f.rotated[0].path); err != nil {
					t.Error(err)
				}
				f.rotated = f.rotated[1:]
			}
		}
	}
}
