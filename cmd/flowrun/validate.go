package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"flowrun/dag/diag"
)

func newValidate(std streams) *cobra.Command {
	var f fileFlags
	c := &cobra.Command{
		Use:   "validate FILE...",
		Short: "Check pipeline files: every mistake with its place and a hint; exit 2 if there is one",
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) == 0 {
				_, err := oneFile(c, args)
				return err
			}
			return validate(c, std, &f, args)
		},
	}
	f.add(c)
	f.addJSON(c)
	return c
}

func validate(c *cobra.Command, std streams, f *fileFlags, paths []string) error {
	var all diag.List
	var worst error
	for _, path := range paths {
		j, err := f.load(c.Context(), "validate", std, path)
		if err != nil {
			if _, ok := err.(*exit); !ok || f.json || err.(*exit).err != nil {
				return err
			}
			worst = err
			continue
		}
		all.Add(j.Diags...)
		if !f.json {
			fmt.Fprintf(std.out, "%s: ok, %d nodes\n", path, len(j.Plan.Nodes))
		}
	}
	if !f.json {
		return worst
	}
	out, err := diag.JSON("validate", all)
	if err != nil {
		return err
	}
	if _, err := std.out.Write(out); err != nil {
		return &exit{exitFailed, err}
	}
	if all.HasErrors() {
		return said(exitUsage)
	}
	return nil
}
