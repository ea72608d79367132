package postgres

import (
	"errors"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"flowrun/nodes/peer"
)

// refuses reports whether an error is about a row: its data, a constraint, a trigger, the size of an index's entry.
func refuses(err error) bool {
	var e *pgconn.PgError
	if !errors.As(err, &e) || len(e.Code) != 5 {
		return false
	}
	switch e.Code[:2] {
	case "22", "23", "44", "54":
		return true
	}
	return e.Code == "P0001"
}

// said is what PostgreSQL says of a row.
func said(err error) string {
	var e *pgconn.PgError
	if !errors.As(err, &e) {
		return err.Error()
	}
	if e.Detail != "" {
		return e.Message + ": " + e.Detail
	}
	return e.Message
}

// lineOf is the line of a COPY that an error blames, from 1; 0: it blames none.
func lineOf(err error) int {
	var e *pgconn.PgError
	if !errors.As(err, &e) || !strings.HasPrefix(e.Where, "COPY ") {
		return 0
	}
	_, rest, ok := strings.Cut(e.Where, ", line ")
	if !ok {
		return 0
	}
	digits := 0
	for digits < len(rest) && rest[digits] >= '0' && rest[digits] <= '9' {
		digits++
	}
	n, _ := strconv.Atoi(rest[:digits])
	return n
}

// lost is an error behind which the connection is gone.
type lost struct{ error }

func (l lost) Unwrap() error { return l.error }

// passes reports whether an error may pass by itself, and why it is there.
func passes(err error) (string, bool) {
	var e *pgconn.PgError
	if errors.As(err, &e) {
		switch e.Code {
		case "57P01", "57P02", "57P03", "57P05", "25P03", "53100", "53200", "53300", "40001", "40P01", "55P03":
			return e.Message, true
		}
		return "", strings.HasPrefix(e.Code, "08")
	}
	var connect *pgconn.ConnectError
	var l lost
	if errors.As(err, &connect) || errors.As(err, &l) {
		return peer.Reason(err), true
	}
	return "", false
}
