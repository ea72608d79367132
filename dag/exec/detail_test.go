package exec

import (
	"testing"
	"time"

	"flowrun/dag/diag"
	"flowrun/dag/plan"
)

// The one thing to know of a node that waits for time or keys says what it waits with.
func TestDetail(t *testing.T) {
	by := []plan.Item{{Name: diag.Text{Value: "device"}, Bare: true}}
	take := []plan.TakeItem{{Name: diag.Text{Value: "n"}, Text: diag.Text{Value: "count()"}}}
	windowed := func(w plan.Window) plan.Op { return &plan.Aggregate{Window: &w, By: by, Take: take} }
	for want, o := range map[string]plan.Op{
		"n: count() by device":               windowless(by, take),
		"10s: n: count() by device":          windowed(plan.Window{Size: 10 * time.Second, Every: 10 * time.Second}),
		"10s every 2s: n: count() by device": windowed(plan.Window{Size: 10 * time.Second, Every: 2 * time.Second}),
		"sessions 30s: n: count() by device": windowed(plan.Window{Session: true, Size: 30 * time.Second, Every: 30 * time.Second}),
		"at, 5s behind":                      &plan.Watermark{Timing: plan.Timing{Column: diag.Text{Value: "at"}, Delay: 5 * time.Second}},
		"by device within 1m0s":              &plan.Dedupe{By: by, Within: time.Minute},
		"n: acc.n + 1 by device":             &plan.Fold{By: by, Next: []plan.Item{{Name: diag.Text{Value: "n"}, Expr: plan.Expr{Text: diag.Text{Value: "acc.n + 1"}}}}},
		"ordered then no paid by device within 15m0s": &plan.Match{By: by, Steps: []plan.Item{{Name: diag.Text{Value: "ordered"}}},
			Absent: []plan.Item{{Name: diag.Text{Value: "paid"}}}, Within: 15 * time.Minute},
		"left on card": &plan.Join{Type: plan.LeftJoin, On: []plan.JoinKey{{Left: diag.Text{Value: "card"}}}},
		"3 by device":  &plan.Top{N: 3, By: by},
	} {
		if got := detail(o); got != want {
			t.Errorf("%T: %q, want %q", o, got, want)
		}
	}
}

func windowless(by []plan.Item, take []plan.TakeItem) plan.Op {
	return &plan.Aggregate{By: by, Take: take}
}
