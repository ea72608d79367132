package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/rogpeppe/go-internal/diff"
	"github.com/spf13/cobra"

	"flowrun/dag/diag"
	"flowrun/dag/spec"
)

type fmtFlags struct {
	check, diff bool
	color       string
}

func newFmt(std streams) *cobra.Command {
	var f fmtFlags
	c := &cobra.Command{
		Use:   "fmt FILE...",
		Short: "Lay pipeline files out evenly; comments, order and blank lines stay",
		Long: `Lay pipeline files out evenly: two blanks a level, lists below their key, one blank behind colons and dashes, none at the
ends of lines, and single quotes around an expression that has quotes of its own. Comments, blank lines, the order of keys
and line breaks stay, and what a file means does not change: that is checked before it is written.

A FILE called - is read from stdin and written to stdout.`,
		RunE: func(c *cobra.Command, args []string) error {
			switch {
			case len(args) == 0:
				_, err := oneFile(c, args)
				return err
			case f.color != "auto" && f.color != "always" && f.color != "never":
				return usage("--color is auto, always or never, not %q", f.color)
			}
			return f.files(std, args)
		},
		ValidArgsFunction: completeYAML,
	}
	c.Flags().BoolVar(&f.check, "check", false, "change nothing; name the files that are not laid out so, and exit 1 if there is one")
	c.Flags().BoolVar(&f.diff, "diff", false, "change nothing; print what would change")
	c.Flags().StringVar(&f.color, "color", "auto", "colour messages: auto, always or never")
	return c
}

// files lays out each file; one that cannot be read does not keep the others from it.
func (f *fmtFlags) files(std streams, paths []string) error {
	var worst error
	for _, path := range paths {
		err := f.file(std, path)
		var failed *exit
		switch {
		case err == nil:
		case errors.As(err, &failed) && failed.err == nil:
			if worst == nil || failed.code > exitFailed {
				worst = err
			}
		default:
			return err
		}
	}
	return worst
}

func (f *fmtFlags) file(std streams, path string) error {
	src, err := readFileOr(std.in, path)
	if err != nil {
		return usage("cannot read the pipeline file: %v", err)
	}
	out, err := spec.Format(path, src)
	var list diag.List
	switch {
	case errors.As(err, &list):
		diag.Print(std.err, list, func(string) []byte { return src }, diag.PrintOptions{Color: colored(f.color, std.err)})
		return said(exitUsage)
	case err != nil:
		fmt.Fprintf(std.err, "flowrun: %s: %v\n", path, err)
		return said(exitUsage)
	}
	same := bytes.Equal(src, out)
	switch {
	case f.diff && !same:
		_, err = std.out.Write(diff.Diff(path, src, path+" (laid out)", out))
	case f.check && !same:
		_, err = fmt.Fprintln(std.out, path)
	case f.diff || f.check:
	case path == "-":
		_, err = std.out.Write(out)
	case !same:
		if err = replaceFile(path, out); err == nil {
			_, err = fmt.Fprintln(std.out, path)
		}
	}
	switch {
	case err != nil:
		return environment(err)
	case f.check && !same:
		return said(exitFailed)
	}
	return nil
}

func readFileOr(in io.Reader, path string) ([]byte, error) {
	if path == "-" {
		return io.ReadAll(in)
	}
	return os.ReadFile(path)
}

// replaceFile writes a file anew such that at no moment there is less than one whole file, and keeps its permissions. A
// link stays a link.
func replaceFile(path string, content []byte) (err error) {
	if path, err = filepath.EvalSymlinks(path); err != nil {
		return err
	}
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".flowrun-fmt-*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(f.Name())
		}
	}()
	_, err = f.Write(content)
	if err = errors.Join(err, f.Chmod(info.Mode().Perm()), f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}
