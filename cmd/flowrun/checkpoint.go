package main

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"flowrun/dag/checkpoint"
)

func newCheckpoint(std streams) *cobra.Command {
	c := &cobra.Command{
		Use:   "checkpoint",
		Short: "List, show and remove checkpoints: what runs keep to go on where they were",
		Args:  cobra.NoArgs,
	}
	c.AddCommand(newCheckpointLs(std), newCheckpointShow(std), newCheckpointRm(std))
	c.RunE = func(c *cobra.Command, _ []string) error { return c.Help() }
	return c
}

func newCheckpointLs(std streams) *cobra.Command {
	return &cobra.Command{
		Use:   "ls [DIR]",
		Short: "List the checkpoints at and below a directory, . unless said",
		Args:  cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			dir := "."
			if len(args) > 0 {
				dir = args[0]
			}
			found, err := checkpoint.Find(dir)
			if e := listCheckpoints(std.out, found, time.Now()); e != nil {
				return e
			}
			if err != nil {
				return environment(err)
			}
			if len(found) == 0 {
				fmt.Fprintf(std.err, "no checkpoint in %s or below it\n", dir)
			}
			return nil
		},
	}
}

// listCheckpoints prints a line for each.
func listCheckpoints(w io.Writer, dirs []string, now time.Time) error {
	if len(dirs) == 0 {
		return nil
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "dir\tpipeline\tcommit\tepoch\tage\tstate")
	for _, dir := range dirs {
		p, err := pointIn(dir)
		switch {
		case errors.Is(err, checkpoint.ErrLocked):
			fmt.Fprintf(t, "%s\t-\t-\t-\t-\ta run uses it\n", dir)
		case err != nil:
			fmt.Fprintf(t, "%s\t-\t-\t-\t-\t%s\n", dir, strings.ReplaceAll(err.Error(), "\n", "; "))
		case p == nil:
			fmt.Fprintf(t, "%s\t-\t0\t0\t-\tnothing was committed\n", dir)
		default:
			s := standing(dir, p)
			state := rows(s.Rows) + ", " + bytesText(s.Bytes)
			if s.Finished {
				state += ", finished"
			}
			fmt.Fprintf(t, "%s\t%s\t%d\t%d\t%s\t%s\n", dir, orDash(s.Pipeline), s.Commit, s.Epoch, ago(now.Sub(s.At)), state)
		}
	}
	if err := t.Flush(); err != nil {
		return &exit{exitFailed, err}
	}
	return nil
}

// pointIn reads where the checkpoint in a directory stands; nil: nothing was committed.
func pointIn(dir string) (*checkpoint.Point, error) {
	s, err := checkpoint.Look(dir)
	if err != nil {
		return nil, err
	}
	return s.Point(), s.Close()
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

func newCheckpointShow(std streams) *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   "show DIR",
		Short: "Show what a checkpoint has: where it stands, and of each node its state, position and totals",
		Args:  oneDir,
		RunE: func(_ *cobra.Command, args []string) error {
			p, err := pointIn(args[0])
			if err != nil {
				return environment(err)
			}
			if asJSON {
				return writeJSON(std.out, shownJSON{"checkpoint show", standing(args[0], p), nodesOf(p)})
			}
			if err := showCheckpoint(std.out, args[0], p, time.Now()); err != nil {
				return &exit{exitFailed, err}
			}
			return nil
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print the result as JSON")
	return c
}

func oneDir(c *cobra.Command, args []string) error {
	if len(args) != 1 {
		return usage("%s takes one directory, the `dir` of a checkpoint", c.CommandPath())
	}
	return nil
}

// shownJSON is what show says as data.
type shownJSON struct {
	Command    string        `json:"command"`
	Checkpoint *standingJSON `json:"checkpoint"`
	Nodes      []nodeJSON    `json:"nodes"`
}

// nodeJSON is a node of a checkpoint. Positions and tokens are the connectors' own; how long they are is all that is said.
type nodeJSON struct {
	Node     string            `json:"node"`
	Shape    map[string]string `json:"shape,omitempty"`
	Lanes    int               `json:"lanes,omitempty"`
	Rows     int64             `json:"rows"`
	Bytes    int64             `json:"bytes"`
	Position int               `json:"position_bytes"`
	Token    int               `json:"token_bytes"`
	Totals   checkpoint.Counts `json:"totals"`
}

func nodesOf(p *checkpoint.Point) []nodeJSON {
	all := []nodeJSON{}
	if p == nil {
		return all
	}
	for _, name := range slices.Sorted(maps.Keys(p.Nodes)) {
		n := p.Nodes[name]
		all = append(all, nodeJSON{name, n.Shape, n.Lanes, n.Rows, n.Bytes, len(n.Position), len(n.Token), n.Counts})
	}
	return all
}

func showCheckpoint(w io.Writer, dir string, p *checkpoint.Point, now time.Time) error {
	if p == nil {
		_, err := fmt.Fprintf(w, "checkpoint %s: nothing was committed\n", dir)
		return err
	}
	fmt.Fprintln(w, standing(dir, p).line(now))
	fmt.Fprintf(w, "pipeline %s, committed at %s\n\n", orDash(p.Pipeline), p.At.Format(time.RFC3339))
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "node\tkind\tlanes\trows\tstate\tposition\ttoken\tin\tpassed\tfiltered\tlate\trejected\theld\tout\t")
	nodes := nodesOf(p)
	for _, n := range nodes {
		lanes, held, state := "-", "-", "-"
		if n.Lanes > 0 {
			lanes, held, state = fmt.Sprint(n.Lanes), grouped(n.Rows), bytesText(n.Bytes)
		}
		c := n.Totals
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t", n.Node, orDash(n.Shape["kind"]), lanes, held, state, size(n.Position), size(n.Token))
		for _, total := range []uint64{c.In, c.Passed, c.Filtered, c.Late, c.Rejected, c.Held, c.Out} {
			fmt.Fprintf(t, "%s\t", grouped(int64(total)))
		}
		fmt.Fprintln(t)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	for _, n := range nodes {
		if len(n.Shape) < 2 {
			continue
		}
		fmt.Fprintf(w, "\n%s\n", n.Node)
		t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
		for _, key := range slices.Sorted(maps.Keys(n.Shape)) {
			fmt.Fprintf(t, "  %s\t%s\n", key, orDash(n.Shape[key]))
		}
		if err := t.Flush(); err != nil {
			return err
		}
	}
	return nil
}

func size(n int) string {
	if n == 0 {
		return "-"
	}
	return bytesText(int64(n))
}

func newCheckpointRm(std streams) *cobra.Command {
	return &cobra.Command{
		Use:   "rm DIR",
		Short: "Remove a checkpoint, which no run may be using: the next run begins anew",
		Long: `rm removes what a checkpoint made in its directory: the store, the journals of its sources and the witness; and the
directory as well if nothing else is in it. Rows in those journals that were not committed are lost with them. What sinks wrote
stays; parts that no commit has shown yet are removed by the next run that writes there.`,
		Args: oneDir,
		RunE: func(_ *cobra.Command, args []string) error {
			if err := checkpoint.Remove(args[0]); err != nil {
				return environment(err)
			}
			fmt.Fprintf(std.out, "removed the checkpoint in %s\n", args[0])
			return nil
		},
	}
}
