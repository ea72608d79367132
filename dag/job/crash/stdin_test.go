package crash

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// piper writes lines into a pipe that is the standard input of one run after the other. What a run had read and not brought into the
// journal when it was killed is lost, and nothing else: what the journal took has to come out, and what was still in the pipe is the
// next run's. A run that is stopped loses at most the line in the middle of which it stopped to read.
type piper struct {
	ledger
	r, w   *os.File
	wrote  int // bytes of the lines
	judged int // lines of which is known whether they have to come
}

const (
	piped     = 6000 // lines
	pipedEnd  = " through the pipe\n"
	pipedSize = len("line-0000000;") + len(pipedEnd) // of a line
)

func newPiper(t testing.TB, _ string) outside {
	p := &piper{ledger: newLedger()}
	var err error
	if p.r, p.w, err = os.Pipe(); err != nil {
		t.Fatal(err)
	}
	if err := syscall.SetNonblock(int(p.r.Fd()), false); err != nil { // as a shell makes pipes
		t.Fatal(err)
	}
	for i := range piped {
		p.note(false, numbered(i))
	}
	return p
}

func (p *piper) args() []string { return nil }

func (p *piper) stdin() *os.File { return p.r }

func (p *piper) feed(ctx context.Context, _ *os.Process, last bool) {
	_ = p.w.SetWriteDeadline(time.Time{})
	defer interrupt(ctx, func() { _ = p.w.SetWriteDeadline(time.Unix(1, 0)) })()
	burst := 5 // so that it still writes when the run is killed or stopped
	end := min(p.wrote/pipedSize+piped/4, piped*9/10) * pipedSize
	if last {
		burst, end = 50, piped*pipedSize
	}
	for p.wrote < end {
		line := p.wrote / pipedSize
		var b []byte
		for i := range burst {
			b = append(append(b, numbered(line+i)...), pipedEnd...)
		}
		b = b[p.wrote%pipedSize:]
		n, err := p.w.Write(b[:min(len(b), end-p.wrote)])
		p.wrote += n
		if err != nil {
			return
		}
		select {
		case <-time.After(3 * time.Millisecond):
		case <-ctx.Done():
			return
		}
	}
	if last {
		_ = p.w.Close()
	}
}

func (p *piper) between(t testing.TB, dir string, e ended) {
	if p.wrote < piped*pipedSize {
		p.wrote -= p.drain(t)
	}
	safe := p.wrote / pipedSize // lines before this one are whole
	if e.code != 0 {
		safe = p.judged
		for x := range taken(t, filepath.Join(dir, "ck", "journal", "a")) {
			var n int
			if _, err := fmt.Sscanf(x, "line-%d;", &n); err != nil {
				t.Fatal(err)
			}
			safe = max(safe, n+1)
		}
	}
	for ; p.judged < safe; p.judged++ {
		p.note(true, numbered(p.judged))
	}
	p.judged = max(p.judged, (p.wrote+pipedSize-1)/pipedSize) // the rest of what was read, and the line that was cut, may come
}

// drain takes out of the pipe what nobody read, and tells how much that is. It is written again.
func (p *piper) drain(t testing.TB) int {
	_ = p.w.SetWriteDeadline(time.Time{})
	done := make(chan error, 1)
	go func() {
		_, err := p.w.Write([]byte{0})
		done <- err
	}()
	var all []byte
	for buf := make([]byte, 64<<10); !bytes.HasSuffix(all, []byte{0}); {
		n, err := p.r.Read(buf)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, buf[:n]...)
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	return len(all) - 1
}

// check also looks at the order: there is one pipe.
func (p *piper) check(t testing.TB, got [][]string) []verdict {
	all := p.ledger.check(t, got)
	for i, rows := range got {
		if lines := line.FindAllString(strings.Join(rows, ""), -1); all[i].text == "" && !slices.IsSorted(lines) {
			all[i].text = "the lines are in another order"
		}
	}
	return all
}

func (p *piper) close() {
	p.r.Close()
	p.w.Close()
}
