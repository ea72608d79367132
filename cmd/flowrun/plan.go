package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"flowrun/dag/checkpoint"
	"flowrun/dag/job"
)

func newPlan(std streams) *cobra.Command {
	var f fileFlags
	var reset []string
	c := &cobra.Command{
		Use:   "plan FILE",
		Short: "Say what a file does to the state that its checkpoint has, node by node; exit 2 if a run would be refused",
		Long: `plan opens the checkpoint of a file, says what becomes of the state of each node, and changes nothing.

  kept       it goes on as it is
  migrated   it goes on, and something begins or ends: what, is said
  new        it begins
  discarded  it begins anew, since --reset says so or nothing is lost by that
  refused    a run would discard it, and does not begin until --reset NODE allows that`,
		RunE: func(c *cobra.Command, args []string) error {
			path, err := oneFile(c, args)
			if err != nil {
				return err
			}
			j, err := f.load(c.Context(), "plan", std, path)
			if err != nil {
				return err
			}
			saved, err := j.Saved(reset)
			if err != nil {
				return environment(err)
			}
			return tellSaved(std.out, saved, f.json, time.Now())
		},
	}
	f.add(c)
	f.addJSON(c)
	c.Flags().StringArrayVar(&reset, "reset", nil, "as for run: a `NODE` that may begin anew (can be repeated)")
	return c
}

// savedJSON is what plan says as data.
type savedJSON struct {
	Command    string        `json:"command"`
	OK         bool          `json:"ok"` // a run would begin
	Checkpoint *standingJSON `json:"checkpoint,omitempty"`
	Nodes      []changeJSON  `json:"nodes"`
}

type changeJSON struct {
	Node string   `json:"node"`
	What job.What `json:"what"`
	Why  string   `json:"why,omitempty"`
}

// standingJSON is where a checkpoint stands.
type standingJSON struct {
	Dir      string    `json:"dir"`
	Pipeline string    `json:"pipeline,omitempty"`
	Commit   uint64    `json:"commit"`
	Epoch    uint64    `json:"epoch"`
	At       time.Time `json:"at,omitzero"`
	Finished bool      `json:"finished,omitempty"`
	Rows     int64     `json:"rows"`
	Bytes    int64     `json:"bytes"`
}

func standing(dir string, p *checkpoint.Point) *standingJSON {
	s := &standingJSON{Dir: dir}
	if p != nil {
		s.Pipeline, s.Commit, s.Epoch, s.At, s.Finished = p.Pipeline, p.Commit, p.Epoch, p.At, p.Finished
		for _, n := range p.Nodes {
			s.Rows, s.Bytes = s.Rows+n.Rows, s.Bytes+n.Bytes
		}
	}
	return s
}

// String is where a checkpoint stands, on a line.
func (s *standingJSON) line(now time.Time) string {
	text := fmt.Sprintf("checkpoint %s: commit %d, epoch %d, %s ago, %s, %s of state", s.Dir, s.Commit, s.Epoch, ago(now.Sub(s.At)), rows(s.Rows), bytesText(s.Bytes))
	if s.Finished {
		text += ", finished"
	}
	return text
}

// tellSaved prints what plan has found.
func tellSaved(w io.Writer, saved *job.Saved, asJSON bool, now time.Time) error {
	var refused []job.Change
	if saved != nil {
		refused = saved.Refused()
	}
	if asJSON {
		out := savedJSON{Command: "plan", OK: len(refused) == 0, Nodes: []changeJSON{}}
		if saved != nil {
			out.Checkpoint = standing(saved.Dir, saved.Point)
			for _, c := range saved.Changes {
				out.Nodes = append(out.Nodes, changeJSON{c.Node, c.What, c.Why})
			}
		}
		if err := writeJSON(w, out); err != nil {
			return err
		}
	} else if err := writeSaved(w, saved, refused, now); err != nil {
		return &exit{exitFailed, err}
	}
	if len(refused) > 0 {
		return said(exitUsage)
	}
	return nil
}

func writeSaved(w io.Writer, saved *job.Saved, refused []job.Change, now time.Time) error {
	switch {
	case saved == nil:
		_, err := fmt.Fprintln(w, "the file has no `checkpoint`: each run begins anew")
		return err
	case saved.Point == nil:
		_, err := fmt.Fprintf(w, "there is no checkpoint in %s yet: a run begins anew\n", saved.Dir)
		return err
	}
	fmt.Fprintln(w, standing(saved.Dir, saved.Point).line(now))
	if saved.Point.Shown {
		_, err := fmt.Fprintln(w, "all of the input was read, and everything is closed: a run has nothing to do, --fresh starts anew")
		return err
	}
	fmt.Fprintln(w)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, c := range saved.Changes {
		if c.Why == "" {
			fmt.Fprintf(t, "%s\t%s\n", c.Node, c.What)
		} else {
			fmt.Fprintf(t, "%s\t%s\t%s\n", c.Node, c.What, c.Why)
		}
	}
	if err := t.Flush(); err != nil {
		return err
	}
	if len(refused) == 0 {
		return nil
	}
	var flags []string
	for _, c := range refused {
		flags = append(flags, "--reset "+c.Node)
	}
	_, err := fmt.Fprintf(w, "\na run would be refused; what allows it: %s, or --fresh to begin all anew\n", strings.Join(flags, " "))
	return err
}

func writeJSON(w io.Writer, v any) error {
	out, err := json.MarshalIndent(v, "", "  ")
	if err == nil {
		_, err = w.Write(append(out, '\n'))
	}
	if err != nil {
		return &exit{exitFailed, err}
	}
	return nil
}
