package lookup

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"

	"flowrun/dag/codec"
	"flowrun/dag/codec/columnar"
	"flowrun/dag/diag"
	"flowrun/dag/plan"
	"flowrun/dag/spec"
	"flowrun/nodes"
)

// extensions are what names of files end in, by what it says of them.
var extensions = map[string]string{
	"csv": "csv", "tsv": "tsv", "json": "json", "jsonl": "json", "ndjson": "json",
	"parquet": "parquet", "arrow": "arrow", "feather": "arrow", "ipc": "arrow",
}

const columnsHint = "write the columns: schema: {id: string, name: string}"

// lookAtFile finds out what the file is and which columns it has, and reports what is wrong.
func lookAtFile(b *nodes.Builder, c config, o *plan.Lookup) bool {
	if c.File == "" {
		b.Wrong("file", "file is empty", "file: users.csv")
		return false
	}
	name := c.Format
	if name == "auto" {
		if name = extensions[strings.ToLower(strings.TrimPrefix(filepath.Ext(c.File), "."))]; name == "" {
			b.Wrong("file", fmt.Sprintf("the name %q does not tell what is in the file", c.File), "say it: format: csv, tsv, json, parquet or arrow")
			return false
		}
	}
	o.Format = plan.Format{Name: name, At: b.Setting("format")}
	switch name {
	case "csv":
		o.Format.Config = codec.DefaultCSV
	case "tsv":
		o.Format.Name, o.Format.Config = "csv", codec.TSV
	}
	f, size, err := openFile(c.File)
	if err != nil {
		unreadable(b, c, err)
		return false
	}
	defer f.Close()
	switch {
	case columnar.Knows(o.Format.Name):
		o.Schema = own(b, c, o, f, size)
	case c.declares():
		o.Schema = declare(b, c, o)
	default:
		o.Schema = infer(b, c, o, f)
	}
	return o.Schema != nil
}

// declares reports whether the lookup says the columns itself.
func (c config) declares() bool {
	s := c.Schema
	return s != nil && s.Kind != spec.Null && (s.Kind != spec.Scalar || s.Text.Value != "infer")
}

func openFile(path string) (*os.File, int64, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, 0, err
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = errors.New("it is no regular file")
	}
	if err != nil {
		_ = f.Close()
		return nil, 0, err
	}
	return f, info.Size(), nil
}

func unreadable(b *nodes.Builder, c config, err error) {
	d := diag.Diagnostic{Code: nodes.CodeInput, At: b.Setting("file"), Message: fmt.Sprintf("cannot read %q: %v", c.File, reason(err)),
		Hint: "format says how it is to be read, where its name does not"}
	if errors.Is(err, fs.ErrNotExist) {
		d.Message, d.Hint = fmt.Sprintf("there is no file %q", c.File), "a relative path starts where flowrun is run"
	}
	b.Report(d)
}

func reason(err error) error {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		return pe.Err
	}
	return err
}

// own is the schema of a file that says itself what columns it has: those of them that are used, since others may have types
// that are none here.
func own(b *nodes.Builder, c config, o *plan.Lookup, f *os.File, size int64) *arrow.Schema {
	if c.Schema != nil && c.Schema.Kind != spec.Null {
		b.Wrong("schema", fmt.Sprintf("a %s file says itself what columns it has", o.Format.Name), "remove `schema`")
		return nil
	}
	file, err := columnar.Open(o.Format.Name, f, size)
	if err != nil {
		unreadable(b, c, err)
		return nil
	}
	used := usedIn(o)
	s, _ := file.Schema()
	ok := true
	for _, col := range file.Columns() {
		at, uses := used[col.Name]
		if uses && col.Type == nil {
			b.Report(diag.Diagnostic{Code: nodes.CodeInput, At: at.At, Message: fmt.Sprintf("%s: column %s cannot be read: %s", c.File, col.Name, col.Why),
				Hint: "leave it out, or write the file with another type for it"})
			ok = false
		}
	}
	if !ok {
		return nil
	}
	return s
}

// usedIn are the columns that are looked up in and taken, and where they stand.
func usedIn(o *plan.Lookup) map[string]diag.Text {
	used := map[string]diag.Text{}
	for _, k := range o.On {
		used[k.In.Value] = k.In
	}
	for _, t := range o.Take {
		used[t.In.Value] = t.In
	}
	return used
}

// written is the schema as written.
func written(b *nodes.Builder, c config) *arrow.Schema {
	s, list := nodes.ReadSchema(c.Schema)
	for _, d := range list {
		b.Report(d)
	}
	return s
}

// declare is the schema as written, which the format has to know.
func declare(b *nodes.Builder, c config, o *plan.Lookup) *arrow.Schema {
	s := written(b, c)
	if s == nil {
		return nil
	}
	if err := codec.Check(o.Format.Name, s, false); err != nil {
		wrongSchema(b, b.Setting("schema"), "", err)
		return nil
	}
	return s
}

// infer finds the schema by the rows that the file begins with.
func infer(b *nodes.Builder, c config, o *plan.Lookup, f *os.File) *arrow.Schema {
	s, err := codec.Infer(f, codec.DecoderOptions{Format: o.Format.Name, Config: o.Format.Config})
	if err != nil {
		if errors.Is(err, codec.ErrNoRecord) {
			err = &codec.Problem{Message: "it has no row"}
		}
		wrongSchema(b, b.Setting("file"), fmt.Sprintf("cannot tell the columns of %q: ", c.File), err)
		return nil
	}
	return s
}

func wrongSchema(b *nodes.Builder, at diag.Span, what string, err error) {
	d := diag.Diagnostic{Code: nodes.CodeSchema, At: at, Message: what + reason(err).Error(), Hint: columnsHint}
	if p := (*codec.Problem)(nil); errors.As(err, &p) {
		d.Message = what + p.Message
		if p.Hint != "" {
			d.Hint = p.Hint
		}
	}
	b.Report(d)
}
