// Package sqlite is the kind that writes into and reads from tables of a SQLite database.
package sqlite

import (
	"context"
	"database/sql"
	_ "embed"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	sqlite "modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

//go:embed doc.md
var doc string

// busyMillis is how long one statement waits for a lock that another process holds.
const busyMillis = 2000

// connect opens a database with one connection.
func connect(ctx context.Context, path string, readOnly bool) (*sql.DB, *sql.Conn, error) {
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return nil, nil, fmt.Errorf("%s is a directory", path)
	} else if err != nil && readOnly {
		return nil, nil, fmt.Errorf("there is no file %s", path)
	} else if up := filepath.Dir(path); err != nil {
		if _, err := os.Stat(up); err != nil {
			return nil, nil, fmt.Errorf("there is no directory %s, in which the database could be made", up)
		}
	}
	q := url.Values{"_pragma": {fmt.Sprintf("busy_timeout(%d)", busyMillis), "foreign_keys(1)", "synchronous(FULL)"}, "_txlock": {"immediate"}}
	if readOnly {
		q["_pragma"] = q["_pragma"][:1]
		q.Set("mode", "ro")
	}
	db, err := sql.Open("sqlite", "file:"+(&url.URL{Path: path}).EscapedPath()+"?"+q.Encode())
	if err != nil {
		return nil, nil, err
	}
	db.SetMaxOpenConns(1)
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, nil, errors.Join(err, db.Close())
	}
	return db, conn, nil
}

// code is the primary code of an error of SQLite; 0: it is none.
func code(err error) int {
	var e *sqlite.Error
	if errors.As(err, &e) {
		return e.Code() & 0xff
	}
	return 0
}

// refuses reports whether an error is about a row.
func refuses(err error) bool {
	switch code(err) {
	case sqlite3.SQLITE_CONSTRAINT, sqlite3.SQLITE_MISMATCH, sqlite3.SQLITE_TOOBIG:
		return true
	}
	return false
}

// passes reports whether an error may pass by itself, and why it is there.
func passes(err error) (string, bool) {
	switch code(err) {
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_PROTOCOL:
		return "another process holds its lock", true
	case sqlite3.SQLITE_FULL:
		return "the disk is full", true
	case sqlite3.SQLITE_NOMEM:
		return "there is no memory for it", true
	}
	return "", false
}

// passesReading is passes for what only reads, and can be done again whatever became of it.
func passesReading(err error) (string, bool) {
	if code(err) == sqlite3.SQLITE_IOERR {
		return "the disk cannot be read", true
	}
	return passes(err)
}

// codes are the numbers and names with which the driver ends what SQLite says.
var codes = regexp.MustCompile(`( \((\d+|SQLITE_\w+)\))+$`)

// said is what SQLite says of an error.
func said(err error) string {
	text := err.Error()
	if code(err) != 0 {
		text = codes.ReplaceAllString(text, "")
		text = strings.TrimPrefix(strings.TrimPrefix(text, "constraint failed: "), "SQL logic error: ")
	}
	return text
}

// hintOf is the hint for an error before the run, or other where nothing is known of it.
func hintOf(err error, other string) string {
	if cause, passes := passesReading(err); passes {
		return cause + ", which may pass: try again"
	}
	return other
}

// worded is an error of SQLite that says only what SQLite says.
type worded struct{ error }

func (w worded) Error() string { return said(w.error) }
func (w worded) Unwrap() error { return w.error }
