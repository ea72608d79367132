// Package join is the kind that matches the rows of two streams.
package join

import (
	_ "embed"
	"fmt"
	"slices"
	"time"

	"flowrun/dag/diag"
	"flowrun/dag/plan"
	"flowrun/dag/spec"
	"flowrun/nodes"
)

//go:embed doc.md
var doc string

type config struct {
	Type      diag.Text       `yaml:"type" doc:"inner: pairs that match. left, right, full: also the rows of that side, or of both, that match nothing. semi: left rows with a match, each once. anti: left rows without one. asof: each left row with the newest right row that is not newer." default:"inner" enum:"inner,left,right,full,semi,anti,asof"`
	On        spec.Items      `yaml:"on" doc:"Columns that are equal in both: a name, or left_name: right_name." required:"true"`
	Within    spec.Duration   `yaml:"within" doc:"How far apart in event time two rows can be that match, either way round. asof: how old the right row can be." min:"0s"`
	Between   []spec.Duration `yaml:"between" doc:"How far the right row is behind the left one in event time, from and to: [-5m, 10m]." min:"-36500d"`
	TTL       spec.Duration   `yaml:"ttl" doc:"Instead of a bound: for how long, in event time, rows are kept. What comes later finds no match." min:"1us"`
	Unbounded bool            `yaml:"unbounded" doc:"Keep all rows for ever. asof: the newest right row of each key." default:"false"`
	Where     diag.Text       `yaml:"where" doc:"What has to be true of a pair as well: an expression over left.COLUMN and right.COLUMN."`
	Prefix    prefix          `yaml:"prefix" doc:"What to put before the names of columns that both inputs have."`
}

type prefix struct {
	Left  spec.Name `yaml:"left" doc:"Before those of the left input."`
	Right spec.Name `yaml:"right" doc:"Before those of the right input."`
}

func init() {
	nodes.Register(nodes.Kind[config]{Name: "join", Role: nodes.Transform, Doc: doc, MaxInputs: 2, Lanes: true, Lower: lower})
}

func lower(b *nodes.Builder, c config) plan.Op {
	if !b.NotEmpty(len(c.On), "keys", "on: [card], or on: [{card: card_no}] where the right input calls it card_no") {
		return nil
	}
	o := &plan.Join{
		Type: plan.JoinType(slices.Index(plan.JoinTypes, c.Type.Value)), Where: plan.Expr{Text: c.Where},
		TTL: time.Duration(c.TTL), Forever: c.Unbounded, TimeAt: b.Config(), Prefix: [2]string{c.Prefix.Left.Value, c.Prefix.Right.Value},
	}
	o.TypeAt = b.Setting("type")
	if o.Type == plan.AsofJoin && !asof(b) {
		return nil
	}
	if v := b.Node.Config.Get("prefix"); v != nil {
		o.PrefixAt = v.At
	}
	for _, it := range c.On {
		k := plan.JoinKey{Left: it.Name, Right: it.Name}
		if !it.Bare {
			k.Right = it.Expr
		}
		o.On = append(o.On, k)
	}
	if !times(b, c, o) {
		return nil
	}
	return o
}

// asof refuses what an asof join has no use for.
func asof(b *nodes.Builder) bool {
	ok := true
	refuse := func(key, message, hint string) {
		if b.Node.Config.Get(key) != nil {
			b.Wrong(key, message, hint)
			ok = false
		}
	}
	refuse("between", "asof takes the newest right row that is not newer than the left one, so there is no span to choose from", "within: 10m says how old it can be")
	refuse("ttl", "asof keeps of each key the newest right row only, however long it is", "within: 10m says how old it can be")
	refuse("where", "asof finds its right row by time alone: with a condition it would not be clear whether to look further back",
		"put a filter before the right input, to look among fewer rows, or behind the join, to leave rows out")
	return ok
}

// times reads what the join says of time: at most one thing.
func times(b *nodes.Builder, c config, o *plan.Join) bool {
	var said []string
	for _, key := range []string{"within", "between", "ttl", "unbounded"} {
		if b.Node.Config.Get(key) != nil && (key != "unbounded" || c.Unbounded) {
			said = append(said, key)
			o.TimeAt = b.Setting(key)
		}
	}
	if len(said) > 1 {
		b.Wrong(said[1], fmt.Sprintf("%s and %s contradict one another", said[0], said[1]), "say one of within, between, ttl and unbounded")
		return false
	}
	switch {
	case len(said) == 0:
	case said[0] == "within":
		d := time.Duration(c.Within)
		o.Bound = &plan.Bound{Lower: -d, Upper: d}
		if o.Type == plan.AsofJoin {
			o.Bound.Upper = 0
		}
	case said[0] == "between":
		if len(c.Between) != 2 || c.Between[0] > c.Between[1] {
			b.Wrong("between", "between has two times, and the second is not the smaller one", "between: [-5m, 10m]: the right row from 5 minutes before the left one to 10 behind it")
			return false
		}
		o.Bound = &plan.Bound{Lower: time.Duration(c.Between[0]), Upper: time.Duration(c.Between[1])}
	}
	if o.Bound != nil && max(o.Bound.Lower.Abs(), o.Bound.Upper.Abs()) > longest {
		b.Wrong(said[0], fmt.Sprintf("a bound is at most %s", longest), "unbounded: true keeps all rows for ever")
		return false
	}
	return true
}

// longest bounds what can be added to a time without an overflow.
const longest = 100 * 365 * 24 * time.Hour
