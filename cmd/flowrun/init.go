package main

import (
	_ "embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"
)

// starter is the pipeline that init writes; a test runs it.
//
//go:embed starter.yaml
var starter string

func newInit(std streams) *cobra.Command {
	return &cobra.Command{
		Use:   "init [FILE]",
		Short: "Write a small pipeline that runs, to begin with; pipeline.yaml unless said",
		Args:  cobra.ArbitraryArgs,
		RunE: func(c *cobra.Command, args []string) error {
			path := "pipeline.yaml"
			switch len(args) {
			case 0:
			case 1:
				path = args[0]
			default:
				return usage("%s takes one file, and %d were given: %v", c.CommandPath(), len(args), args)
			}
			if ext := filepath.Ext(path); ext != ".yaml" && ext != ".yml" {
				return usage("a pipeline file ends in .yaml, such as %s.yaml", path)
			}
			if err := writeNew(path, starter); err != nil {
				if errors.Is(err, fs.ErrExist) {
					return usage("%s exists already, and is left as it is; give another name: flowrun init FILE", path)
				}
				return environment(err)
			}
			_, err := fmt.Fprintf(std.out, "wrote %s\n\n  flowrun %s\n  flowrun explain %s\n  flowrun nodes\n", path, path, path)
			return err
		},
	}
}

// writeNew writes a file that is not there yet, or nothing.
func writeNew(path, text string) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	if err = errors.Join(err, f.Close()); err != nil {
		_ = os.Remove(path)
	}
	return err
}
