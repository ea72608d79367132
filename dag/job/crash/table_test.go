package crash

import (
	"context"
	"database/sql"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// newTable makes the database in.db with a table t, and closes it with the test.
func newTable(t testing.TB, dir string) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", filepath.Join(dir, "in.db")+"?_pragma=busy_timeout(20000)&_pragma=journal_mode(wal)&_pragma=synchronous(off)")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	if _, err := db.Exec("create table t (id integer primary key autoincrement, name text unique, v integer)"); err != nil {
		t.Fatal(err)
	}
	return db
}

// insert puts numbered lines into the table, in one transaction.
func insert(t testing.TB, db *sql.DB, from, n int) {
	t.Helper()
	tx, err := db.Begin()
	for i := from; err == nil && i < from+n; i++ {
		_, err = tx.Exec("insert into t (name, v) values (?, ?)", numbered(i), i%7)
	}
	if err == nil {
		err = tx.Commit()
	}
	if err != nil {
		t.Error(err)
	}
}

// clerk enters rows into a table, whether or not anybody reads it. All of it has to come out.
type clerk struct {
	ledger
	t    testing.TB
	dir  string
	db   *sql.DB
	next int
}

func newClerk(t testing.TB, dir string) outside {
	return &clerk{ledger: newLedger(), t: t, dir: dir, db: newTable(t, dir)}
}

func (c *clerk) args() []string { return nil }

func (c *clerk) feed(ctx context.Context, p *os.Process, last bool) {
	for end := c.next + 1500; ctx.Err() == nil && c.next < end; c.next += 15 {
		for i := range 15 {
			c.note(true, numbered(c.next+i))
		}
		insert(c.t, c.db, c.next, 15)
		select {
		case <-time.After(5 * time.Millisecond):
		case <-ctx.Done():
		}
	}
	if !last {
		return
	}
	awaitShown(ctx, c.t, c.dir, c.next)
	_ = p.Signal(syscall.SIGTERM)
}

func (c *clerk) between(testing.TB, string, ended) {}

func (c *clerk) close() {}
