package lines

import (
	"context"
	"io"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// poller reads from a file whose reads cannot be interrupted, such as a pipe that was inherited as standard input: it asks the system
// before it reads, so that what comes once a context has ended stays in the pipe for who reads next. The file may be shared with other
// processes, so it is not made one that does not block.
type poller struct {
	file        *os.File
	fds         []unix.PollFd // of the file, and of woken
	woken, wake *os.File      // a pipe: a byte in it ends the waiting
	guard       guard
	waiting     func(bool)
}

// newPoller gives the reading of a file; false: it cannot be asked.
func newPoller(r io.Reader, waiting func(bool)) (*poller, bool) {
	file, ok := r.(*os.File)
	if !ok {
		return nil, false
	}
	woken, wake, err := os.Pipe()
	if err != nil {
		return nil, false
	}
	p := &poller{file: file, woken: woken, wake: wake, waiting: waiting}
	p.fds = []unix.PollFd{{Fd: int32(file.Fd()), Events: unix.POLLIN}, {Fd: int32(woken.Fd()), Events: unix.POLLIN}}
	p.guard.set = p.interrupt
	return p, true
}

// interrupt ends the waiting, now and from now on; the zero time ends that.
func (p *poller) interrupt(t time.Time) error {
	if !t.IsZero() {
		_, err := p.wake.Write([]byte{0})
		return err
	}
	for b := make([]byte, 8); p.there(1); {
		if _, err := p.woken.Read(b); err != nil {
			return err
		}
	}
	return nil
}

// there reports whether a descriptor has something, without waiting.
func (p *poller) there(i int) bool {
	one := p.fds[i : i+1 : i+1]
	one[0].Revents = 0
	n, err := poll(one, 0)
	return n > 0 && err == nil
}

func (p *poller) read(ctx context.Context, b []byte) (int, error) {
	p.guard.watch(ctx)
	if !p.there(0) {
		p.waiting(true)
		_, err := poll(p.fds, -1)
		p.waiting(false)
		if err != nil {
			return 0, os.NewSyscallError("poll", err)
		}
	}
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	return p.file.Read(b)
}

func poll(fds []unix.PollFd, timeout int) (int, error) {
	for {
		n, err := unix.Poll(fds, timeout)
		if err != unix.EINTR {
			return n, err
		}
	}
}

func (p *poller) close() {
	p.guard.watch(context.Background()) // which never ends
	_ = p.woken.Close()
	_ = p.wake.Close()
}
