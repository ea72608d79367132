package file

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/apache/arrow-go/v18/arrow"

	"flowrun/dag/codec"
	"flowrun/dag/codec/columnar"
	"flowrun/dag/diag"
	"flowrun/dag/op"
	"flowrun/dag/plan"
	"flowrun/dag/spec"
	"flowrun/nodes"
	"flowrun/nodes/lines"
)

// Config is the settings of files that are read.
type Config struct {
	Path         string        `yaml:"path" doc:"a file, a directory (its files, not those below it), or a pattern such as logs/*.log; read by name" required:"true"`
	Compression  string        `yaml:"compression" doc:"how the files are packed; auto goes by .gz and .zst" enum:"auto,gzip,zstd,none" default:"auto"`
	Follow       bool          `yaml:"follow" doc:"go on reading what is appended, and files that appear, as tail -F does"`
	Poll         spec.Duration `yaml:"poll" doc:"with follow: how often to look for more" default:"250ms" min:"1ms" max:"1h"`
	Retry        spec.Duration `yaml:"retry_for" doc:"without follow: how long to try again while files cannot be opened or read for a reason that may pass, before the run ends" default:"5m" min:"0s"`
	MaxLineBytes spec.Size     `yaml:"max_line_bytes" doc:"a longer line is rejected with its head" default:"1MiB"`
}

//go:embed doc.md
var doc string

func init() {
	nodes.Register(nodes.Kind[Config]{
		Name: "file", Role: nodes.Source, Doc: doc, Lanes: true,
		Scan: scan,
		Source: func(c Config, s *plan.Scan) (op.Source, error) {
			if columnar.Knows(s.Format.Name) {
				return newTables(c, s), nil
			}
			return newSource(c, s), nil
		},
	})
}

func scan(_ context.Context, b *nodes.Builder, c Config) *plan.Scan {
	files, ok, absent := look(b, c)
	f := b.FileFormat(filepath.Ext(unpacked(named(c.Path, files))), formatOf(c.Path, files), codec.FileFormats()...)
	if columnar.Knows(f.Name) {
		return scanTables(b, c, f, files, ok, absent)
	}
	inferred := b.Infers(f)
	var s *arrow.Schema
	switch {
	case !inferred:
		s = b.Schema(f)
	case ok:
		s = infer(b, c, files, f)
	}
	if message, hint := lines.CheckMaxLine(int64(c.MaxLineBytes)); message != "" {
		b.Wrong("max_line_bytes", message, hint)
		return nil
	}
	if s == nil || !ok && !absent {
		return nil
	}
	return &plan.Scan{Schema: s, Format: f, Detail: c.Path, Bounded: !c.Follow, Replays: true, UntilNow: !c.Follow, Pushes: true, Lanes: true,
		Inferred: inferred}
}

// formatOf is the format that a name tells: the path's own, or, of a directory, that of its first file.
func formatOf(path string, files []found) string {
	switch ext := strings.ToLower(strings.TrimPrefix(filepath.Ext(unpacked(named(path, files))), ".")); {
	case ext == "tsv":
		return "csv"
	case ext == "jsonl", ext == "ndjson":
		return "json"
	case arrowExtensions[ext]:
		return "arrow"
	case slices.Contains(codec.FileFormats(), ext):
		return ext
	}
	return "text"
}

// named is the path whose name tells the format.
func named(path string, files []found) string {
	if len(files) > 0 && files[0].path != path && !isPattern(path) {
		return files[0].path
	}
	return path
}

// look finds the files and reports what is wrong with them, as far as it can be seen before the run. Absent is that they are
// not there, and that the node is known without them: what reads it can be judged, and tests can stand in for it.
func look(b *nodes.Builder, c Config) (files []found, ok, absent bool) {
	switch {
	case c.Path == "":
		b.Wrong("path", "path is empty", "file: {path: readings.jsonl}")
		return nil, false, false
	case strings.Contains(c.Path, "**"):
		b.Wrong("path", "** is no pattern here: a pattern matches one level", "name each level: logs/*/*.log")
		return nil, false, false
	case c.Follow && c.Compression != "none" && compressionOf(c.Compression, c.Path) != plain:
		b.Wrong("follow", "a compressed file is read whole and cannot be followed",
			"remove `follow`, or follow the file before it is compressed")
		return nil, false, false
	}
	files, err := list(c.Path)
	known := filepath.Ext(c.Path) != "" || b.Node.Format != nil
	switch {
	case err == nil && len(files) == 0 && !c.Follow && isPattern(c.Path):
		b.Report(diag.Diagnostic{Code: nodes.CodeInput, At: b.Setting("path"),
			Message: fmt.Sprintf("no file matches %q", c.Path),
			Hint:    "a relative path starts at the working directory; with follow: true, files may appear later"})
		return nil, false, known
	case err == nil, c.Follow && errors.Is(err, fs.ErrNotExist):
		return files, true, false
	}
	d := diag.Diagnostic{Code: nodes.CodeInput, At: b.Setting("path"),
		Message: fmt.Sprintf("cannot read %q: %v", c.Path, reason(err)),
		Hint:    "a relative path starts at the working directory"}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		d.Message = fmt.Sprintf("there is no file %q", c.Path)
	case errors.Is(err, filepath.ErrBadPattern):
		d.Hint = "close the brackets, or put a backslash before a [ that belongs to the name"
	case errors.Is(err, errPipe), errors.Is(err, errIrregular):
		d.Hint = "name a file, a directory or a pattern; `stdin` reads a pipe"
	}
	b.Report(d)
	return nil, false, known && errors.Is(err, fs.ErrNotExist)
}

// interval is the time between two looks.
func (c Config) interval() time.Duration { return time.Duration(c.Poll) }
