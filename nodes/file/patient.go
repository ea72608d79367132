package file

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"sync/atomic"
	"time"

	"flowrun/dag/op"
	"flowrun/dag/retry"
)

// patient is a disk that waits for what may pass: room, handles, a disk that may be written again. What a write has written before it
// failed stays, and the rest is written behind it, so that no byte is there twice or lacks.
//
// A sync that failed is never tried again: the system may have dropped what it could not write, and the next one would say that all is well.
// Nor is anything before the first row, which is told at once, and what is removed, which the next run does again.
type patient struct {
	disk
	rt    op.Runtime
	ctx   context.Context // of the run
	loop  retry.Loop
	awake atomic.Bool // between Open and Close
	own   atomic.Bool // the sink's goroutine waits for what is called
	says  atomic.Bool // and that is said
}

func newPatient(ctx context.Context, s *sink, rt op.Runtime) *patient {
	p := &patient{disk: s.disk, rt: rt, ctx: ctx}
	p.loop = retry.Loop{For: s.lasting, Hurry: rt.Hurry(), Pause: s.pause}.Telling(rt, "write", s.path)
	return p
}

func (p *patient) do(try func() error) error {
	if !p.awake.Load() {
		return try()
	}
	return waitingFor(p.loop, p.rt, &p.own, &p.says).Do(p.ctx, try)
}

// waitingFor is a loop that also says that the operator waits, while its own goroutine does.
func waitingFor(l retry.Loop, rt op.Runtime, own, says *atomic.Bool) retry.Loop {
	tell, over := l.Waits, l.Over
	l.Waits = func(cause string, wait time.Duration) {
		if own.Load() && says.CompareAndSwap(false, true) {
			rt.Waiting(true)
		}
		tell(cause, wait)
	}
	l.Over = func() {
		over()
		if says.CompareAndSwap(true, false) {
			rt.Waiting(false)
		}
	}
	return l
}

// waits says that the sink's own goroutine waits for what is called until the function that it gives is called.
func (s *sink) waits() func() {
	p, ok := s.disk.(*patient)
	if !ok || s.how != plain { // what packs writes in a goroutine of its own
		return func() {}
	}
	p.own.Store(true)
	return func() { p.own.Store(false) }
}

func (p *patient) makeDir(path string) error {
	return p.do(func() error { return p.disk.makeDir(path) })
}

func (p *patient) create(path string) (output, error) {
	var file output
	err := p.do(func() (err error) {
		file, err = p.disk.create(path)
		return err
	})
	if err != nil {
		return nil, err
	}
	return &patientOutput{file, p}, nil
}

func (p *patient) extend(path string, size int64) (output, error) {
	file, err := p.disk.extend(path, size)
	if err != nil {
		return nil, err
	}
	return &patientOutput{file, p}, nil
}

func (p *patient) rewrite(path string, at int64) (output, error) {
	var file output
	err := p.do(func() (err error) {
		file, err = p.disk.rewrite(path, at)
		return err
	})
	if err != nil {
		return nil, err
	}
	return &patientOutput{file, p}, nil
}

func (p *patient) rename(from, to string) error {
	return p.do(func() error { return p.disk.rename(from, to) })
}

func (p *patient) syncDir(path string) error {
	var synced error
	err := p.do(func() error {
		err := p.disk.syncDir(path)
		if opening := (*fs.PathError)(nil); !errors.As(err, &opening) || opening.Op != "open" {
			synced, err = err, nil
		}
		return err
	})
	if err == nil {
		err = synced
	}
	return err
}

func (p *patient) open(path string) (file io.ReadCloser, err error) {
	err = p.do(func() (err error) {
		file, err = p.disk.open(path)
		return err
	})
	return file, err
}

// patientOutput is a file on a patient disk.
type patientOutput struct {
	output
	disk *patient
}

func (f *patientOutput) Write(b []byte) (n int, err error) {
	err = f.disk.do(func() error {
		m, err := f.output.Write(b[n:])
		n += m
		return err
	})
	return n, err
}
