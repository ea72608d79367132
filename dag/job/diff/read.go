package diff

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	"flowrun/dag/batch"
	"flowrun/dag/diag"
	"flowrun/dag/exec"
	"flowrun/dag/job"
	"flowrun/dag/op"
	"flowrun/dag/plan"
	"flowrun/nodes"
)

// input is one side of a comparison.
type input struct {
	path string
	plan *plan.Pipeline // nil: there is no row
}

// open finds out how a file or a directory is to be read. schema is one for formats that need one, in words of YAML; "": it is found
// by all records.
func open(ctx context.Context, path, format, schema string) (*input, error) {
	in := &input{path: path}
	switch some, err := holds(path); {
	case err != nil:
		return nil, err
	case !some:
		return in, nil
	}
	p, list := parse(ctx, path, format, "")
	if p == nil && needsSchema(list) {
		if schema == "" {
			var err error
			if schema, err = columns(ctx, path, format); err != nil || schema == "" {
				return in, err
			}
		}
		p, list = parse(ctx, path, format, schema)
	}
	if p == nil {
		return nil, wrong(path, list)
	}
	in.plan = p
	return in, nil
}

// parse is the plan that reads a path, or why there is none.
func parse(ctx context.Context, path, format, schema string) (*plan.Pipeline, diag.List) {
	j := job.Parse(ctx, path, []byte(pipeline(path, format, schema)), job.Options{Env: func(string) (string, bool) { return "", false }})
	return j.Plan, j.Diags
}

func wrong(path string, list diag.List) error {
	return fmt.Errorf("read %s: %s", path, strings.TrimSuffix(list[0].Message+"; "+list[0].Hint, "; "))
}

func needsSchema(list diag.List) bool {
	for _, d := range list {
		if d.Code == nodes.CodeSchema {
			return true
		}
	}
	return false
}

// pipeline is the file that reads.
func pipeline(path, format, schema string) string {
	quoted, _ := json.Marshal(strings.ReplaceAll(path, "$", "$$"))
	source := fmt.Sprintf("file: {path: %s, retry_for: 0s}", quoted)
	if format != "" {
		source += ", format: " + format
	}
	if schema != "" {
		source += ", schema: " + schema
	}
	return "nodes:\n  rows: {" + source + "}\n  end: {from: rows, console: {}}\n"
}

// holds reports whether there is a file with something in it. A directory of directories is none of files.
func holds(path string) (bool, error) {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) && strings.ContainsAny(path, "*?[") {
		return true, nil // a pattern
	}
	if err != nil {
		return false, fmt.Errorf("read %s: %w", path, bare(err))
	}
	if !info.IsDir() {
		return info.Size() > 0, nil
	}
	all, below, err := files(path)
	if err != nil {
		return false, err
	}
	if len(all) == 0 && below != "" {
		return false, fmt.Errorf("read %s: it has directories, such as %s, and no file of its own: the files of one directory are compared, not those below it", path, filepath.Join(path, below))
	}
	for _, name := range all {
		if info, err := os.Stat(name); err == nil && info.Size() > 0 {
			return true, nil
		}
	}
	return false, nil
}

// files are those of a directory that a file source reads, and one of the directories in it.
func files(dir string) (all []string, below string, err error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, "", fmt.Errorf("read %s: %w", dir, bare(err))
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), ".") {
			continue
		}
		name := filepath.Join(dir, e.Name())
		switch info, err := os.Stat(name); {
		case err != nil:
		case info.Mode().IsRegular():
			all = append(all, name)
		case info.IsDir():
			below = e.Name()
		}
	}
	return all, below, nil
}

// bare is an error of the file system without the call and the path.
func bare(err error) error {
	if pe := (*fs.PathError)(nil); errors.As(err, &pe) {
		return pe.Err
	}
	return err
}

// each calls f with all rows in order, batch by batch, until it fails.
func (in *input) each(ctx context.Context, f func(*batch.Batch) error) error {
	if in.plan == nil {
		return nil
	}
	run, err := exec.Build(in.plan, connectors{take: f}, exec.Options{LogLevel: slog.LevelError})
	if err == nil {
		err = run.Run(ctx)
	}
	var failed *exec.NodeError
	if errors.As(err, &failed) {
		err = failed.Err
	}
	if reject := (*exec.RejectError)(nil); errors.As(err, &reject) {
		return fmt.Errorf("read %s: a row does not fit the columns: %s; --schema says which they are", in.path, strings.TrimSuffix(reject.Reason+": "+reject.Detail, ": "))
	}
	if err != nil && !errors.Is(err, errEnough) {
		return fmt.Errorf("read %s: %w", in.path, err)
	}
	return nil
}

// errEnough ends a reading that has given all that is asked of it.
var errEnough = errors.New("enough")

// connectors read as any pipeline does, and hand on what comes out.
type connectors struct {
	nodes.Connectors
	take func(*batch.Batch) error
}

// Sink implements exec.Connectors.
func (c connectors) Sink(*plan.Node) (op.Sink, error) { return sink{c.take}, nil }

type sink struct{ take func(*batch.Batch) error }

func (s sink) Open(context.Context, op.Runtime, []op.Prepared) error        { return nil }
func (s sink) Write(_ context.Context, in *batch.Batch, _ op.Emitter) error { return s.take(in) }
func (s sink) Epoch(context.Context, uint64) error                          { return nil }
func (s sink) Prepare(context.Context, op.Emitter) (op.Prepared, error)     { return nil, nil }
func (s sink) Commit(context.Context, op.Prepared) error                    { return nil }
func (s sink) Abort(context.Context, op.Prepared) error                     { return nil }
func (s sink) Close() error                                                 { return nil }
