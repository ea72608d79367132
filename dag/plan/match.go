package plan

import (
	"slices"
	"time"

	"github.com/apache/arrow-go/v18/arrow"

	"flowrun/dag/expr"
	"flowrun/dag/schema"
)

// The columns that a match makes: the event times of its first row and of its last one, or, where the last thing is that
// something did not come, of when that was sure.
const (
	MatchStart = "match_start"
	MatchEnd   = "match_end"
)

// Match finds, among the rows of each key in the order of their event time, those that take steps one after the other within
// a stretch of event time. Rows of one time are in the order in which they came; rows wait until the watermark has passed them,
// and one that comes behind it is late.
//
// Each row that takes the first step begins a try. A try takes its next step with the first row behind that can. It fails with a
// row between its first and its last step that is one of Without, and ends Within behind its first row. A try that has taken
// all steps is a match: at once, or, with Absent, Within behind its first row if no row behind its last step was one of these.
// A match ends the tries of its key that began no later than its last row, unless Overlap.
type Match struct {
	By      []Item // none: all rows have one key
	Steps   []Item // names, and conditions of the row and the rows of earlier steps, which are structs of that name
	Without []Item // conditions of the row and the rows of the steps so far; those of steps not taken yet are null
	Absent  []Item // conditions of the row and the rows of all steps
	Within  time.Duration
	Overlap bool
	Take    []Item // columns of the result, of the rows of the steps

	// Set by Bind. Delay is about how long, in event time, a row waits.
	Clock Clock
	Delay time.Duration
	Rows  *arrow.Schema // what Take is computed on: a struct for each step
	Tests []MatchTest   // of Steps, then Without, then Absent
}

// MatchTest is a condition of a match, in parts that all have to be true: those of the row alone, which are looked at as it comes,
// and those that also read the rows of steps. Sees is how many of the steps it can read.
type MatchTest struct {
	Alone, With []*expr.Program
	Sees        int
}

// maxTests bounds the conditions of a match: which of them a row can fulfil is kept in one word.
const maxTests = 32

func (*Match) isOp() {}

// outputs implements what Declares asks for.
func (*Match) outputs() []Declared { return []Declared{{}, {Name: LateOutput, Optional: true}} }

// Keeps says which columns of rows are kept: those that are asked for once a row waits.
func (o *Match) Keeps(n *Node) func(column int) bool {
	if rejected := n.Output(RejectedOutput); rejected != nil && rejected.Read {
		return func(int) bool { return true } // it shows rows whole
	}
	var later []*expr.Program
	for _, t := range o.Tests {
		later = append(later, t.With...)
	}
	var direct []string // of the row in hand
	for _, p := range later {
		direct = append(direct, p.Columns()...)
	}
	for _, it := range o.Take {
		later = append(later, it.Expr.P)
	}
	ofSteps, whole := o.Reads(later)
	in := n.Inputs[0].Source().Schema
	return func(column int) bool {
		name := in.Field(column).Name
		return whole || slices.Contains(direct, name) || slices.Contains(ofSteps, name)
	}
}

func (b *binder) pattern(n *Node, o *Match, in *Output) *Output {
	e := env(n, in)
	fields := []arrow.Field{{Name: MatchStart, Type: schema.Timestamp}, {Name: MatchEnd, Type: schema.Timestamp}}
	ok := b.byKeys(o.By, e, func(it *Item, f arrow.Field) { fields = append(fields, f) })
	ok = b.matchNames(n, o, in) && ok
	if in.Schema == nil {
		return nil
	}
	if in.Mode != Rows {
		b.report(CodeMode, n.FromAt, "match before the aggregate, or let it emit: final",
			"%s carries %s results: a result that comes again has no place in event time", edgeName(n.Inputs[0]), in.Mode)
		return nil
	}
	if in.Time == nil {
		b.noEventTime(n, n.ConfigAt)
		return nil
	}
	o.Clock, o.Delay = clockOf(in), in.Time.Delay
	if !ok || !b.matchTests(n, o, in) {
		return nil
	}
	made := map[string]bool{}
	for _, f := range fields {
		if made[f.Name] {
			b.report(CodeDuplicateColumn, n.ConfigAt, "give the key another name: by: [{key: EXPRESSION}]", "match makes the column %q twice", f.Name)
			ok = false
		}
		made[f.Name] = true
	}
	o.Rows = arrow.NewSchema(matchRows(o, in, len(o.Steps), len(o.Steps)), nil)
	te := &expr.Env{Schema: o.Rows, Of: "a match"}
	for i := range o.Take {
		it := &o.Take[i]
		_, f, typed := b.item(it, te)
		if !typed {
			ok = false
			continue
		}
		if made[f.Name] {
			b.report(CodeDuplicateColumn, it.Name.At, "give one of them another name", "match makes the column %q twice", f.Name)
			ok = false
		}
		made[f.Name] = true
		fields = append(fields, f)
	}
	if !ok {
		return nil
	}
	return &Output{Schema: arrow.NewSchema(fields, nil), Time: &EventTime{Column: MatchEnd, Delay: in.Time.Delay}}
}

// matchNames checks how many conditions there are, and that each name means one thing.
func (b *binder) matchNames(n *Node, o *Match, in *Output) bool {
	ok := true
	all := slices.Concat(o.Steps, o.Without, o.Absent)
	if len(o.Steps)+len(o.Absent) < 2 {
		b.report(CodeColumns, n.ConfigAt, "a filter finds single rows; add a step, or what has to be absent behind it: absent: {paid: EXPRESSION}",
			"a match has two steps, or one and something absent")
		ok = false
	}
	if len(o.Steps) == 1 && len(o.Without) > 0 {
		b.report(CodeColumns, o.Without[0].Name.At, "what must not come behind the step is absent: {NAME: EXPRESSION}", "without is about rows between the first step and the last, and there is one step")
		ok = false
	}
	if len(all) > maxTests {
		b.report(CodeColumns, n.ConfigAt, "join conditions with || where one of several is meant", "a match has at most %d conditions, and these are %d", maxTests, len(all))
		ok = false
	}
	known := map[string]bool{}
	for _, it := range all {
		name := it.Name.Value
		switch {
		case known[name]:
			b.report(CodeDuplicateColumn, it.Name.At, "give one of them another name", "match names %q twice", name)
			ok = false
		case in.Schema != nil && in.Schema.HasField(name):
			b.report(CodeDuplicateColumn, it.Name.At, "give the step another name than a column has",
				"%s has a column %q, so %s.%s could mean two things", edgeName(n.Inputs[0]), name, name, "COLUMN")
			ok = false
		}
		known[name] = true
	}
	return ok
}

// matchRows are the structs that the rows of the first steps are; only the given number of them is surely there.
func matchRows(o *Match, in *Output, steps, sure int) []arrow.Field {
	fields := make([]arrow.Field, steps)
	for i := range fields {
		fields[i] = arrow.Field{Name: o.Steps[i].Name.Value, Type: schema.Struct(in.Schema.Fields()...), Nullable: i >= sure}
	}
	return fields
}

// matchTests types the conditions, and parts what a row alone decides from what the rows of steps do.
func (b *binder) matchTests(n *Node, o *Match, in *Output) bool {
	o.Tests = nil
	ok := true
	test := func(it *Item, what string, sees, sure int) {
		e := env(n, in)
		e.Schema = arrow.NewSchema(append(slices.Clone(in.Schema.Fields()), matchRows(o, in, sees, sure)...), nil)
		before := len(b.list)
		b.compile(&it.Expr, e)
		if b.list[before:].HasErrors() {
			ok = false
			return
		}
		p := it.Expr.P
		if !schema.Equal(p.Type(), schema.Bool) {
			b.report(CodeType, it.Expr.Text.At, "compare it with something: "+it.Expr.Text.Value+" != ...",
				"%s is true or false, and this is %s", what, schema.Name(p.Type()))
			ok = false
			return
		}
		t := MatchTest{Sees: sees}
		for _, c := range p.Conjuncts() {
			alone := !slices.ContainsFunc(c.Columns(), func(name string) bool { return !in.Schema.HasField(name) })
			// A part that can fail is not computed before those in front of it, which may say that it is not to be computed.
			if alone && (len(t.With) == 0 || !c.CanFail()) {
				t.Alone = append(t.Alone, c)
			} else {
				t.With = append(t.With, c)
			}
		}
		o.Tests = append(o.Tests, t)
	}
	for i := range o.Steps {
		test(&o.Steps[i], "a step", i, i)
	}
	for i := range o.Without {
		test(&o.Without[i], "what a match is without", len(o.Steps)-1, 1)
	}
	for i := range o.Absent {
		test(&o.Absent[i], "what is absent", len(o.Steps), len(o.Steps))
	}
	return ok
}

// matched notes which columns a match reads: of rows as they come, and of those that took steps.
func (d need) matched(o *Match, s *arrow.Schema) {
	var all []*expr.Program
	for _, it := range slices.Concat(o.Steps, o.Without, o.Absent, o.Take) {
		all = append(all, it.Expr.P)
	}
	d.by(s, all...)
	fields, whole := o.Reads(all)
	if whole {
		d.all()
	}
	for _, name := range fields {
		d[s.FieldIndices(name)[0]] = true
	}
}

// Reads are the columns that programs read of the rows of steps; whole says that they may read any.
func (o *Match) Reads(programs []*expr.Program) (columns []string, whole bool) {
	for _, p := range programs {
		for _, step := range o.Steps {
			names, all := p.Fields(step.Name.Value)
			columns, whole = append(columns, names...), whole || all
		}
	}
	slices.Sort(columns)
	return slices.Compact(columns), whole
}

func (x *explainer) match(o *Match) {
	for _, it := range o.By {
		if it.Bare {
			x.linef("  by %s", it.Name.Value)
		} else {
			x.expr("by", it.Name.Value, it.Expr.P)
		}
	}
	for i, it := range o.Steps {
		x.test(choose(i == 0, "first", "then"), it, o.Tests[i])
	}
	for i, it := range o.Without {
		x.test("between them no", it, o.Tests[len(o.Steps)+i])
	}
	for i, it := range o.Absent {
		x.test("behind them no", it, o.Tests[len(o.Steps)+len(o.Without)+i])
	}
	x.linef("  within %s of event time; rows that cannot take part are not kept", o.Within)
	for _, it := range o.Take {
		if it.Bare {
			x.linef("  takes %s", it.Name.Value)
		} else {
			x.expr("takes", it.Name.Value, it.Expr.P)
		}
	}
	x.linef("  %s", choose(o.Overlap, "rows can be part of several matches", "a match ends the other tries of its key that began by then"))
}

// test says which parts of a condition are computed as rows come, by column where they can be, and which for pairs of rows.
func (x *explainer) test(verb string, it Item, t MatchTest) {
	x.linef("  %s %s", verb, it.Name.Value)
	for _, p := range t.Alone {
		x.expr("  of each row", "", p)
	}
	for _, p := range t.With {
		x.linef("    with the rows before %s, one by one", p.Text())
	}
}
