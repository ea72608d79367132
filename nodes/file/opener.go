package file

import (
	"context"
	"io"
	"io/fs"
	"os"
	"sync/atomic"
	"time"

	"flowrun/dag/op"
	"flowrun/dag/retry"
)

// readable is a file that is read.
type readable interface {
	io.ReaderAt
	io.Closer
	Stat() (fs.FileInfo, error)
}

func openFile(name string) (readable, error) { return os.Open(name) }

// opener opens files and reads them, again and again while what went wrong may pass: to read twice does no harm. Of files that are
// followed an error ends only the visit, and the next look is the next attempt.
type opener struct {
	open  func(name string) (readable, error)
	loop  retry.Loop
	rt    op.Runtime
	ctx   context.Context // of the run
	own   atomic.Bool     // the source's goroutine waits for what is read
	waits atomic.Bool     // that is said
}

// begin lets it wait from now on.
func (o *opener) begin(ctx context.Context, rt op.Runtime, lasting time.Duration) {
	o.ctx, o.rt = ctx, rt
	o.loop = retry.Loop{For: lasting, Hurry: rt.Hurry(), Passes: retry.PassesReading, Pause: o.loop.Pause}
}

// waited says that the source's own goroutine waits for what is read until the function that it gives is called.
func (o *opener) waited() func() {
	o.own.Store(true)
	return func() { o.own.Store(false) }
}

func (o *opener) do(name string, try func() error) error {
	if o.rt == nil {
		return try()
	}
	return waitingFor(o.loop.Telling(o.rt, "read", name), o.rt, &o.own, &o.waits).Do(o.ctx, try)
}

// openAgain opens a file, which may take a while.
func (o *opener) openAgain(name string) (file readable, err error) {
	err = o.do(name, func() (err error) {
		file, err = o.open(name)
		return err
	})
	return file, err
}

// patientFile is a file that is read again.
type patientFile struct {
	readable
	name string
	o    *opener
}

func (f *patientFile) ReadAt(p []byte, at int64) (n int, err error) {
	err = f.o.do(f.name, func() error {
		var err error
		n, err = f.readable.ReadAt(p, at)
		return err
	})
	return n, err
}
