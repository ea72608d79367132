// Package postgrestest starts PostgreSQL servers for tests.
package postgrestest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// ErrMissing: PostgreSQL is not installed.
var ErrMissing = errors.New("is not installed")

// patience is how long a server may take until it answers.
const patience = 20 * time.Second

// Server is a running server of the test's own, which takes everybody's word.
type Server struct {
	URL string // of a database, of which the role is the owner
	dir string
	cmd *exec.Cmd
	log bytes.Buffer // read only once the server has ended
}

// New starts a server that ends with the test. Where PostgreSQL is missing the test is skipped, but in CI it fails.
func New(t testing.TB) *Server {
	t.Helper()
	s, err := Start()
	Need(t, err)
	t.Cleanup(func() {
		if log := s.Stop(); t.Failed() {
			t.Logf("the server said:\n%s", log)
		}
	})
	return s
}

// Need judges the error of Start: what is missing skips a test, but not in CI; anything else fails it.
func Need(t testing.TB, err error) {
	t.Helper()
	switch {
	case err == nil:
	case errors.Is(err, ErrMissing) && os.Getenv("CI") == "":
		t.Skip(err)
	default:
		t.Fatal(err)
	}
}

// Start starts a server; the caller stops it.
func Start() (*Server, error) {
	initdb, err := find("initdb")
	if err != nil {
		return nil, err
	}
	postgres, err := find("postgres")
	if err != nil {
		return nil, err
	}
	s := &Server{}
	if s.dir, err = os.MkdirTemp("", "pg"); err != nil {
		return nil, err
	}
	if err := s.start(initdb, postgres); err != nil {
		return nil, fmt.Errorf("PostgreSQL: %w\n%s", err, s.Stop())
	}
	return s, nil
}

func (s *Server) start(initdb, postgres string) error {
	as, err := s.user()
	if err != nil {
		return err
	}
	command := func(args ...string) *exec.Cmd {
		args = append(slices.Clone(as), args...)
		cmd := exec.Command(args[0], args[1:]...)
		cmd.Dir, cmd.Stdout, cmd.Stderr = s.dir, &s.log, &s.log
		return cmd
	}
	data := filepath.Join(s.dir, "data")
	if err := command(initdb, "-D", data, "-U", "flow", "-A", "trust", "-N", "--locale=C", "-E", "UTF8").Run(); err != nil {
		return fmt.Errorf("initdb: %w", err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	port := l.Addr().(*net.TCPAddr).Port
	l.Close()
	cmd := command(postgres, "-D", data, "-p", strconv.Itoa(port), "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories="+s.dir, "-c", "fsync=off")
	if err := cmd.Start(); err != nil {
		return err
	}
	s.cmd = cmd
	s.URL = fmt.Sprintf("postgres://flow@127.0.0.1:%d/postgres?sslmode=disable", port)
	for end := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		conn, err := pgx.Connect(context.Background(), s.URL)
		if err == nil {
			return conn.Close(context.Background())
		}
		if time.Now().After(end) {
			return fmt.Errorf("the server does not come: %w", err)
		}
	}
}

// user gives the directory to another user, and the command that becomes that one, where this is root: PostgreSQL does not run as root.
func (s *Server) user() ([]string, error) {
	if os.Getuid() != 0 {
		return nil, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, _ := strconv.Atoi(u.Uid)
		gid, _ := strconv.Atoi(u.Gid)
		return []string{"setpriv", "--reuid", u.Uid, "--regid", u.Gid, "--clear-groups"}, os.Chown(s.dir, uid, gid)
	}
	return nil, nil
}

// find finds a program of PostgreSQL's, which Debian keeps out of the path.
func find(name string) (string, error) {
	if path, err := exec.LookPath(name); err == nil {
		return filepath.EvalSymlinks(path)
	}
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/" + name)
	if len(found) == 0 {
		return "", fmt.Errorf("%s of PostgreSQL %w", name, ErrMissing)
	}
	slices.Sort(found)
	return found[len(found)-1], nil
}

// Stop ends the server, and with it all that it has, and gives what it said.
func (s *Server) Stop() (log string) {
	if s.cmd != nil {
		_ = s.cmd.Process.Signal(os.Interrupt) // fast shutdown
		_ = s.cmd.Wait()
	}
	_ = os.RemoveAll(s.dir)
	return s.log.String()
}
