package soak

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// tally holds what came out against what was sent.
type tally struct {
	mu     sync.Mutex
	conns  []*connection
	life   life
	keys   [keys + 1]perKey
	alone  []alone // right rows that found no left one
	ids    struct{ http, once, late bits }
	twice  map[string]int64 // rows by output that came more than once
	rows   map[string]int64 // rows by output
	wrong  []string
	http   struct{ again int64 }
	closed map[int64]bool // connections of the rows that close windows
	killed map[int]bool   // lives that were

	written   atomic.Int64 // ids of the log
	delivered atomic.Int64 // different ones that the slow sink took
	committed atomic.Int64 // all ids below were shown by parts
}

// life is one run of the program.
type life struct {
	number   int
	stopping bool
}

// connection is what is known of one.
type connection struct {
	id     int64
	sender string
	life   int
	sent   int64 // rows; the sender's until the connection has ended
	whole  bool  // the program has read all of it, and nobody had told it to stop
	raw    bits  // rows that the source's own output shows
	joined bits  // rows that the join shows
	late   bits  // rows that the join calls late
}

type perKey struct{ n, sum, late, lateSum, windows, windowsSum int64 }

type alone struct{ c, i int64 }

// bits is a set of small numbers.
type bits struct {
	set []uint64
	n   int64
}

func (b *bits) add(i int64) bool {
	for int(i/64) >= len(b.set) {
		b.set = append(b.set, 0)
	}
	if b.has(i) {
		return false
	}
	b.set[i/64] |= 1 << (i % 64)
	b.n++
	return true
}

func (b *bits) has(i int64) bool { return int(i/64) < len(b.set) && b.set[i/64]&(1<<(i%64)) != 0 }

// prefix reports whether the set is 0 to n - 1.
func (b *bits) prefix() bool { return b.n == 0 || b.has(b.n-1) && b.max() == b.n-1 }

func (b *bits) max() int64 {
	for i := int64(len(b.set))*64 - 1; i >= 0; i-- {
		if b.has(i) {
			return i
		}
	}
	return -1
}

func newTally() *tally {
	return &tally{twice: map[string]int64{}, rows: map[string]int64{}, closed: map[int64]bool{}, killed: map[int]bool{}}
}

func (ta *tally) open(sender string) *connection {
	ta.mu.Lock()
	defer ta.mu.Unlock()
	c := &connection{id: int64(len(ta.conns)), sender: sender, life: ta.life.number}
	ta.conns = append(ta.conns, c)
	return c
}

func (ta *tally) finish(c *connection, read bool) {
	ta.mu.Lock()
	defer ta.mu.Unlock()
	c.whole = read && !ta.life.stopping && c.life == ta.life.number
}

// closes notes that a connection has a row that closes windows.
func (ta *tally) closes(c *connection) {
	ta.mu.Lock()
	ta.closed[c.id] = true
	ta.mu.Unlock()
}

// shown is how many rows parts had.
func (ta *tally) shown() (n int64) {
	ta.mu.Lock()
	defer ta.mu.Unlock()
	for _, rows := range ta.rows {
		n += rows
	}
	return n
}

// stop is called before the program is stopped or killed.
func (ta *tally) stop(kill bool) {
	ta.mu.Lock()
	ta.life.stopping, ta.killed[ta.life.number] = true, kill
	ta.mu.Unlock()
}

// begin is called before the program begins again.
func (ta *tally) begin() {
	ta.mu.Lock()
	ta.life = life{number: ta.life.number + 1}
	ta.mu.Unlock()
}

func (ta *tally) deliver(ids []int64) {
	ta.mu.Lock()
	defer ta.mu.Unlock()
	for _, id := range ids {
		if ta.ids.http.add(id) {
			ta.delivered.Add(1)
		} else {
			ta.http.again++
		}
	}
}

// collect reads the parts that show, and takes them away.
func (ta *tally) collect(t *testing.T, dir string) {
	for _, output := range outputs {
		parts, err := filepath.Glob(filepath.Join(dir, "out", output, "part-*"))
		if err != nil {
			t.Error(err)
			return
		}
		for _, part := range parts {
			text, err := os.ReadFile(part)
			if err != nil {
				t.Error(err)
				return
			}
			if err := os.Remove(part); err != nil {
				t.Error(err)
			}
			ta.read(output, text)
		}
	}
	ta.mu.Lock()
	defer ta.mu.Unlock()
	for at := ta.committed.Load(); ta.ids.once.has(at) || ta.ids.late.has(at); at++ {
		ta.committed.Store(at + 1)
	}
}

// none is a value that is null.
const none = -1 << 62

func (ta *tally) read(output string, text []byte) {
	ta.mu.Lock()
	defer ta.mu.Unlock()
	_, text, _ = bytes.Cut(text, []byte("\n")) // the header
	var row []int64
	for line := range bytes.Lines(text) {
		row = row[:0]
		for field := range bytes.SplitSeq(bytes.TrimRight(line, "\r\n"), []byte(",")) {
			n := int64(none)
			if len(field) > 0 {
				var err error
				if n, err = strconv.ParseInt(string(field), 10, 64); err != nil {
					ta.say("%s has the line %q", output, line)
					return
				}
			}
			row = append(row, n)
		}
		ta.rows[output]++
		if !ta.take(output, row) {
			ta.twice[output]++
		}
	}
}

func (ta *tally) say(format string, args ...any) {
	if len(ta.wrong) < 20 {
		ta.wrong = append(ta.wrong, fmt.Sprintf(format, args...))
	}
}

// take notes a row of an output; false: it was there before.
func (ta *tally) take(output string, row []int64) bool {
	switch output {
	case "left":
		k := &ta.keys[row[2]]
		k.n++
		k.sum += row[1]
		return ta.conns[row[0]].raw.add(row[1])
	case "right":
		return ta.conns[row[0]].raw.add(row[1])
	case "windows":
		k := &ta.keys[row[0]]
		k.windows += row[1]
		k.windowsSum += row[2]
	case "late":
		k := &ta.keys[row[0]]
		k.late++
		k.lateSum += row[1]
	case "pairs":
		c, i, k, rc, ri := row[0], row[1], row[2], row[3], row[4]
		if rc == none { // a left row alone
			return ta.conns[c].joined.add(i)
		}
		if k == none {
			ta.alone = append(ta.alone, alone{c, i})
		} else {
			ta.conns[c].joined.add(i) // as often as right rows refer to it
		}
		return ta.conns[rc].joined.add(ri)
	case "late_left", "late_right":
		return ta.conns[row[0]].late.add(row[1])
	case "once":
		return ta.ids.once.add(row[0])
	case "late_ids":
		ta.ids.late.add(row[0])
	}
	return true
}

// check says what is not as it should be, now that all is over.
func (ta *tally) check() []string {
	ta.mu.Lock()
	defer ta.mu.Unlock()
	for output, n := range ta.twice {
		ta.say("%s shows %d rows more than once", output, n)
	}
	// Where something came behind a connection's end, or the program was stopped and not killed, all of the connection was in the journal.
	last := map[string]*connection{}
	for _, c := range slices.Backward(ta.conns) {
		later := last[c.sender]
		if c.raw.n > 0 {
			last[c.sender] = c
		}
		if !c.raw.prefix() {
			ta.say("%s: of connection %d %d rows came out, up to row %d: rows in between are lost", c.sender, c.id, c.raw.n, c.raw.max())
		}
		if c.whole && (!ta.killed[c.life] || later != nil && later.life == c.life) && c.raw.n != c.sent {
			ta.say("%s: of connection %d, which was read to its end, %d of %d rows came out", c.sender, c.id, c.raw.n, c.sent)
		}
		if ta.closed[c.id] {
			continue
		}
		for i := range c.raw.max() + 1 {
			if c.raw.has(i) && !c.joined.has(i) && !c.late.has(i) {
				ta.say("%s: row %d of connection %d is not in the join", c.sender, i, c.id)
				break
			}
		}
		if n := c.joined.max(); n >= c.raw.n {
			ta.say("%s: row %d of connection %d is in the join, and not in the source's output", c.sender, n, c.id)
		}
	}
	for _, a := range ta.alone {
		if a.c < 0 {
			continue
		}
		if c := ta.conns[a.c]; c.raw.has(a.i) && !c.late.has(a.i) {
			ta.say("a right row did not find row %d of connection %d", a.i, a.c)
		}
	}
	for k, v := range ta.keys[:keys] {
		if v.n != v.windows+v.late || v.sum != v.windowsSum+v.lateSum {
			ta.say("key %d: %d rows (sum %d), in windows %d (%d), late %d (%d)", k, v.n, v.sum, v.windows, v.windowsSum, v.late, v.lateSum)
		}
	}
	for id := range ta.written.Load() {
		if !ta.ids.once.has(id) && !ta.ids.late.has(id) {
			ta.say("line %d of the log is lost", id)
		}
		if ta.ids.once.has(id) && !ta.ids.http.has(id) {
			ta.say("line %d of the log did not reach the slow sink", id)
		}
	}
	return ta.wrong
}

// figures are the totals, for the report.
func (ta *tally) figures() string {
	ta.mu.Lock()
	defer ta.mu.Unlock()
	var b strings.Builder
	for _, output := range outputs {
		fmt.Fprintf(&b, "%s %d, ", output, ta.rows[output])
	}
	whole := 0
	for _, c := range ta.conns {
		if c.whole {
			whole++
		}
	}
	fmt.Fprintf(&b, "slow sink %d and %d again; %d of %d connections read to their end", ta.ids.http.n, ta.http.again, whole, len(ta.conns))
	return b.String()
}
