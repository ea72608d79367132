package file

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"time"
)

// follower is what a source that follows files knows of them.
type follower struct {
	inputs  []*input // in the order in which they were found
	byKey   map[key]*input
	slots   int   // of the position, used or free
	free    []int // slots
	round   int   // looks so far
	opened  int   // files that are open
	hand    int   // goes round inputs for one to close
	refused bool  // a visit since the last wait failed: the next look would only find the same file
}

const (
	// rotateGrace is how long a file that lost its name is watched after it last grew: a writer may keep it open for a while.
	rotateGrace = 5 * time.Second
	// maxOpened is how many files are kept open, so that a rename does not hide what was not read yet.
	maxOpened = 512
)

// key is what a file is known by while the source runs: its identity, or its name where the system has none.
type key struct {
	id   identity
	name string
}

func keyOf(id identity, name string) key {
	if id != (identity{}) {
		return key{id: id}
	}
	return key{name: name}
}

// startFollowing takes the inputs over, and opens those that were found.
func (s *source) startFollowing(inputs []*input) {
	f := &s.follow
	f.byKey = map[key]*input{}
	f.slots = len(inputs)
	for _, in := range inputs {
		s.watch(in)
	}
}

// watch follows one more file. It is opened at once, so that it stays within reach when it is renamed; where that fails
// the visit says why.
func (s *source) watch(in *input) {
	s.follow.inputs = append(s.follow.inputs, in)
	s.follow.byKey[keyOf(in.id, in.name)] = in
	_, _ = s.reach(in)
}

// await looks for files to visit, and waits a while if there are none. False: the run stops.
func (s *source) await(ctx context.Context) bool {
	if !s.follow.refused {
		s.look()
	}
	s.follow.refused = false
	if len(s.queue) > 0 {
		return true
	}
	s.rt.Waiting(true)
	defer s.rt.Waiting(false)
	select {
	case <-s.rt.After(s.cfg.interval()):
		return true
	case <-ctx.Done():
		return false
	}
}

// look queues a visit of every file that has grown: first those that lost their name, then the others by name, each up to
// where it ends now.
func (s *source) look() {
	files, err := list(s.cfg.Path)
	missing := errors.Is(err, fs.ErrNotExist)
	if err != nil && !missing {
		s.rt.WarnEvery("list", "cannot look for "+s.cfg.Path+", trying on", "error", reason(err))
		return
	}
	f := &s.follow
	f.round++
	var named []*input
	for _, found := range s.followable(files) {
		id := identify(found.info)
		in := f.byKey[keyOf(id, found.path)]
		if in == nil {
			in = s.files.input(s.slot(), found, plain)
			s.watch(in)
		} else if in.round == f.round {
			continue // the same file by another name
		}
		in.name, in.size, in.round, in.gone = found.path, found.info.Size(), f.round, time.Time{}
		if s.grown(in) {
			named = append(named, in)
		}
	}
	for _, in := range slices.Clone(f.inputs) {
		if in.round != f.round {
			s.lookBehind(in)
		}
	}
	s.queue = append(s.queue, named...)
	s.tell(missing)
}

// tell says on the node what is waited for.
func (s *source) tell(missing bool) {
	switch {
	case len(s.follow.inputs) > 0:
		s.rt.Status("")
	case missing:
		s.rt.Status(fmt.Sprintf("waiting for %s, which is not there yet", s.cfg.Path))
	default:
		s.rt.Status(fmt.Sprintf("waiting for the first file in %s", s.cfg.Path))
	}
}

// grown reports whether there is something to read behind what was read, and takes a file that has become shorter for one
// that was cut to be written anew.
func (s *source) grown(in *input) bool {
	if in.size < in.read {
		s.restart(in)
	}
	in.end = in.size
	return in.size > in.read
}

// restart begins a file again whose content was replaced.
func (s *source) restart(in *input) {
	if in.read > in.at {
		s.rt.WarnEvery("cut "+in.name, in.name+" was cut in the middle of a line, reading it from its start", "bytes_lost", in.read-in.at)
	} else {
		s.rt.Log().Info(in.name + " was cut, reading it from its start")
	}
	in.at, in.read, in.head = 0, 0, head{}
	if s.on == in {
		s.on = nil
	}
	s.note(in)
}

// lookBehind visits a file that lost its name as long as it grows, then once more for a last line without an end, and then
// forgets it.
func (s *source) lookBehind(in *input) {
	now := s.rt.Now()
	if in.file == nil || in.last {
		if in.size > in.read {
			s.rt.WarnEvery("lost "+in.name, in.name+" is gone before it was read to its end", "bytes_lost", in.size-in.read)
		}
		s.forget(in)
		return
	}
	if info, err := in.file.Stat(); err == nil {
		in.size = info.Size()
	}
	if in.gone.IsZero() {
		in.gone = now
	}
	switch {
	case s.grown(in):
		in.gone = now
	case now.Sub(in.gone) < rotateGrace:
		return
	case in.read == in.at:
		s.forget(in)
		return
	default:
		in.last = true
	}
	s.queue = append(s.queue, in)
}

func (s *source) forget(in *input) {
	f := &s.follow
	f.inputs = slices.DeleteFunc(f.inputs, func(other *input) bool { return other == in })
	delete(f.byKey, keyOf(in.id, in.name))
	s.drop(in)
	if s.on == in {
		s.on = nil
	}
	s.pos = s.pos.with(in.slot, nil)
	f.free = append(f.free, in.slot)
}

// slot is a free place in the position.
func (s *source) slot() int {
	f := &s.follow
	if n := len(f.free); n > 0 {
		slot := f.free[n-1]
		f.free = f.free[:n-1]
		return slot
	}
	f.slots++
	return f.slots - 1
}

// reach opens a file, and closes another one if too many are open. False: the name leads to another file by now.
func (s *source) reach(in *input) (bool, error) {
	if in.file != nil {
		return true, nil
	}
	f := &s.follow
	for tries := 0; f.opened >= maxOpened && tries < 2*len(f.inputs); tries++ {
		f.hand = (f.hand + 1) % len(f.inputs)
		if other := f.inputs[f.hand]; other.file != nil && other.gone.IsZero() && other != s.on {
			s.drop(other)
		}
	}
	same, err := in.open()
	if in.file != nil {
		f.opened++
	}
	return same, err
}

// drop closes a file.
func (s *source) drop(in *input) {
	if in.file != nil {
		s.follow.opened--
	}
	in.close()
}

// reopen makes a file ready for a visit, from its start if it is not the one any more that was read.
func (s *source) reopen(in *input) (bool, error) {
	if same, err := s.reach(in); !same || err != nil {
		return false, err
	}
	if in.read > 0 {
		same, err := in.head.begins(in.file)
		if err != nil {
			return false, err
		}
		if !same {
			s.restart(in)
		}
	}
	return true, nil
}

// followable leaves out compressed files: they are what rotation makes of files that were read before.
func (s *source) followable(files []found) []found {
	return slices.DeleteFunc(files, func(f found) bool {
		if compressionOf(s.cfg.Compression, f.path) == plain {
			return false
		}
		if !s.skipped {
			s.skipped = true
			s.rt.Log().Info("compressed files are not followed, and are left out", "first", f.path)
		}
		return true
	})
}
