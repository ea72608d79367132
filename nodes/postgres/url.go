package postgres

import (
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"flowrun/nodes"
)

const sampleURL = "postgres://flow@localhost:5432/shop"

// locate reads the setting `url`, and reports what is wrong with it; nil then.
func locate(b *nodes.Builder, url string) *pgx.ConnConfig {
	config, err := pgx.ParseConfig(url)
	if err != nil || url == "" {
		message, hint := wrongURL(url, err)
		b.Wrong("url", message, hint)
		return nil
	}
	return config
}

// wrongURL says what is wrong with a url. What pgx says may quote it, with the password in it, so nothing of that is repeated but words that
// cannot be part of one.
func wrongURL(url string, err error) (message, hint string) {
	hint = "url: " + sampleURL
	if url == "" {
		return "url is empty", hint
	}
	scheme, _, is := strings.Cut(url, "://")
	switch {
	case is && scheme != "postgres" && scheme != "postgresql" && !strings.ContainsAny(scheme, "@:=/ "):
		return fmt.Sprintf("url begins with %s://, and one of PostgreSQL with postgres://", scheme), hint
	case !is && !strings.Contains(url, "="):
		return "url does not begin with postgres://", hint
	}
	text := err.Error()
	if i := strings.LastIndex(text, "`: "); i >= 0 {
		text = text[i+3:]
	}
	inner := ""
	if e := (*pgconn.ParseConfigError)(nil); errors.As(err, &e) && e.Unwrap() != nil {
		inner = e.Unwrap().Error()
	}
	about := func(words string) bool { return strings.Contains(text, words) }
	const encoded = "; in a name or password / @ : ? # % are written %2F %40 %3A %3F %23 %25"
	switch {
	case about("invalid port"), about("port numbers"):
		return "the port in url is no number from 1 to 65535", hint + encoded
	case about("percent-encoded token"):
		return "a % in url is not followed by two hexadecimal digits", hint + encoded
	case about("unexpected spaces"):
		return "url has a blank in it", "a blank is written %20"
	case about("sslmode is invalid"):
		return "sslmode in url is none that there is", "disable, allow, prefer, require, verify-ca or verify-full"
	case about("failed to configure TLS"):
		return "url asks for TLS that cannot be set up: " + inner, "sslrootcert, sslcert and sslkey name files; a relative path starts where flowrun is run"
	case about("connect_timeout"):
		return "connect_timeout in url is no number of seconds", "connect_timeout=10"
	case about("target_session_attrs"):
		return "target_session_attrs in url is none that there is", "any, read-write, read-only, primary, standby or prefer-standby"
	case about("service"):
		return "the service that url names is in no service file", "PGSERVICEFILE, or ~/.pg_service.conf, has it"
	}
	return "url does not say where a PostgreSQL database is", hint + encoded
}
