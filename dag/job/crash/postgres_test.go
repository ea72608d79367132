package crash

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"flowrun/nodes/postgres/postgrestest"
)

// addressFile is where a run's directory has the address of its schema in PostgreSQL.
const addressFile = "address"

// server is started for the first shape that needs it, and ends with the tests.
var server = sync.OnceValues(postgrestest.Start)

var serverUsed atomic.Bool

func stopPostgres() {
	if !serverUsed.Load() {
		return
	}
	if s, err := server(); err == nil {
		s.Stop()
	}
}

// postgres is a sink into a table of the run's schema.
func postgres(table string) string {
	return fmt.Sprintf(`postgres: {url: "${file:%s}", table: %s}`, addressFile, table)
}

// ofServer gives each run of a shape a schema of its own in a server of PostgreSQL, without which it is skipped.
func ofServer(s shape) shape {
	var made atomic.Int64
	s.files = func(t testing.TB, dir string) {
		serverUsed.Store(true)
		server, err := server()
		postgrestest.Need(t, err)
		schema := fmt.Sprintf("s%d_%s", made.Add(1), s.sinks[0].table)
		ask(t, server.URL, "CREATE SCHEMA "+schema)
		t.Cleanup(func() { ask(t, server.URL, "DROP SCHEMA "+schema+" CASCADE") })
		put(t, filepath.Join(dir, addressFile), server.URL+"&search_path="+schema)
	}
	return s
}

// ask gives the rows of a statement, each as text; none where there is no such table.
func ask(t testing.TB, address, statement string) []string {
	t.Helper()
	ctx := context.Background() // also when the test is over
	conn, err := pgx.Connect(ctx, address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx)
	found, _ := conn.Query(ctx, statement) // the error comes with the rows
	rows, err := pgx.CollectRows(found, func(row pgx.CollectableRow) (string, error) {
		values, err := row.Values()
		return fmt.Sprint(values...), err
	})
	const noTable = "42P01"
	if refused := (*pgconn.PgError)(nil); errors.As(err, &refused) && refused.Code == noTable {
		return nil
	}
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

// storedByServer are the rows of a table of PostgreSQL, each as text, in the schema whose address is in a file.
func storedByServer(t testing.TB, path, table string) []string {
	t.Helper()
	address, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return ask(t, string(address), "SELECT * FROM "+table)
}
