// Package nexmark is the source of the Nexmark benchmark: the persons, auctions and bids of an auction house, as one stream.
package nexmark

import (
	"context"
	_ "embed"
	"fmt"
	"time"

	"flowrun/dag/op"
	"flowrun/dag/plan"
	"flowrun/nodes"
)

//go:embed doc.md
var doc string

// Config is the settings of a nexmark.
type Config struct {
	Events     int64  `yaml:"events" doc:"How many events to make; 0: without an end." default:"0" min:"0"`
	Rate       int64  `yaml:"rate" doc:"How many events happen in a second of event time." default:"10000" min:"1" max:"100000000"`
	Seed       int64  `yaml:"seed" doc:"What the events are drawn from: the same seed gives the same events." default:"0"`
	OutOfOrder int64  `yaml:"out_of_order" doc:"Events change places within groups of this size; 1: they come in the order of their time." default:"1" min:"1" max:"10000000"`
	Start      string `yaml:"start" doc:"The time of the first event, RFC 3339." default:"2026-01-01T00:00:00Z"`
}

func init() {
	nodes.Register(nodes.Kind[Config]{
		Name: "nexmark", Role: nodes.Source, Doc: doc,
		Scan: func(_ context.Context, b *nodes.Builder, c Config) *plan.Scan {
			if _, err := time.Parse(time.RFC3339Nano, c.Start); err != nil {
				b.Wrong("start", fmt.Sprintf("start %q is no time in RFC 3339", c.Start), `start: "2026-01-01T00:00:00Z"`)
				return nil
			}
			s := &plan.Scan{Schema: Schema, Bounded: c.Events > 0, Replays: true, UntilNow: c.Events > 0, Detail: "without an end",
				Pushes: true, PushesOver: []string{"event"}, Newest: "at"}
			if c.Events > 0 {
				s.Detail = fmt.Sprintf("%d events", c.Events)
			}
			return s
		},
		Source: func(c Config, s *plan.Scan) (op.Source, error) {
			start, err := time.Parse(time.RFC3339Nano, c.Start)
			return &source{cfg: c, want: s.Want, pushed: s.Pushed, gen: NewGenerator(c.Seed, c.Rate, c.OutOfOrder, start)}, err
		},
	})
}
