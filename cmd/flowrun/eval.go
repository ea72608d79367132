package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"flowrun/dag/diag"
	"flowrun/dag/job/pipetest"
)

type evalFlags struct {
	input string
	color string
	json  bool
}

func newEval(std streams) *cobra.Command {
	var f evalFlags
	c := &cobra.Command{
		Use:   "eval EXPR",
		Short: "Try an expression: its type, whether it runs by column, and its value; exit 1 if a row is rejected",
		Example: `  flowrun eval 'round(temp * 9 / 5 + 32)' --input '{"temp": 21.5}'
  flowrun eval 'upper(device)' --input @rows.json`,
		Args: func(c *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usage("%s takes one expression, in quotes, and %d were given", c.CommandPath(), len(args))
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error {
			return eval(std, &f, args[0], c.Flags().Changed("input"))
		},
	}
	c.Flags().StringVar(&f.input, "input", "", "the rows: a JSON `OBJECT`, @FILE of objects (one a line, or an array), or - for stdin")
	c.Flags().StringVar(&f.color, "color", "auto", "colour messages: auto, always or never")
	c.Flags().BoolVar(&f.json, "json", false, "print the result as JSON")
	return c
}

func eval(std streams, f *evalFlags, text string, given bool) error {
	if err := (&fileFlags{color: f.color}).check(); err != nil {
		return err
	}
	path, rows, err := f.rows(std)
	if err != nil {
		return usage("--input: %v", err)
	}
	e, list, err := pipetest.Evaluate(text, path, rows, given)
	if err != nil {
		return usage("--input: %v", err)
	}
	if f.json && e == nil {
		out, err := diag.JSON("eval", list)
		if err != nil {
			return &exit{exitFailed, err}
		}
		if _, err := std.out.Write(out); err != nil {
			return &exit{exitFailed, err}
		}
		return said(exitUsage)
	}
	diag.Print(std.err, list, func(string) []byte { return []byte(text) }, diag.PrintOptions{Color: colored(f.color, std.err)})
	if e == nil {
		return said(exitUsage)
	}
	rejected := 0
	for _, r := range e.Rows {
		if r.Rejected != "" {
			rejected++
		}
	}
	if err := writeEvaluation(std.out, e, rejected, f.json); err != nil {
		return &exit{exitFailed, err}
	}
	if rejected > 0 {
		return said(exitFailed)
	}
	return nil
}

// rows reads what --input says: rows themselves, a file of them, or stdin.
func (f *evalFlags) rows(std streams) (path string, rows []byte, err error) {
	in := strings.TrimSpace(f.input)
	switch {
	case in == "-":
		rows, err = io.ReadAll(std.in)
		return "stdin", rows, err
	case in == "" || in[0] == '{' || in[0] == '[':
		return "the input", []byte(in), nil
	}
	path = strings.TrimPrefix(in, "@")
	rows, err = os.ReadFile(path)
	return path, rows, err
}

func writeEvaluation(w io.Writer, e *pipetest.Evaluation, rejected int, asJSON bool) error {
	if asJSON {
		out := struct {
			Command string `json:"command"`
			OK      bool   `json:"ok"`
			Error   string `json:"error"`
			*pipetest.Evaluation
		}{Command: "eval", OK: rejected == 0, Evaluation: e}
		if rejected > 0 {
			out.Error = fmt.Sprintf("%d of %d rows rejected", rejected, len(e.Rows))
		}
		enc := json.NewEncoder(w)
		enc.SetIndent("", "  ")
		enc.SetEscapeHTML(false)
		return enc.Encode(out)
	}
	var b strings.Builder
	nullable := ""
	if e.Nullable {
		nullable = ", may be null"
	}
	fmt.Fprintf(&b, "type   %s%s\n", e.Type, nullable)
	if e.Columnar {
		b.WriteString("runs   by column\n")
	}
	for _, n := range e.Notes {
		fmt.Fprintf(&b, "runs   row by row: %s\n", n)
	}
	for i, r := range e.Rows {
		label := "value"
		if len(e.Rows) > 1 {
			label = fmt.Sprintf("%-5d", i+1)
		}
		if r.Rejected != "" {
			fmt.Fprintf(&b, "%s  rejected: %s\n", label, r.Rejected)
			continue
		}
		fmt.Fprintf(&b, "%s  %s\n", label, r.Text)
	}
	_, err := io.WriteString(w, b.String())
	return err
}
