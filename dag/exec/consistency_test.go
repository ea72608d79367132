package exec_test

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"flowrun/dag/exec"
	"flowrun/dag/plan"
)

// transfers is a plan in which money goes from account k to account v, the amount being the row's time: debits and credits are added
// up on two ways, each with its own delays, joined by account, and the balances added up once more.
func transfers(rt *rapid.T, batches [2][]timedBatch) *timedPlan {
	p := newTimedPlan()
	for i, id := range []string{"a", "b"} {
		p.source(id, plan.Timing{}, &timedSource{batches: batches[i]})
	}
	p.slow = map[string]time.Duration{}
	for _, way := range [][2]string{{"out", "k"}, {"in", "v"}} {
		var both []string
		for _, from := range []string{"a", "b"} {
			id := way[0] + "_" + from
			p.add(id, &plan.Project{Items: []plan.Item{item("account", way[1]), item("amount", `int(epoch(at, "ms"))`)}}, from)
			p.by[id].Parallelism = rapid.IntRange(1, 3).Draw(rt, "lanes")
			p.by[id].OnError = plan.Fail
			p.slow[id] = ms(rapid.SampledFrom([]int{0, 0, 1, 40, 400}).Draw(rt, "takes"))
			both = append(both, id)
		}
		p.add(way[0], &plan.Union{}, both...)
	}
	sum := func(name, n string) *plan.Aggregate {
		return &plan.Aggregate{By: []plan.Item{item("account", "account")}, Emit: plan.Complete,
			Take: []plan.TakeItem{{Name: text(name), Text: text("sum(amount)")}, {Name: text(n), Text: text("count()")}}}
	}
	p.add("debits", sum("debit", "outs"), "out")
	p.add("credits", sum("credit", "ins"), "in")
	p.add("balances", &plan.Join{Type: plan.FullJoin, On: []plan.JoinKey{{Left: text("account"), Right: text("account")}}}, "credits", "debits")
	p.add("balance", &plan.Project{Items: []plan.Item{item("account", "account"), item("balance", "(credit ?? 0) - (debit ?? 0)"), item("moves", "(ins ?? 0) - (outs ?? 0)")}}, "balances")
	p.add("total", &plan.Aggregate{Emit: plan.Complete, Take: []plan.TakeItem{{Name: text("total"), Text: text("sum(balance)")},
		{Name: text("moves"), Text: text("sum(moves)")}, {Name: text("accounts"), Text: text("count()")}}}, "balance")
	for _, id := range []string{"debits", "credits", "balances", "balance"} {
		p.by[id].Parallelism = rapid.IntRange(1, 3).Draw(rt, "lanes of "+id)
	}
	p.sink("balance")
	p.sink("total")
	return p
}

// Money that goes from one account to another is in every epoch taken from the one and given to the other: whatever is in queues,
// and however far one way is ahead, what meets in an epoch comes from the same rows.
func TestNoEpochMakesOrLosesMoney(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		var batches [2][]timedBatch
		want := map[string]int{}
		for i := range batches {
			var rows []timedRow
			for range rapid.IntRange(0, 120).Draw(rt, "transfers") {
				r := timedRow{at: rapid.Int64Range(0, 1000).Draw(rt, "amount"), k: rapid.Int64Range(0, 9).Draw(rt, "from"), v: rapid.Int64Range(0, 9).Draw(rt, "to")}
				rows = append(rows, r)
				want[fmt.Sprint(r.k)] -= int(r.at)
				want[fmt.Sprint(r.v)] += int(r.at)
			}
			batches[i] = cutAtRandom(rt, rows)
		}
		p := transfers(rt, batches)
		p.p.Trigger = plan.Trigger{
			Kind:     rapid.SampledFrom([]plan.TriggerKind{plan.ASAP, plan.Every, plan.AvailableNow, plan.Once}).Draw(rt, "trigger"),
			Interval: ms(rapid.SampledFrom([]int{1, 100, 3000}).Draw(rt, "interval")),
		}
		o := exec.Options{Queue: rapid.IntRange(1, 5).Draw(rt, "queue"), BatchRows: rapid.IntRange(1, 70).Draw(rt, "batch rows")}
		var err error
		synctest.Test(t, func(t *testing.T) {
			r, failed := p.build(o)
			if failed == nil {
				failed = r.Run(t.Context())
			}
			err = failed
		})
		if err != nil {
			rt.Fatal(err)
		}
		if left := p.mem.CurrentAlloc(); left != 0 {
			rt.Fatalf("%d bytes of batches are not given back", left)
		}
		accounts := p.sinks["show balance"].epochs
		var last []string
		for epoch, lines := range p.sinks["show total"].epochs {
			if len(accounts[epoch]) == 0 {
				continue
			}
			last = accounts[epoch]
			if got, want := lines, fmt.Sprintf("total=0 moves=0 accounts=%d", len(last)); len(got) != 1 || got[0] != want {
				rt.Fatalf("epoch %d: %q, want %q; of %q", epoch, got, want, last)
			}
		}
		got := map[string]int{}
		for _, line := range last {
			cells := strings.Fields(line)
			got[strings.TrimPrefix(cells[0], "account=")], _ = strconv.Atoi(strings.TrimPrefix(cells[1], "balance="))
		}
		if d := cmp.Diff(want, got); d != "" {
			rt.Fatalf("the last epoch: %s", d)
		}
	})
}
