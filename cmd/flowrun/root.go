package main

import (
	"io"
	"os"

	"github.com/spf13/cobra"

	"flowrun/dag/diag"
)

// streams are what a verb reads and writes; tests replace them.
type streams struct {
	in       io.Reader
	out, err io.Writer
}

// Main runs the command line and returns the exit code.
func Main(args []string) int {
	std := streams{os.Stdin, os.Stdout, os.Stderr}
	root := newRoot(std)
	root.SetArgs(args)
	return report(std.err, root.Execute())
}

func newRoot(std streams) *cobra.Command {
	root := &cobra.Command{
		Use:   "flowrun FILE",
		Short: "Run a streaming pipeline written as a YAML graph, and watch it live",
		Long: `flowrun runs a streaming pipeline written as a YAML graph, and shows it live in the terminal.

  flowrun --demo pipelines/socket_console.yaml     the first run: nothing else is needed
  flowrun pipelines/socket_console.yaml            lines from ` + "`nc -lk 1100`" + ` in another terminal

flowrun FILE is flowrun run FILE.`,
		Args:          cobra.ArbitraryArgs,
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	root.SetIn(std.in)
	root.SetOut(std.out)
	root.SetErr(std.err)
	root.SetFlagErrorFunc(func(c *cobra.Command, err error) error {
		return usage("%v\nTry: %s --help", err, c.CommandPath())
	})
	// Bare FILE runs it, so the root has all flags of run.
	f := addRunFlags(root)
	root.RunE = func(c *cobra.Command, args []string) error {
		if len(args) == 0 {
			return c.Help()
		}
		if err := verbMeant(c, args[0]); err != nil {
			return err
		}
		return runFile(c, std, f, args)
	}
	root.AddCommand(
		newRun(std), newValidate(std), newSchema(std), newExplain(std), newTest(std), newBench(std), newEval(std), newFeed(std), newVersion(std),
		newPlan(std), newCheckpoint(std), newDiff(std), newGraph(std), newNodes(std), newInit(std), newFmt(std),
	)
	root.CompletionOptions.HiddenDefaultCmd = false
	root.InitDefaultCompletionCmd(args(root)...)
	return root
}

// args lists the names of the verbs; cobra adds its completion verb only when there are some.
func args(root *cobra.Command) []string {
	var names []string
	for _, c := range root.Commands() {
		names = append(names, c.Name())
	}
	return names
}

// verbMeant tells a misspelt verb from a file: `flowrun validat x.yaml`.
func verbMeant(c *cobra.Command, word string) error {
	if _, err := os.Stat(word); err == nil {
		return nil
	}
	verbs := args(c.Root())
	if near := diag.Suggest(word, verbs); near != "" {
		return usage("no file and no verb %q; did you mean `flowrun %s`?", word, near)
	}
	return nil
}

// oneFile checks that a verb was given one pipeline file.
func oneFile(c *cobra.Command, args []string) (string, error) {
	switch len(args) {
	case 0:
		return "", usage("%s needs a pipeline file, for instance pipelines/socket_console.yaml", c.CommandPath())
	case 1:
		return args[0], nil
	}
	return "", usage("%s takes one pipeline file, and %d were given: %v", c.CommandPath(), len(args), args)
}

// completeYAML lets a shell complete pipeline files.
func completeYAML(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return []string{"yaml", "yml"}, cobra.ShellCompDirectiveFilterFileExt
}
