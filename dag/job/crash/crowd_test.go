package crash

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// crowd is many clients of a listening socket at once, each with lines of its own, none of which it sends again. What has to come out is
// what the journal took, and what was sent to the last run before that was told to stop; of each client in order.
type crowd struct {
	ledger
	t       testing.TB
	dir     string
	address string
	next    int
}

func newCrowd(t testing.TB, dir string) outside {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return &crowd{ledger: newLedger(), t: t, dir: dir, address: l.Addr().String()}
}

func (c *crowd) args() []string {
	_, port, _ := net.SplitHostPort(c.address)
	return []string{"--set", "nodes.a.socket.port=" + port, "--set", "nodes.a.socket.host=127.0.0.1"}
}

const (
	crowdSize  = 12
	crowdLines = 400 // of each, in one run
)

func (c *crowd) feed(ctx context.Context, p *os.Process, last bool) {
	var group sync.WaitGroup
	began := c.next
	for range crowdSize {
		from := c.next
		c.next += crowdLines
		group.Go(func() { c.send(ctx, from, last) })
	}
	group.Wait()
	if !last {
		return
	}
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline) && ctx.Err() == nil; time.Sleep(20 * time.Millisecond) {
		shown := 0
		for l := range numbers(output{path: "out"}.shown(c.t, c.dir)) {
			if l >= numbered(began) {
				shown++
			}
		}
		if shown == c.next-began {
			break
		}
	}
	_ = p.Signal(syscall.SIGTERM)
}

// send is one client: it sends its lines, a few at a time, and hangs up.
func (c *crowd) send(ctx context.Context, from int, last bool) {
	var conn net.Conn
	for conn == nil {
		var err error
		if conn, err = net.Dial("tcp", c.address); err != nil { // it does not listen yet
			select {
			case <-time.After(10 * time.Millisecond):
			case <-ctx.Done():
				return
			}
		}
	}
	defer conn.Close()
	defer interrupt(ctx, func() { conn.Close() })()
	const burst = 4
	for at := from; at < from+crowdLines; at += burst {
		var text strings.Builder
		for i := range burst {
			c.note(last, numbered(at+i))
			fmt.Fprintf(&text, "%s of a client\n", numbered(at+i))
		}
		if _, err := conn.Write([]byte(text.String())); err != nil {
			return
		}
		select {
		case <-time.After(5 * time.Millisecond):
		case <-ctx.Done():
			return
		}
	}
}

func (c *crowd) between(t testing.TB, dir string, _ ended) {
	for x := range taken(t, filepath.Join(dir, "ck", "journal", "a")) {
		c.note(true, x)
	}
}

// check also looks at the order of the lines of each client.
func (c *crowd) check(t testing.TB, got [][]string) []verdict {
	all := c.ledger.check(t, got)
	for i, rows := range got {
		last := map[int]int{}
		for _, row := range rows {
			var n int
			if _, err := fmt.Sscanf(row, `{"value":"line-%d;`, &n); err != nil {
				all[i].text = fmt.Sprintf("a row is %q", row)
				continue
			}
			if before, ok := last[n/crowdLines]; ok && n < before && all[i].text == "" {
				all[i].text = fmt.Sprintf("line %d comes behind line %d of the same client", n, before)
			}
			last[n/crowdLines] = n
		}
	}
	return all
}

func (c *crowd) close() {}
