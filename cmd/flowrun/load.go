package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"flowrun/dag/diag"
	"flowrun/dag/job"
)

// fileFlags are the flags of every verb that reads a pipeline file.
type fileFlags struct {
	set     []string
	envFile []string
	color   string
	json    bool
}

func (f *fileFlags) add(c *cobra.Command) {
	c.Flags().StringArrayVar(&f.set, "set", nil, "override a setting: `PATH=VALUE`, such as nodes.lines.socket.port=1101")
	c.Flags().StringArrayVar(&f.envFile, "env-file", nil, "read environment variables from `FILE` (NAME=value lines); the environment itself wins")
	c.Flags().StringVar(&f.color, "color", "auto", "colour messages: auto, always or never")
	c.ValidArgsFunction = completeYAML
}

func (f *fileFlags) addJSON(c *cobra.Command) {
	c.Flags().BoolVar(&f.json, "json", false, "print the result as JSON")
}

// load reads and binds a file. What is wrong with it is printed, and then the error only carries the exit code.
func (f *fileFlags) load(ctx context.Context, verb string, std streams, path string) (*job.Job, error) {
	if err := f.check(); err != nil {
		return nil, err
	}
	env, err := f.env()
	if err != nil {
		return nil, usage("--env-file: %v", err)
	}
	j, err := job.Load(ctx, path, job.Options{Env: env, Set: f.set})
	if err != nil {
		hint := ""
		if errors.Is(err, fs.ErrNotExist) {
			hint = "; flowrun --help lists the verbs"
		}
		return nil, usage("cannot read the pipeline file: %v%s", err, hint)
	}
	if f.json && verb == "validate" {
		return j, nil
	}
	diag.Print(std.err, j.Diags, j.SourceOf, diag.PrintOptions{Color: colored(f.color, std.err)})
	if j.Plan == nil {
		return nil, said(exitUsage)
	}
	return j, nil
}

// check holds the flags to their values.
func (f *fileFlags) check() error {
	if f.color != "auto" && f.color != "always" && f.color != "never" {
		return usage("--color is auto, always or never, not %q", f.color)
	}
	return nil
}

// env is the environment with the env files behind it.
func (f *fileFlags) env() (func(string) (string, bool), error) {
	vars := map[string]string{}
	for _, path := range f.envFile {
		file, err := os.Open(path)
		if err != nil {
			return nil, err
		}
		lines := bufio.NewScanner(file)
		for n := 1; lines.Scan(); n++ {
			line := strings.TrimSpace(lines.Text())
			if line == "" || strings.HasPrefix(line, "#") {
				continue
			}
			name, value, ok := strings.Cut(strings.TrimPrefix(line, "export "), "=")
			if !ok || strings.TrimSpace(name) == "" {
				_ = file.Close()
				return nil, fmt.Errorf("%s:%d: expected NAME=value", path, n)
			}
			vars[strings.TrimSpace(name)] = unquote(strings.TrimSpace(value))
		}
		err = errors.Join(lines.Err(), file.Close())
		if err != nil {
			return nil, err
		}
	}
	return func(name string) (string, bool) {
		if v, ok := os.LookupEnv(name); ok {
			return v, true
		}
		v, ok := vars[name]
		return v, ok
	}, nil
}

// unquote removes one pair of quotes around a value.
func unquote(v string) string {
	if len(v) >= 2 && (v[0] == '"' || v[0] == '\'') && v[len(v)-1] == v[0] {
		return v[1 : len(v)-1]
	}
	return v
}
