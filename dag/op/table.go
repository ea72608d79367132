package op

import (
	"context"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
)

// Table is the connector of a [Transform] that holds all rows of a table in memory, and reads them again when they may be others. The
// transform calls one method at a time, on any of its goroutines.
type Table interface {
	// Open gets ready and waits for nobody. columns are those to read, by name, and the types that they are read as.
	Open(rt Runtime, columns *arrow.Schema) error
	// Changed reports whether there may be other rows than those that Read gave last.
	Changed(ctx context.Context) (bool, error)
	// Read gives all rows of the table as it is at one moment. Records have the columns of Open; each has them for the call. A row with a
	// value that is not of its column's type is an error, and so is what each returns.
	Read(ctx context.Context, each func(arrow.RecordBatch) error) error
	// Passes reports whether an error may pass by itself; cause is what it is in few different words.
	Passes(err error) (cause string, yes bool)
	// Patience is how long the first Read is tried again while its errors may pass.
	Patience() time.Duration
	// Close comes last, also where Open failed.
	Close() error
}
