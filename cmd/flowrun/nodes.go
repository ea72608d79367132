package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"flowrun/dag/diag"
	"flowrun/nodes"
)

func newNodes(std streams) *cobra.Command {
	var color string
	var jsonSchema bool
	c := &cobra.Command{
		Use:   "nodes [KIND]",
		Short: "List the kinds of nodes, or print the reference of one",
		Args:  cobra.ArbitraryArgs,
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return nodes.Names(), cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(c *cobra.Command, args []string) error {
			if color != "auto" && color != "always" && color != "never" {
				return usage("--color is auto, always or never, not %q", color)
			}
			switch {
			case len(args) > 1:
				return usage("%s takes one kind, and %d were given: %v", c.CommandPath(), len(args), args)
			case jsonSchema && len(args) == 1:
				return usage("--json-schema is about all kinds, and takes no name")
			case jsonSchema:
				out, err := nodes.JSONSchema()
				if err != nil {
					return &exit{exitFailed, err}
				}
				_, err = std.out.Write(out)
				return err
			case len(args) == 0:
				return listNodes(std)
			}
			page := nodes.Page(args[0])
			if page == "" {
				names := nodes.Names()
				if near := diag.Suggest(args[0], names); near != "" {
					return usage("no kind %q; did you mean %q?", args[0], near)
				}
				return usage("no kind %q; the kinds are %s", args[0], strings.Join(names, ", "))
			}
			return writePage(std.out, page, colored(color, std.out))
		},
	}
	c.Flags().StringVar(&color, "color", "auto", "colour the page: auto, always or never")
	c.Flags().BoolVar(&jsonSchema, "json-schema", false, "print a JSON Schema of pipeline files, for editors")
	return c
}

// listNodes prints every kind with its first sentence, by role.
func listNodes(std streams) error {
	all := nodes.All()
	width := 0
	for _, e := range all {
		width = max(width, len(e.Name))
	}
	var b strings.Builder
	for i, e := range all {
		if i == 0 || all[i-1].Role != e.Role {
			if i > 0 {
				b.WriteString("\n")
			}
			fmt.Fprintf(&b, "%ss\n", e.Role)
		}
		fmt.Fprintf(&b, "  %-*s  %s\n", width, e.Name, strings.ReplaceAll(e.Summary(), "`", ""))
	}
	b.WriteString("\nflowrun nodes KIND prints the reference of one.\n")
	_, err := std.out.Write([]byte(b.String()))
	return err
}
