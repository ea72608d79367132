package plan

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/apache/arrow-go/v18/arrow"

	"flowrun/dag/diag"
	"flowrun/dag/expr"
	"flowrun/dag/schema"
)

// JoinType says which rows a join gives beside those of pairs that match.
type JoinType int

// The types. Semi gives each left row that has a match, once, and Anti each that has none; both give left columns only. Asof gives
// each left row once, with the newest of the right rows that are not newer than it, or with nulls where there is none.
const (
	InnerJoin JoinType = iota
	LeftJoin
	RightJoin
	FullJoin
	SemiJoin
	AntiJoin
	AsofJoin
)

// JoinTypes are the words used in files, by type.
var JoinTypes = []string{"inner", "left", "right", "full", "semi", "anti", "asof"}

// String gives the word used in files.
func (t JoinType) String() string { return JoinTypes[t] }

// KeepsLeft reports whether a left row without a match gives a row, KeepsRight whether a right one does.
func (t JoinType) KeepsLeft() bool {
	return t == LeftJoin || t == FullJoin || t == AntiJoin || t == AsofJoin
}
func (t JoinType) KeepsRight() bool { return t == RightJoin || t == FullJoin }

// Keeps reports it of the rows of an input.
func (t JoinType) Keeps(port int) bool {
	return port == 0 && t.KeepsLeft() || port == 1 && t.KeepsRight()
}

// LeftOnly reports whether the result has only the left columns.
func (t JoinType) LeftOnly() bool { return t == SemiJoin || t == AntiJoin }

// Join matches the rows of its first input, the left one, with those of its second: rows whose keys are equal (null is equal to
// nothing), whose event times are as Bound says, and for which Where is true. Of inputs that carry complete results the rows of
// each epoch are joined among themselves, without a bound.
//
// An Asof join has no Where, and its Bound says how old a right row can be; with Forever it can be of any age.
type Join struct {
	Type     JoinType
	TypeAt   diag.Span
	On       []JoinKey
	Bound    *Bound        // nil: none
	TTL      time.Duration // without a bound: how long behind its event time a row is kept; 0: for ever
	Forever  bool          // rows may be kept for ever
	TimeAt   diag.Span     // of what it says of time
	Where    Expr          // over the structs left and right; its Text is empty where there is none
	Prefix   [2]string     // of the columns of an input that both have; ""
	PrefixAt diag.Span

	// Set by Bind.
	Columns  []JoinColumn  // of the result
	Pair     *arrow.Schema // of what Where is computed on: structs left and right
	Clocks   [2]Clock      // of the inputs
	PerEpoch bool          // both inputs carry complete results
}

// JoinKey is a pair of columns that have to be equal.
type JoinKey struct {
	Left, Right diag.Text
	Index       [2]int // their places; set by Bind
}

// Bound bounds the event time of a right row: at least Lower and at most Upper behind that of the left row.
type Bound struct{ Lower, Upper time.Duration }

// JoinColumn is a column of a join's result: the column Source of an input. A key that both have is that of the left row, or,
// where there is none, of the right one.
type JoinColumn struct {
	Input, Source int
	Key           int // which key it is; -1: none
}

func (*Join) isOp() {}

// LateSides are the outputs of late rows of a join, by input.
var LateSides = [2]string{LateLeftOutput, LateRightOutput}

// outputs implements what Declares asks for. Where all rows are kept none is late, unless it is about their order in time.
func (o *Join) outputs() []Declared {
	all := []Declared{{}}
	if !o.Forever || o.Type == AsofJoin {
		all = append(all, Declared{Name: LateLeftOutput, Optional: true}, Declared{Name: LateRightOutput, Optional: true})
	}
	return all
}

// Shows says of each column of an input whether it is looked at once its row is kept: where somebody reads it of the result, whose
// main output is out, or Where does.
func (o *Join) Shows(out *Output, port int) func(column int) bool {
	shown := map[int]bool{}
	for i, c := range o.Columns {
		switch {
		case !out.Needs(i):
		case c.Key >= 0: // of a row by itself it is that of its own side
			shown[o.On[c.Key].Index[port]] = true
		case c.Input == port:
			shown[c.Source] = true
		}
	}
	return func(column int) bool { return o.Where.P != nil || shown[column] }
}

func (b *binder) join(n *Node, o *Join) *Output {
	if len(n.Inputs) != 2 {
		b.report(CodeInputs, n.FromAt, "from: [left, right]; of more inputs join two first, and then that with the next",
			"join reads two nodes, and %d are given", len(n.Inputs))
		return nil
	}
	var in [2]*Output
	for i, e := range n.Inputs {
		if in[i] = e.Source(); in[i] == nil || in[i].Schema == nil {
			return nil
		}
	}
	ok := b.joinKeys(n, o, in)
	ok = b.joinTime(n, o, in) && ok
	ok = b.joinWhere(n, o, in) && ok
	if !ok {
		return nil
	}
	return b.joinColumns(n, o, in)
}

// joinKeys finds the columns that have to be equal.
func (b *binder) joinKeys(n *Node, o *Join, in [2]*Output) bool {
	ok := true
	for k := range o.On {
		key := &o.On[k]
		var f [2]arrow.Field
		for side, name := range [2]diag.Text{key.Left, key.Right} {
			at := in[side].Schema.FieldIndices(name.Value)
			if len(at) == 0 {
				b.unknownColumn(name, &expr.Env{Schema: in[side].Schema, Of: edgeName(n.Inputs[side])})
				ok = false
				continue
			}
			key.Index[side], f[side] = at[0], in[side].Schema.Field(at[0])
		}
		if f[0].Type == nil || f[1].Type == nil {
			continue
		}
		if why := notAKey(f[0].Type); why != "" {
			b.report(CodeType, key.Left.At, "compare a simple value of it", "%s cannot be compared: %s", f[0].Name, why)
			ok = false
		} else if !schema.Equal(f[0].Type, f[1].Type) {
			b.report(CodeType, key.Left.At, fmt.Sprintf("make them alike before: derive: {%s: %s(%s)}", f[1].Name, schema.Name(f[0].Type), f[1].Name),
				"%s of %s is %s, and %s of %s is %s: they are never equal", f[0].Name, edgeName(n.Inputs[0]), schema.Name(f[0].Type),
				f[1].Name, edgeName(n.Inputs[1]), schema.Name(f[1].Type))
			ok = false
		}
	}
	return ok
}

// joinTime checks what a join says of time. Keys that are the event time of both inputs bound it by themselves: then it is the same.
func (b *binder) joinTime(n *Node, o *Join, in [2]*Output) bool {
	for side, i := range in {
		switch {
		case i.Mode == Updates:
			from := edgeName(n.Inputs[side])
			b.report(CodeMode, n.FromAt, "let "+from+" say emit: complete, or emit: final",
				"%s carries updates: a row that it replaces would stay joined", from)
			return false
		case i.Mode != in[0].Mode:
			b.report(CodeMode, n.FromAt, "let both be rows, or both complete", "%s carries %s, and %s %s",
				edgeName(n.Inputs[0]), in[0].Mode, edgeName(n.Inputs[1]), in[1].Mode)
			return false
		}
	}
	o.Clocks = [2]Clock{clockOf(in[0]), clockOf(in[1])}
	if o.Type == AsofJoin {
		return b.asofTime(n, o, in)
	}
	if o.PerEpoch = in[0].Mode == Complete; o.PerEpoch {
		o.Clocks = [2]Clock{noClock, noClock}
		if o.Bound != nil || o.TTL > 0 || o.Forever {
			b.report(CodeMode, o.TimeAt, "remove it", "of complete results those of one epoch are joined, so there is no time to bound")
			return false
		}
		return true
	}
	if o.Bound == nil && o.TTL == 0 && !o.Forever && slices.ContainsFunc(o.On, func(k JoinKey) bool {
		l, r := o.Clocks[0], o.Clocks[1]
		return k.Index == [2]int{l.Index, r.Index} && l.Or < 0 && r.Or < 0 && l.Less == r.Less
	}) {
		o.Bound = &Bound{}
	}
	if o.Bound == nil && o.TTL == 0 && !o.Forever {
		b.report(CodeUnbounded, n.ConfigAt, "within: 10m, if rows that belong together are never farther apart; ttl: 1h to forget rows after that; unbounded: true to keep them all",
			"without a bound in time every row would be kept for ever")
		return false
	}
	if o.Forever {
		if (o.Type.KeepsLeft() || o.Type.KeepsRight()) && endless(n) {
			b.report(CodeUnbounded, o.TimeAt, "within: 10m, or ttl: 1h", "a %s join shows rows that have no match, and without a bound in time one can always come", o.Type)
			return false
		}
		return true
	}
	return b.bothTimed(n, o)
}

// bothTimed checks that both inputs have event time.
func (b *binder) bothTimed(n *Node, o *Join) bool {
	for side, c := range o.Clocks {
		if c.Index < 0 {
			b.noEventTimeOf(n, side, o.TimeAt)
			return false
		}
	}
	return true
}

// asofTime is joinTime for a join that goes by time itself.
func (b *binder) asofTime(n *Node, o *Join, in [2]*Output) bool {
	switch {
	case in[0].Mode == Complete:
		b.report(CodeMode, o.TypeAt, "type: left joins the rows of an epoch by their keys; windows with emit: final have event time",
			"asof goes by event time, and complete results have none")
		return false
	case o.Bound == nil && !o.Forever:
		b.report(CodeUnbounded, n.ConfigAt, "within: 10m, if a right row that is older says nothing any more; unbounded: true to keep the newest of every key",
			"without a bound in time the newest right row of every key would be kept for ever")
		return false
	}
	return b.bothTimed(n, o)
}

// endless reports whether a source above a node does not end by itself.
func endless(n *Node) bool {
	return slices.ContainsFunc(Sources(n), func(s *Node) bool {
		scan, ok := s.Op.(*Scan)
		return ok && !scan.Bounded
	})
}

// joinWhere types the condition.
func (b *binder) joinWhere(n *Node, o *Join, in [2]*Output) bool {
	if o.Where.Text.Value == "" {
		return true
	}
	o.Pair = arrow.NewSchema([]arrow.Field{
		{Name: "left", Type: schema.Struct(in[0].Schema.Fields()...)}, {Name: "right", Type: schema.Struct(in[1].Schema.Fields()...)},
	}, nil)
	before := len(b.list)
	b.compile(&o.Where, &expr.Env{Schema: o.Pair, Of: "a join"})
	if b.list[before:].HasErrors() {
		return false
	}
	if p := o.Where.P; !schema.Equal(p.Type(), schema.Bool) {
		b.report(CodeType, o.Where.Text.At, "compare it with something: "+o.Where.Text.Value+" != ...", "where is true or false, and this is %s", schema.Name(p.Type()))
		return false
	}
	return true
}

// joinColumns lists the result's columns: keys once, then the other columns of the left input, then those of the right one.
func (b *binder) joinColumns(n *Node, o *Join, in [2]*Output) *Output {
	out := &Output{Mode: in[0].Mode}
	if o.Type.LeftOnly() {
		o.Columns = nil
		for i := range in[0].Schema.NumFields() {
			o.Columns = append(o.Columns, JoinColumn{Source: i, Key: -1})
		}
		out.Schema, out.Time = in[0].Schema, in[0].Time
		return out
	}
	var fields []arrow.Field
	o.Columns = nil
	names, ok := map[string]bool{}, true
	var times [2]string
	add := func(f arrow.Field, c JoinColumn) {
		if names[f.Name] {
			b.report(CodeDuplicateColumn, o.clash(n), fmt.Sprintf("prefix: {right: %s_}, or rename or drop one of them before", n.Inputs[1].From.ID),
				"both inputs have a column %q", f.Name)
			ok = false
		}
		names[f.Name] = true
		fields, o.Columns = append(fields, f), append(o.Columns, c)
	}
	isKey := [2]map[int]bool{{}, {}}
	for k, key := range o.On {
		f, g := in[0].Schema.Field(key.Index[0]), in[1].Schema.Field(key.Index[1])
		f.Nullable = o.Type != InnerJoin && (f.Nullable || g.Nullable)
		add(f, JoinColumn{Source: key.Index[0], Key: k})
		isKey[0][key.Index[0]], isKey[1][key.Index[1]] = true, true
		for side := range times {
			if key.Index[side] == o.Clocks[side].Index {
				times[side] = f.Name
			}
		}
	}
	shared := map[string]bool{}
	for _, f := range fields { // a column that is no key may be called as one of the other input
		shared[f.Name] = true
	}
	for i, f := range in[0].Schema.Fields() {
		at := in[1].Schema.FieldIndices(f.Name)
		if len(at) > 0 && !isKey[0][i] && !isKey[1][at[0]] {
			shared[f.Name] = true
		}
	}
	for side := range in {
		missing := side == 0 && o.Type.KeepsRight() || side == 1 && o.Type.KeepsLeft()
		for i, f := range in[side].Schema.Fields() {
			if isKey[side][i] {
				continue
			}
			if shared[f.Name] {
				f.Name = o.Prefix[side] + f.Name
			}
			f.Nullable = f.Nullable || missing
			if i == o.Clocks[side].Index {
				times[side] = f.Name
			}
			add(f, JoinColumn{Input: side, Source: i, Key: -1})
		}
	}
	if !ok {
		return nil
	}
	out.Schema = arrow.NewSchema(fields, nil)
	l, r := o.Clocks[0], o.Clocks[1]
	if o.Type == AsofJoin { // the left row is the later one
		name := func(source int) string {
			if source < 0 {
				return ""
			}
			return fields[slices.IndexFunc(o.Columns, func(c JoinColumn) bool { return c.Input == 0 && c.Source == source })].Name
		}
		out.Time = &EventTime{Column: name(l.Index), Or: name(l.Or), Less: l.Less, Delay: max(in[0].Time.Delay, in[1].Time.Delay)}
		return out
	}
	if l.Index >= 0 && r.Index >= 0 && l.Or < 0 && r.Or < 0 && l.Less == r.Less {
		out.Time = &EventTime{Column: times[0], Less: l.Less, Delay: max(in[0].Time.Delay, in[1].Time.Delay)}
		if times[1] != times[0] {
			out.Time.Or = times[1]
		}
	}
	return out
}

// clash is the place to blame for two columns of one name.
func (o *Join) clash(n *Node) diag.Span {
	if o.PrefixAt.Known() {
		return o.PrefixAt
	}
	return n.ConfigAt
}

// keyTexts are the keys as they were written.
func (o *Join) keyTexts() (keys []string) {
	for _, k := range o.On {
		if k.Left.Value == k.Right.Value {
			keys = append(keys, k.Left.Value)
		} else {
			keys = append(keys, k.Left.Value+" = "+k.Right.Value)
		}
	}
	return keys
}

func (x *explainer) join(n *Node, o *Join) {
	x.linef("  %s join of %s (left) and %s (right) on %s", o.Type, edgeName(n.Inputs[0]), edgeName(n.Inputs[1]), strings.Join(o.keyTexts(), ", "))
	switch {
	case o.Type == AsofJoin && o.Bound != nil:
		x.linef("  each left row with the newest right row that is not newer, at most %s older; it waits until the watermark has passed it", -o.Bound.Lower)
	case o.Type == AsofJoin:
		x.linef("  each left row with the newest right row that is not newer; it waits until the watermark has passed it")
		x.linef("  the newest right row of every key is kept for ever")
	case o.PerEpoch:
		x.linef("  of the results of one epoch")
	case o.Bound != nil && o.Bound.Lower == 0 && o.Bound.Upper == 0:
		x.linef("  where both happened at the same time")
	case o.Bound != nil:
		x.linef("  where the right row is from %s to %s behind the left one", o.Bound.Lower, o.Bound.Upper)
	case o.TTL > 0:
		x.linef("  rows are kept for %s of event time: what comes later finds no match", o.TTL)
	default:
		x.linef("  every row is kept for ever")
	}
	if o.Where.P != nil {
		x.expr("and", "", o.Where.P)
	}
}
