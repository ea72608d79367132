package file

import (
	"fmt"
	"io"
	"path/filepath"
	"time"

	"flowrun/dag/batch"
)

// part is a file that is being written, hidden until it is done.
type part struct {
	path, hidden string
	how          compression
	file         *written
	pack         io.WriteCloser // nil: nothing was written since it was made, or cut
	stage        *stage         // the rows once more, where the file cannot be cut; nil: none
	begun        time.Time      // when its first row came
	dirty        bool           // rows came after the last cut
	done         chan struct{}  // closed when it is finished or given up
}

// hidden is the name under which a file is written until it is done.
func hidden(path string) string {
	return filepath.Join(filepath.Dir(path), "."+filepath.Base(path)+hiddenEnding)
}

const hiddenEnding = ".flowrun"

// newPart makes the part over a file that holds size bytes already.
func newPart(path string, how compression, file output, size int64, sum uint32) *part {
	return &part{path: path, hidden: hidden(path), how: how, file: newWritten(file, size, sum), done: make(chan struct{})}
}

// create begins the file that is to show at path.
func (s *sink) create(path string) (*part, error) {
	file, err := s.disk.create(hidden(path))
	if err != nil {
		return nil, failed(path, err)
	}
	s.fresh = true
	p := newPart(path, s.how, file, 0, 0)
	p.begun = s.rt.Now()
	if s.enc == nil {
		s.enc = s.encoder()
	}
	if s.stages() {
		rows, err := s.disk.create(staged(path))
		if err != nil {
			s.giveUp(p)
			return nil, failed(path, err)
		}
		p.stage = s.stageOn(rows, 0, 0)
	}
	return p, nil
}

func (p *part) write(text []byte) error {
	if len(text) == 0 {
		return nil
	}
	p.dirty = true
	err := p.start()
	if err == nil {
		_, err = p.pack.Write(text)
	}
	if err != nil {
		return failed(p.path, err)
	}
	return nil
}

// start begins what packs: a member or frame of its own since the last cut, so that the file can be cut there.
func (p *part) start() (err error) {
	if p.pack != nil {
		return nil
	}
	if p.pack, err = p.how.writer(p.file.out); err == nil && p.how != plain {
		p.pack = newBehind(p.pack)
	}
	return err
}

// size is how large the file is so far, but for what a compressor, or what is written behind it, holds back.
func (p *part) size() int64 {
	if _, packed := p.pack.(*behind); packed {
		return p.file.size.Load() // the buffer is the packer's
	}
	return p.file.size.Load() + int64(p.file.out.Buffered())
}

// cut makes all that was written durable, and lets the file end there if it has to. Rows of a part that has a stage are
// durable there.
func (p *part) cut() error {
	err := p.flush()
	if err == nil {
		err = p.keeps().sync()
	}
	if err != nil {
		return failed(p.path, err)
	}
	p.dirty = false
	return nil
}

// flush hands the system what cut makes durable.
func (p *part) flush() (err error) {
	if p.stage != nil {
		err = p.stage.end()
	} else {
		err = p.unpack()
	}
	if err == nil {
		err = p.keeps().out.Flush()
	}
	return err
}

// keeps is the file in which rows are durable: the part's stage, or itself.
func (p *part) keeps() *written {
	if p.stage != nil {
		return p.stage.file
	}
	return p.file
}

// unpack ends what packs.
func (p *part) unpack() error {
	if p.pack == nil {
		return nil
	}
	pack := p.pack
	p.pack = nil
	return pack.Close()
}

// kept is how much of the part can be told after the last cut: the length of its stage, or of itself.
func (p *part) kept() extent {
	w := p.keeps()
	return extent{name: filepath.Base(p.path), size: w.size.Load(), sum: w.sum}
}

// finish makes the part durable and closes it.
func (p *part) finish() error {
	var err error
	if p.size() == 0 {
		err = p.start() // a packed file of nothing is a member of nothing
	}
	if e := p.unpack(); err == nil {
		err = e
	}
	if err == nil {
		err = p.file.sync()
	}
	if e := p.close(); err == nil {
		err = e
	}
	if err != nil {
		return failed(p.path, err)
	}
	return nil
}

// close gives up what the part holds open.
func (p *part) close() error {
	select {
	case <-p.done:
		return nil
	default:
	}
	close(p.done)
	_ = p.unpack() // ends what the compressor runs
	err := p.file.file.Close()
	if p.stage != nil {
		if e := p.stage.close(); err == nil {
			err = e
		}
	}
	return err
}

// log puts the rows of a batch into the stage, if the part has one.
func (p *part) log(in *batch.Batch) error {
	if p.stage == nil || in.Rows() == 0 {
		return nil
	}
	p.dirty = true
	if err := p.stage.write(in); err != nil {
		return failed(p.path, err)
	}
	return nil
}

func failed(path string, err error) error { return fmt.Errorf("write %s: %w", path, reason(err)) }
