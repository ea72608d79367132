// Package generate is the source that makes rows of nothing but their number: for trying, testing and measuring.
package generate

import (
	"context"
	_ "embed"
	"fmt"
	"time"

	"flowrun/dag/op"
	"flowrun/dag/plan"
	"flowrun/dag/spec"
	"flowrun/nodes"
)

// Config is the settings of a generate.
type Config struct {
	RowsPerSecond float64     `yaml:"rows_per_second" doc:"how many rows a second; the time of row n, at, lies n/rows_per_second seconds behind start" default:"10"`
	Rows          int64       `yaml:"rows" doc:"how many rows to make; 0: without an end" default:"0"`
	Seed          int64       `yaml:"seed" doc:"what the pseudo-random functions start from: the same seed gives the same rows" default:"0"`
	Pace          string      `yaml:"pace" doc:"clock: rows come when they are due; none: as fast as the pipeline takes them" enum:"clock,none" default:"clock"`
	Start         string      `yaml:"start" doc:"the time of row 0, RFC 3339; unless said, when the run starts"`
	Fields        spec.Fields `yaml:"fields" doc:"the columns: name to expression over n, at, rand(), rand_int(a, b), normal(mu, sigma), pick([...]); unless said, n and at"`
}

//go:embed doc.md
var doc string

func init() {
	nodes.Register(nodes.Kind[Config]{
		Name: "generate", Role: nodes.Source, Doc: doc,
		Scan: scan,
		Source: func(c Config, s *plan.Scan) (op.Source, error) {
			columns, list := compile(c.Fields, c.Seed)
			if list.HasErrors() {
				return nil, list
			}
			start, err := c.start()
			if err != nil {
				return nil, err
			}
			return &source{cfg: c, columns: columns, want: s.Want, start: start, grid: newGrid(c.RowsPerSecond)}, nil
		},
	})
}

func scan(_ context.Context, b *nodes.Builder, c Config) *plan.Scan {
	ok := true
	wrong := func(key, message, hint string) {
		b.Wrong(key, message, hint)
		ok = false
	}
	if !(c.RowsPerSecond >= slowest && c.RowsPerSecond <= fastest) {
		wrong("rows_per_second", fmt.Sprintf("rows_per_second is %v, but has to be from %v to %v", c.RowsPerSecond, slowest, int64(fastest)),
			"to make rows as fast as the pipeline takes them: pace: none")
	}
	if c.Rows < 0 {
		wrong("rows", "rows cannot be negative", "rows: 1000; without an end: remove `rows`")
	}
	if _, err := c.start(); err != nil {
		wrong("start", err.Error(), `start: "2026-01-01T00:00:00Z"`)
	}
	columns, list := compile(c.Fields, c.Seed)
	for _, d := range list {
		b.Report(d)
	}
	if !ok || list.HasErrors() {
		return nil
	}
	s := &plan.Scan{Schema: schemaOf(columns), Bounded: c.Rows > 0, Replays: true, UntilNow: c.Rows > 0}
	if s.Detail = fmt.Sprintf("%v rows/s", c.RowsPerSecond); c.Pace == "none" {
		s.Detail = "as fast as possible"
	}
	if c.Rows > 0 {
		s.Detail += fmt.Sprintf(", %d rows", c.Rows)
	}
	return s
}

// start is the time of row 0; zero: when the run starts.
func (c Config) start() (time.Time, error) {
	if c.Start == "" {
		return time.Time{}, nil
	}
	at, err := time.Parse(time.RFC3339Nano, c.Start)
	if err != nil {
		return time.Time{}, fmt.Errorf("start %q is no time in RFC 3339", c.Start)
	}
	return at, nil
}
