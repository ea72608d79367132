package file

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"flowrun/dag/diag"
	"flowrun/dag/op"
	"flowrun/dag/plan"
	"flowrun/dag/spec"
	"flowrun/nodes"
	"flowrun/nodes/lines"
)

// Config is the settings of a file that is read.
type Config struct {
	Path         string    `yaml:"path" doc:"the file to read; a relative path starts at the working directory" required:"true"`
	MaxLineBytes spec.Size `yaml:"max_line_bytes" doc:"a longer line is rejected with its head" default:"1MiB"`
}

//go:embed doc.md
var doc string

func init() {
	nodes.Register(nodes.Kind[Config]{
		Name: "file", Role: nodes.Source, Doc: doc,
		Scan: scan,
		Source: func(c Config, s *plan.Scan) (op.Source, error) {
			return &source{cfg: c, format: s.Format.Name, schema: s.Schema}, nil
		},
	})
}

func scan(_ context.Context, b *nodes.Builder, c Config) *plan.Scan {
	f := b.Format(formatOf(c.Path), "text", "json")
	s := b.Schema(f)
	if message, hint := lines.CheckMaxLine(int64(c.MaxLineBytes)); message != "" {
		b.Wrong("max_line_bytes", message, hint)
		return nil
	}
	if !look(b, c.Path) || s == nil {
		return nil
	}
	return &plan.Scan{Schema: s, Format: f, Detail: c.Path, Bounded: true, Replays: true, UntilNow: true}
}

// formatOf is the format that a file's name tells.
func formatOf(path string) string {
	switch strings.ToLower(filepath.Ext(path)) {
	case ".json", ".jsonl", ".ndjson":
		return "json"
	}
	return "text"
}

// look reports what is wrong with the file, as far as it can be seen before the run.
func look(b *nodes.Builder, path string) bool {
	if path == "" {
		b.Wrong("path", "path is empty", "file: {path: readings.jsonl}")
		return false
	}
	info, err := os.Stat(path)
	d := diag.Diagnostic{Code: nodes.CodeInput, At: b.Setting("path")}
	if err == nil {
		if err = regular(info); err == nil {
			return true
		}
		d.Hint = "name one file; `stdin` reads a pipe"
	} else {
		d.Hint = "a relative path starts at the working directory"
	}
	if d.Message = fmt.Sprintf("cannot read %q: %v", path, reason(err)); errors.Is(err, fs.ErrNotExist) {
		d.Message = fmt.Sprintf("there is no file %q", path)
	}
	b.Report(d)
	return false
}

// regular says why what was found is no file that can be read again from any place.
func regular(info fs.FileInfo) error {
	switch mode := info.Mode(); {
	case mode.IsRegular():
		return nil
	case mode.IsDir():
		return errors.New("it is a directory")
	case mode&(fs.ModeNamedPipe|fs.ModeSocket) != 0:
		return errors.New("it is a pipe, which cannot be read again")
	}
	return errors.New("it is no regular file")
}

// reason is the error without the path, which stands beside it.
func reason(err error) error {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		return pe.Err
	}
	return err
}
