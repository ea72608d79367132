package main

import (
	"github.com/spf13/cobra"

	"flowrun/dag/plan"
)

func newExplain(std streams) *cobra.Command {
	var f fileFlags
	c := &cobra.Command{
		Use:   "explain FILE",
		Short: "Print the plan: types, which expressions run by column, where rejected rows go, what is promised",
		RunE: func(c *cobra.Command, args []string) error {
			path, err := oneFile(c, args)
			if err != nil {
				return err
			}
			j, err := f.load(c.Context(), "explain", std, path)
			if err != nil {
				return err
			}
			return plan.Explain(std.out, j.Plan)
		},
	}
	f.add(c)
	return c
}
