package live_test

import (
	"testing"
	"time"

	"flowrun/dag/live"
)

func TestReached(t *testing.T) {
	at := func(s int64) time.Time { return time.Unix(s, 0) }
	none := live.NodeStats{}
	for name, c := range map[string]struct {
		nodes []live.NodeStats
		want  time.Time
	}{
		"none":              {nil, time.Time{}},
		"no event time":     {[]live.NodeStats{none, none}, time.Time{}},
		"the least":         {[]live.NodeStats{none, {Watermark: at(7)}, {Watermark: at(5)}, {Watermark: at(6)}}, at(5)},
		"idle ones wait":    {[]live.NodeStats{{Watermark: at(3), Idle: true}, {Watermark: at(5)}}, at(5)},
		"all are idle":      {[]live.NodeStats{{Watermark: at(4), Idle: true}, {Watermark: at(3), Idle: true}}, at(3)},
		"ended ones do not": {[]live.NodeStats{{Watermark: at(3), Ended: true}, {Watermark: at(5)}}, at(5)},
	} {
		if got := live.Reached(c.nodes); !got.Equal(c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}
