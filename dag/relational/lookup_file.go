package relational

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"

	"flowrun/dag/batch"
	"flowrun/dag/codec"
	"flowrun/dag/codec/columnar"
	"flowrun/dag/op"
	"flowrun/dag/plan"
)

// lookupFile reads the file of a lookup whole, and knows whether it is another one since.
type lookupFile struct {
	*lookupColumns
	seen fs.FileInfo // of the file that was read, before that was done
}

func newLookupFile(o *plan.Lookup, rt op.Runtime, reads func(i int) bool) *lookupFile {
	return &lookupFile{lookupColumns: newLookupColumns(o, rt, reads, false)}
}

func (f *lookupFile) passes(error) (string, bool) { return "", false }
func (f *lookupFile) patience() time.Duration     { return 0 }
func (f *lookupFile) near() bool                  { return true }

// changed reports whether the file is not the one that was read.
func (f *lookupFile) changed(context.Context) (bool, error) {
	info, err := os.Stat(f.o.Path)
	if err != nil {
		return false, err
	}
	return !os.SameFile(info, f.seen) || info.Size() != f.seen.Size() || !info.ModTime().Equal(f.seen.ModTime()), nil
}

// load reads the file. What is wrong with any of its rows is an error.
func (f *lookupFile) load(ctx context.Context) (*lookupTable, error) {
	t, err := newLookupTable(f.lookupColumns)
	if err != nil {
		return nil, err
	}
	file, err := os.Open(f.o.Path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	if columnar.Knows(f.o.Format.Name) {
		err = f.columns(ctx, file, info.Size(), t)
	} else {
		err = f.lines(ctx, file, t)
	}
	if err != nil {
		return nil, err
	}
	f.seen = info
	f.loaded(t)
	return t, nil
}

// fileRows is how many rows of a file are decoded at a time, fileBytes how many bytes are read.
const (
	fileRows  = 4096
	fileBytes = 256 << 10
)

// lines reads a file of lines.
func (f *lookupFile) lines(ctx context.Context, file io.Reader, t *lookupTable) error {
	d := codec.NewDecoder(codec.DecoderOptions{Format: f.o.Format.Name, Config: f.o.Format.Config, Schema: f.schema, Want: f.want,
		Allocator: f.rt.Allocator(), Now: f.rt.Now})
	defer d.Close()
	if h, ok := d.(codec.Headed); ok {
		h.Restart(0)
	}
	framer := codec.NewFramer(f.o.Format.Name, f.o.Format.Config, 0)
	one := func() error {
		if size, over := framer.Over(); over {
			return fmt.Errorf("a record has %d bytes, and may have %d", size, framer.Longest())
		}
		d.Decode(framer.Line())
		if d.Pending() < fileRows {
			return nil
		}
		return f.take(d, t)
	}
	chunk := make([]byte, fileBytes)
	for {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		n, err := file.Read(chunk)
		framer.Feed(chunk[:n])
		for framer.Next() {
			if err := one(); err != nil {
				return err
			}
		}
		if err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
	}
	if framer.Flush() {
		if err := one(); err != nil {
			return err
		}
	}
	return f.take(d, t)
}

// take puts what was decoded into the table.
func (f *lookupFile) take(d codec.Decoder, t *lookupTable) error {
	b := d.Batch(f.rt.Now())
	if b == nil {
		return nil
	}
	defer b.Release()
	if len(b.Rejects) > 0 {
		return badRow(b.Rejects[0])
	}
	if b.Rows() == 0 {
		return nil
	}
	return t.add(b.Record)
}

// badRow says what is wrong with a row of the file.
func badRow(r batch.Reject) error {
	const most = 200
	text := r.Reason
	if r.Detail != "" {
		text += ": " + r.Detail
	}
	if len(r.Raw) > 0 {
		text += fmt.Sprintf(", in %q", r.Raw[:min(len(r.Raw), most)])
	}
	return errors.New(text)
}

// columns reads a file of columns.
func (f *lookupFile) columns(ctx context.Context, file io.ReaderAt, size int64, t *lookupTable) error {
	opened, err := columnar.Open(f.o.Format.Name, file, size)
	if err != nil {
		return err
	}
	fitted, problems := opened.Fit(f.schema)
	if fitted == nil {
		return problems[0]
	}
	r, err := fitted.Read(columnar.ReadOptions{Want: f.want, Rows: fileRows, Allocator: f.rt.Allocator()})
	if err != nil {
		return err
	}
	defer r.Close()
	for {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		p, err := r.Next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if len(p.Faults) > 0 {
			fault := p.Faults[0]
			err = fmt.Errorf("row %d: %s: %s, %s", p.Row+int64(fault.Row)+1, fault.Column, fault.Reason, fault.Detail)
		} else {
			err = t.add(p.Record)
		}
		p.Record.Release()
		if err != nil {
			return err
		}
	}
}
