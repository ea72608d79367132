package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"flowrun/dag/job/diff"
)

func newDiff(std streams) *cobra.Command {
	var o diff.Options
	c := &cobra.Command{
		Use:   "diff A B",
		Short: "Compare two outputs, files or directories of them, whatever the order of their rows; exit 1 if they differ",
		Long: `diff compares the rows of two outputs: files, or directories of parts, in any format that a file source reads, also each in
another one. Neither the order of rows nor that of columns counts; a null is as good as a column that is not there, and 5 is 5.0.

  flowrun diff out/today out/yesterday
  flowrun diff --by user,day a.jsonl b.parquet     updates: the last row of each key counts
  flowrun diff --tolerance 1e-9 a.csv b.csv

The exit code is 0 where they are equal, 1 where they differ, 3 where one cannot be read.`,
		Args: func(c *cobra.Command, args []string) error {
			if len(args) != 2 {
				return usage("%s takes two files or directories, A and B", c.CommandPath())
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error {
			if o.Tolerance < 0 || o.Show < 0 {
				return usage("--tolerance and --show are not below 0")
			}
			tuneCollector()
			r, err := diff.Compare(c.Context(), args[0], args[1], o)
			if err != nil {
				return environment(err)
			}
			if err := tellDiff(std.out, r, len(o.By) > 0); err != nil {
				return &exit{exitFailed, err}
			}
			if !r.Equal() {
				return said(exitFailed)
			}
			return nil
		},
	}
	c.Flags().StringSliceVar(&o.By, "by", nil, "compare only the last row of each key, made of these `COLUMNS`")
	c.Flags().Float64Var(&o.Tolerance, "tolerance", 0, "how far numbers with a fraction may be apart: absolutely, above 1 as a share of the larger one")
	c.Flags().IntVar(&o.Show, "show", 10, "how many rows of each kind of difference are shown")
	c.Flags().StringVar(&o.Format, "format", "", "the `FORMAT` of both, such as csv; by the names of the files unless said")
	c.Flags().StringVar(&o.Schema, "schema", "", "the columns of both in a format that does not say them: '{a: int, b: string}'; those of all records unless said")
	return c
}

// tellDiff prints how two outputs compare.
func tellDiff(w io.Writer, r *diff.Result, keys bool) error {
	var b strings.Builder
	for side, only := range [][]string{r.ColumnsA, r.ColumnsB} {
		if len(only) > 0 {
			fmt.Fprintf(&b, "columns only in %c: %s\n", 'A'+side, strings.Join(only, ", "))
		}
	}
	if r.Equal() {
		fmt.Fprintf(&b, "equal: %s in A, %s in B\n", rows(r.RowsA), rows(r.RowsB))
	} else {
		fmt.Fprintf(&b, "they differ: %s in A, %s in B\n", rows(r.RowsA), rows(r.RowsB))
	}
	what := rows
	if keys {
		what = func(n int64) string {
			return strings.Replace(strings.Replace(rows(n), "rows", "keys", 1), "row", "key", 1)
		}
	}
	list := func(title string, n int64, mark string, shown []string) {
		if n == 0 {
			return
		}
		fmt.Fprintf(&b, "\n%s %s", what(n), title)
		if int64(len(shown)) < n && len(shown) > 0 {
			fmt.Fprintf(&b, ", the first %d", len(shown))
		}
		b.WriteByte('\n')
		for _, row := range shown {
			fmt.Fprintf(&b, "%s %s\n", mark, row)
		}
	}
	list("only in A", r.OnlyA, "-", r.ShownA)
	list("only in B", r.OnlyB, "+", r.ShownB)
	if r.Changed > 0 {
		fmt.Fprintf(&b, "\n%s whose last rows differ", what(r.Changed))
		if int64(len(r.ShownChanged)) < r.Changed && len(r.ShownChanged) > 0 {
			fmt.Fprintf(&b, ", the first %d", len(r.ShownChanged))
		}
		b.WriteByte('\n')
		for _, pair := range r.ShownChanged {
			fmt.Fprintf(&b, "- %s\n+ %s\n", pair[0], pair[1])
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}
