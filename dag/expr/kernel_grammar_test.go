package expr

import (
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"pgregory.net/rapid"

	"flowrun/dag/batch"
	"flowrun/dag/schema"
)

// kinds of the random expressions, as one letter: a column of the kind is named by the letter, with 0 for the one without nulls.
var resultTypes = []string{"b", "i", "f", "s", "t", "u", "d", "y", "l", "r", "m", "x"}

// randomStruct has a field of each simple type.
var randomStruct = schema.Struct(
	arrow.Field{Name: "b", Type: schema.Bool, Nullable: true}, arrow.Field{Name: "i", Type: schema.Int, Nullable: true},
	arrow.Field{Name: "f", Type: schema.Float}, arrow.Field{Name: "s", Type: schema.String, Nullable: true},
	arrow.Field{Name: "t", Type: schema.Timestamp, Nullable: true}, arrow.Field{Name: "u", Type: schema.Duration},
	arrow.Field{Name: "d", Type: schema.Date, Nullable: true}, arrow.Field{Name: "y", Type: schema.Bytes, Nullable: true},
)

var randomSchema = arrow.NewSchema([]arrow.Field{
	{Name: "b", Type: schema.Bool, Nullable: true}, {Name: "b0", Type: schema.Bool},
	{Name: "i", Type: schema.Int, Nullable: true}, {Name: "i0", Type: schema.Int},
	{Name: "f", Type: schema.Float, Nullable: true}, {Name: "f0", Type: schema.Float},
	{Name: "s", Type: schema.String, Nullable: true}, {Name: "s0", Type: schema.String},
	{Name: "t", Type: schema.Timestamp, Nullable: true}, {Name: "t0", Type: schema.Timestamp},
	{Name: "u", Type: schema.Duration, Nullable: true}, {Name: "u0", Type: schema.Duration},
	{Name: "d", Type: schema.Date, Nullable: true}, {Name: "d0", Type: schema.Date},
	{Name: "y", Type: schema.Bytes, Nullable: true}, {Name: "y0", Type: schema.Bytes},
	{Name: "l", Type: schema.List(schema.String), Nullable: true}, {Name: "l0", Type: schema.List(schema.String)},
	{Name: "r", Type: randomStruct, Nullable: true}, {Name: "r0", Type: randomStruct},
	{Name: "m", Type: schema.Map(schema.Float), Nullable: true}, {Name: "m0", Type: schema.Map(schema.Float)},
	{Name: "x", Type: schema.List(randomStruct), Nullable: true},
	// Its elements are the same type to flowrun as x's, and not to Arrow.
	{Name: "x0", Type: arrow.ListOfField(arrow.Field{Name: "element", Type: randomStruct})},
}, nil)

// rules are the ways to make an expression of a kind: a letter in <> is an expression of that kind, other text stands for itself. Those
// in upper case are literals.
var rules = map[string][]string{
	"b": {
		`<r>.b`, `<r>?.b`, `<s> in <m>`, `"a" in <m>`, `<s> in <r>`, `"b" in <r>`, `<i> in [<i>, <i>]`, `<f> in [<f>, <i>, nil]`, `<t> in [<t>, <t>]`, `<u> in [<u>, <u>]`, `<b> in [<b>]`, `<d> in [<d>, <d>]`, `<y> in [<y>, <y>]`, `[<b>, <b>][<i>]`, `(let v = <b>; v ? v : <b>)`, `{a: <b>, b: <i>}.a`, `<t>.Before(<t>)`, `<t>.After(<t>)`, `<t>.Equal(<t>)`, `<t>.IsZero()`, `(<i>; <b>)`, `get([<b>, <b>], <i>)`, `<r> == <r>`, `<l> == <l>`, `<m> != <m>`, `<d> == <t>`, `<y> < <y>`, `<y> >= <y>`, `<u> <= <u>`, `<t> > <t>`, `<t> <= <t>`, `<b> and <b> and <b> and <b>`, `<f> > <F> && <s> == <S> && <i> < <I> && <s> contains <S>`, `<s> matches "a" && <f> < 2.0 && <i> % 2 == 0 && <i> > 0 && <s> != "x"`, `<b> || <b> || <b>`, `<s> startsWith <S>`, `<s> endsWith <s>`, `<s> in [<s>, <S>, <S>]`, `<s> not matches <P>`, `<y> matches <P>`, `(<b> ? <s> : nil) == nil`, `<i> + 1 == <i> + 1`, `(<i> > 5) == (<f> > 5.0)`,
		"<b> and <b>", "<b> or <b>", "<b> && <b> || <b>", "not <b>", "!<b>", "<b> ? <b> : <b>", "<b> ?? <b>", "<b> == <b>", "<b> != <b>",
		"<i> == <i>", "<i> != <i>", "<i> < <i>", "<i> <= <i>", "<i> > <i>", "<i> >= <i>", "<i> < <f>", "<f> >= <i>",
		"<f> == <f>", "<f> != <f>", "<f> < <f>", "<f> <= <f>", "<f> > <f>", "<f> >= <f>",
		"<s> == <s>", "<s> != <s>", "<s> < <s>", "<s> <= <s>", "<s> > <s>", "<s> >= <s>", "<s> == <S>", "<S> != <s>",
		"<t> == <t>", "<t> != <t>", "<t> < <t>", "<t> >= <t>", "<d> == <d>", "<d> < <d>", "<d> <= <t>", "<u> == <u>", "<u> > <u>",
		"<y> == <y>", "<y> != <y>",
		"<i> == nil", "<s> != nil", "nil == <f>", "<l> == nil", "<t> != nil", "<b> == nil",
		"<i> in [<I>, <I>, <I>]", "<i> not in [<I>]", "<s> in [<S>, <S>]", "<f> in [<F>, <F>]", "<i> in <I>..<I>", "<i> in 1..3", "<i> in <i>..<i>", "<i> in <I>..<i>", "<f> in 1..3",
		"<i> in [1, 2, 3, 4, 5, 6, 7, 8, 9, -1]", `<s> in ["a", "b", "c", "d", "e", "f", "g", "h", "12", ""]`, "<s> in <l>",
		"<s> matches (true ? <S> : <s>)", `<s> matches ("(" + <S>)`, `<b> && <s> matches (<b> ? "a" : "(")`, "<s> contains <s>", "<s> contains <S>", "<s> startsWith <s>", "<s> endsWith <S>", "<s> matches <P>", "<s> matches <s>",
		"hasPrefix(<s>, <s>)", "hasSuffix(<s>, <S>)", "bool(<s>)", "bool(<b>)", "any(<l>, # == <S>)", "all(<l>, len(#) > 1)", "<I> < <i> <= <I>",
	},
	"i": {
		`<r>?.i`, `<y>[<i>]`, `<y>[0]`, `[<i>, <i>, <I>][<i>]`, `[<i>, <i>][-1]`, `(let v = <i>; v + v)`, `(let v = <i>; <b> ? v : 0)`, `(let v = <i>; count(<l>, len(#) > v))`, `(let v = <f>; let w = int(v); v > 1.0 ? w : w + 1)`, `{a: <i>}.a`, `{a: {b: <i>, c: <s>}}.a.b`, `<x>[0]?.i`, `<x>[<i>].i`, `(<f>; <i>)`, `get([<i>, <i>], <i>)`, `first([<i>, <i>])`, `last([<i>])`, `bitor(<i>, <i>)`, `bitxor(<i>, <I>)`, `bitnand(<i>, <i>)`, `bitnot(<i>)`, `bitshl(<i>, <i>)`, `bitshr(<i>, 3)`, `bitushr(<i>, <I>)`, `<u>.Microseconds()`, `<u>.Nanoseconds()`, `<t>.Compare(<t>)`, `len(<y>)`, `len(<r>)`, `hash(<l>)`, `hash(<r>)`, `min(<i>, <i>, <i>)`, `int(int(<f>))`, `abs(<i> % 7)`, `len(<s>[1:])`, `<t>?.Year()`, `60 * 60 * <i>`, `<i> + 2 * 3`, `<i> % (4 - 4)`, `(1 / 0 > 2.0 ? 1 : 2) + <i>`, `9223372036854775807 + 1 + <i>`, `<b> ? 9223372036854775807 + 1 : <i>`, `len(<l>[1:])`, `len(<x>[<i>:<i>])`, `let v = 5; v * 2 + <i>`, `(true ? <i> : 0)`, `(nil ?? <i>)`, `<t>.In(timezone("Europe/Berlin")).Hour()`, `<t>.In(timezone("Asia/Kolkata")).Day()`, `<t>.In(timezone("America/New_York")).Weekday()`, `<t>.In(timezone("UTC")).Unix()`,
		"<i> + <i>", "<i> - <i>", "<i> * <i>", "<i> % <i>", "-<i>", "+<i>", "<i> + <I>", "<I> - <i>", "<i> * <I>", "<i> % <I>",
		"<b> ? <i> : <i>", "<b> ? <i> : nil", "<i> ?? <i>", "int(<f>)", "int(<s>)", "int(<i>)", "int(<u>)", "len(<s>)", "len(<l>)",
		"indexOf(<s>, <s>)", "lastIndexOf(<s>, <S>)", "abs(<i>)", "min(<i>, <i>)", "max(<i>, <I>, <i>)", "hash(<s>)", "hash(<f>)", "hash(<i>)",
		"<t>.Year()", "<t>.Hour()", "<t>.Unix()", `epoch(<t>, "ms")`, "count(<l>, # == <S>)", "bitand(<i>, <i>)", "i0 + 1",
		"<t>.Month()", "<t>.Day()", "<t>.Weekday()", "<t>.YearDay()", "<t>.Minute()", "<t>.Second()", "<t>.Nanosecond()", "<t>.UnixMilli()", "<t>.UnixMicro()", "<t>.UnixNano()",
		`epoch(<t>, "s")`, `epoch(<t>, "us")`, `epoch(<t>, "ns")`, "epoch(<t>, <s>)", "<u>.Milliseconds()", "len(<m>)", "len(<x>)", "<r>.i", "hash(<b>)", "hash(<t>)", "hash(<y>)", "hash(<u>)", "hash(<d>)",
		"len(<b> ? <l> : nil)",
	},
	"f": {
		`<r>.f`, `<r>?.f`, `<m>[<s>]`, `<m>["a"]`, `<m>?.b`, `[<f>, <i>][<i>]`, `{a: <f>}.a`, `(let v = <f>; v * v + v)`, `(let v = <m>; v.a)`, `get(<m>, <s>)`, `<f> * 9 / 5 + 32`, `<f> / 4 - 1`, `<i> * 9 / 5 + 32`, `1 / <f>`, `32 - <f> * 2`, `median(<f>, <i>)`, `median(<f>, <f>, <F>)`, `<x>[0].f`, `2 ** 3 * <f>`, `(<i> + <i>) * <f>`, `-(<f> * 2.0)`, `min(<f>, <I>)`, `float(<i>) * 0.5`,
		"<f> + <f>", "<f> - <f>", "<f> * <f>", "<f> / <f>", "<i> / <i>", "<f> ** <f>", "<i> ** <i>", "<i> + <f>", "<f> * <i>", "-<f>",
		"<b> ? <f> : <f>", "<b> ? <i> : <f>", "<f> ?? <f>", "<f> ?? <i>", "float(<i>)", "float(<s>)", "float(<f>)", "abs(<f>)", "ceil(<f>)", "floor(<f>)",
		"round(<f>)", "sqrt(<f>)", "log(<f>)", "exp(<f>)", "pow(<f>, <i>)", "min(<f>, <f>)", "max(<f>, <i>, <F>)", "<u> / <u>", "sqrt(<i>)",
		"<u>.Hours()", "<u>.Minutes()", "<u>.Seconds()", "mean(<f>, <i>)", "max(<f>)", "<m>.a", "mean(<i>)",
	},
	"s": {
		`<r>.s`, `<r>?.s`, `<s>[<i>:]`, `<s>[:<i>]`, `<s>[1:2]`, `<s>[<i>:<i>]`, `<s>[-1:]`, `<l>[<i>]`, `<l>[0]`, `<l>[-1]`, `split(<s>, <S>)[<i>]`, `[<s>, <S>][<i>]`, `{a: <s>}["a"]`, `(let v = <s>; v + v)`, `(let v = split(<s>, ","); v[0] ?? <S>)`, `first(<l>)`, `last(<l>)`, `get(<l>, <i>)`, `capture(<s>, <P>, 1)`, `capture(<s>, ("a" + "(b)?"), (1 + 1))`, `capture(<s>, (true ? "(" : <s>), 0)`, `capture(<s>, <P>, <i>)`, `capture(<s>, <s>, 0)`, `repeat(<s>, <i>)`, `repeat(<S>, 3)`, `<t>.Format(<S>)`, `<t>.String()`, `<u>.String()`, `type(<s>)`, `type(<t>)`, `type(<r>)`, `min(<s>, <S>, <s>)`, `replace(<s>, <S>, <S>, <I>)`, `replace(<s>, "a", "bb")`, `toJSON(<i>)`, `toJSON(<f>)`, `toJSON(<b>)`, `string(<l>)`, `toJSON(<m>)`, `(<i>; <s>)`, `"a" + "b" + <s>`, `upper("abc") + <s>`, `<x>[0].s`, `lower(<s>[:3])`, `trim(" x ") + <s>`, `<s>[0:1]`, `<t>.In(timezone("Asia/Tokyo")).Format("2006-01-02T15:04:05Z07:00")`, `<t>.In(timezone("Europe/Berlin")).String()`,
		"<s> + <s>", "<s> + <S>", "<S> + <s>", "<b> ? <s> : <s>", "<b> ? <S> : <s>", "<b> ? nil : <s>", "<s> ?? <s>", "<s> ?? <S>",
		"upper(<s>)", "lower(<s>)", "trim(<s>)", "trim(<s>, <S>)", "trim(<s>, <s>)", "trimPrefix(<s>, <S>)", "trimSuffix(<s>, <s>)", "trimPrefix(<s>)", "trimSuffix(<s>)",
		"replace(<s>, <S>, <S>)", "replace(<s>, <s>, <s>)", "replace(<s>, <S>, <S>, 1)", "repeat(<s>, 2)", "string(<i>)", "string(<f>)", "string(<b>)",
		"string(<s>)", "string(<t>)", "string(<d>)", "string(<u>)", "string(<y>)", "capture(<s>, <P>, 0)", "join(<l>, <S>)", "toBase64(<s>)", "upper(trim(<s>))", "lower(<s> + <s>)",
		"type(<i>)", "fromBase64(<s>)", "toJSON(<s>)",
		`<t>.Format("2006-01-02 15h")`, "toBase64(<y>)", "toJSON(<r>)", "splitAfter(<s>, <S>)[0]", "max(<s>, <s>)",
	},
	"t": {
		`<r>.t`, `<t>.Add(<u>)`, `<t>.Truncate(<U>)`, `<t>.Truncate(<u>)`, `<t>.Round(<u>)`, `<t>.UTC()`, `[<t>, <t>][<i>]`, `(let v = <t>; v - <u>)`, `date(<s>, "2006-01-02")`, `date("2024-02-29")`, `min(<t>, <t>)`, `date(<s>, <S>)`, `date(<s>, "2006-01-02", "Europe/Berlin")`, `<t>.AddDate(<i>, <i>, <i>)`, `<t>.AddDate(0, <i>, 1)`, `(<t>.In(timezone("Europe/Berlin")) ?? <t>)`, `trunc(<t>, duration("1d"))`, `<d> - <u>`, `<t>?.Add(duration("1h"))`,
		"<t> + <u>", "<u> + <t>", "<t> - <u>", "<b> ? <t> : <t>", "<t> ?? <t>", "trunc(<t>, <U>)", `timestamp(<i>, "us")`, `timestamp(<i>, "s")`, "date(<s>)", "<d> + <u>", "now()",
		"timestamp(<d>)", "max(<t>, <t>)", `timestamp(<i>, "ms")`, `timestamp(<i>, "ns")`, "trunc(<t>, <u>)", "timestamp(<t>)", "timestamp(<i>, <s>)", "<t>.AddDate(<i>, 1, -1)",
	},
	"u": {
		`<r>.u`, `<t>.Sub(<t>)`, `<u>.Abs()`, `<u>.Truncate(<u>)`, `<u>.Round(<U>)`, `[<u>, <u>][<i>]`, `max(<u>, <u>)`, `<U> * <i>`, `(let v = <u>; v + v)`, `+<u>`,
		"<u> + <u>", "<u> - <u>", "<t> - <t>", "<d> - <d>", "<u> * <i>", "<i> * <u>", "<u> * <f>", "<f> * <u>", "<u> / <i>", "<u> / <f>", "-<u>",
		"<b> ? <u> : <u>", "<u> ?? <u>", "abs(<u>)", "duration(<s>)",
	},
	"d": {
		`<r>.d`, `[<d>, <d>][<i>]`, `(let v = <d>; v ?? <d>)`, `{a: <d>}.a`, `max(<d>, <d>)`,
		"<b> ? <d> : <d>", "<d> ?? <d>", "<b> ? <d> : nil"},
	"y": {
		`<r>.y`, `<y>[1:]`, `<y>[<i>:<i>]`, `[<y>, <y>][0]`, `{a: <y>}.a`,
		"<b> ? <y> : <y>", "<y> ?? <y>"},
	"l": {
		`<l>[1:]`, `<l>[<i>:<i>]`, `<l>[:-1]`, `[<s>, <s>]`, `[<s>, nil, <S>]`, `(let v = <l>; v[1:])`, `{a: <l>}.a`, `splitAfter(<s>, <S>, <I>)`, `splitAfter(<s>, "")`, `split(<s>, "")`, `split(<s>, "", 2)`, `split(<s>, "ab")`, `reverse(<l>)`, `concat(<l>, <l>)`, `map(<x>, .s)`, `[<l>, <l>][<i>]`, `keys(<m>)`,
		"split(<s>, <S>)", "split(<s>, <s>)", `split(<s>, " ")`, "split(<s>, <S>, <I>)", "splitAfter(<s>, <S>)", "<b> ? <l> : <l>", "<l> ?? <l>", `split(lower(trim(<s>)), " ")`,
		"filter(<l>, # != <S>)", "sort(<l>)",
	},
	"r": {
		`<x>[<i>]`, `<x>[-1]`, `{b: <b>, i: <i>, f: <f>, s: <s>, t: <t>, u: <u>, d: <d>, y: <y>}`, `first(<x>)`, `(let v = <r>; v)`, `[<r>, <r>][<i>]`, `find(<x>, .b ?? false)`,
		"<b> ? <r> : <r>", "<r> ?? <r>", "<b> ? nil : <r>", "<x>[0]"},
	"m": {
		`(let v = <m>; v)`, `[<m>, <m>][<i>]`, `{a: <m>}.a`,
		"<b> ? <m> : <m>", "<m> ?? <m>"},
	"x": {
		`<x>[1:]`, `<x>[<i>:]`, `[<r>, <r>]`, `{a: <x>}.a`, `reverse(<x>)`,
		"<b> ? <x> : <x>", "<x> ?? <x>", "<b> ? x0 : x", "x ?? x0"},
}

var (
	someInts   = []int64{0, 1, -1, 2, 3, 7, 10, 12, 1000, -60, math.MaxInt64, math.MinInt64, math.MaxInt64 - 1, math.MinInt64 + 1, 1 << 31, 1 << 62, 1 << 53, 3037000500}
	someFloats = []float64{0, math.Copysign(0, -1), 1, -1, 0.5, 2, 2.5, -2.5, 1e21, 1e-7, 123456789, 1 << 63, -(1 << 63), math.MaxFloat64, math.SmallestNonzeroFloat64, math.NaN(), math.Inf(1), math.Inf(-1)}
	someTexts  = []string{"", " ", "a", "b", "ab", "A", "To be OR not", "  x ", "\u00a0é\u2003", "ÄÖÜ straße", "ǅ", "日本語", "12", "-7", "3.5", "1e400", "true", "f", "2024-02-29T12:34:56Z", "2024-02-29", "1h30m", "YWI=", "aaaa", "a,b,,c", "a text of more than sixteen bytes", "a text of more than sixteen bites", "9223372036854775808", "x\x00y", "\u0130I\u0131"}
	someTimes  = []int64{0, 1, -1, 1709210096123456, -62135596800000000, 253402300799999999, math.MaxInt64, math.MinInt64, 86400000000}
	someSpans  = []int64{0, 1, -1, 1000, 1500000, 3600000000, -86400000000, math.MaxInt64, math.MinInt64}
	someDays   = []int32{0, 1, -1, 19782, -719162, 2932896}
	patterns_  = []string{`"a"`, `"^a+$"`, `"(?i)to"`, `"[0-9]+"`, `""`, `"é|ß"`, `"(a)(b)?"`}
	spans      = []string{`duration("1h")`, `duration("1ms")`, `duration("1d")`, `duration("90s")`}
)

// grammar draws expressions.
type grammar struct {
	t *rapid.T
	// pool has what was drawn before, by kind, so that parts come more than once; nil: each is drawn anew.
	pool map[string][]string
}

// of draws an expression of a kind.
func (g *grammar) of(kind string, depth int) string {
	if known := g.pool[kind]; len(known) > 0 && rapid.IntRange(0, 3).Draw(g.t, "known") == 0 {
		return rapid.SampledFrom(known).Draw(g.t, "which")
	}
	text := g.fresh(kind, depth)
	if g.pool != nil && depth > 0 {
		g.pool[kind] = append(g.pool[kind], text)
	}
	return text
}

func (g *grammar) fresh(kind string, depth int) string {
	if depth == 0 || rapid.IntRange(0, 9).Draw(g.t, "leaf") == 0 {
		return g.leaf(kind)
	}
	rule := rapid.SampledFrom(rules[kind]).Draw(g.t, "rule")
	var b strings.Builder
	for {
		i := strings.IndexByte(rule, '<')
		if i < 0 || i+2 >= len(rule) || rule[i+2] != '>' {
			if i < 0 {
				break
			}
			b.WriteString(rule[:i+1])
			rule = rule[i+1:]
			continue
		}
		b.WriteString(rule[:i])
		letter := rule[i+1 : i+2]
		if letter == strings.ToUpper(letter) {
			b.WriteString(g.literal(letter))
		} else {
			b.WriteString("(" + g.of(letter, depth-1) + ")")
		}
		rule = rule[i+3:]
	}
	return b.String() + rule
}

func (g *grammar) leaf(kind string) string {
	if rapid.IntRange(0, 3).Draw(g.t, "literal") == 0 {
		if l := g.literal(strings.ToUpper(kind)); l != "" {
			return l
		}
	}
	return kind + rapid.SampledFrom([]string{"", "0"}).Draw(g.t, "column")
}

func (g *grammar) literal(letter string) string {
	draw := func(n int) int { return rapid.IntRange(0, n-1).Draw(g.t, "value") }
	switch letter {
	case "B":
		return []string{"true", "false"}[draw(2)]
	case "I":
		v := someInts[draw(len(someInts))]
		if v == math.MinInt64 { // whose positive the parser does not take
			v = -5
		}
		return strconv.FormatInt(v, 10)
	case "F":
		// Neither NaN nor infinite; no zero, since expr's compiler takes the constants 0.0 and -0.0 for one.
		v := someFloats[2+draw(len(someFloats)-5)]
		if s := strconv.FormatFloat(v, 'g', -1, 64); strings.ContainsAny(s, ".e") {
			return s
		}
		return strconv.FormatFloat(v, 'f', 1, 64)
	case "S":
		return strconv.Quote(someTexts[draw(len(someTexts))])
	case "P":
		return patterns_[draw(len(patterns_))]
	case "U":
		return spans[draw(len(spans))]
	case "T":
		return `date("2024-02-29T12:34:56Z")`
	}
	return ""
}

// randomBatch draws columns of randomSchema and a selection.
func randomBatch(t *rapid.T, mem memory.Allocator) *batch.Batch {
	n := rapid.SampledFrom([]int{0, 1, 2, 7, 8, 9, 20, 70}).Draw(t, "rows")
	nulls := rapid.SampledFrom([]int{0, 2, 9}).Draw(t, "nulls in ten")
	b := array.NewRecordBuilder(mem, randomSchema)
	defer b.Release()
	random := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "values"), 0))
	pick := func(n int) int { return random.IntN(n) }
	for i, f := range randomSchema.Fields() {
		for range n {
			var v any
			if !f.Nullable || pick(10) >= nulls {
				v = randomValue(f.Type, pick)
			}
			if err := appendValue(b.Field(i), v); err != nil {
				t.Fatalf("%v", err)
			}
		}
	}
	rec := b.NewRecordBatch()
	if n > 1 && pick(3) == 0 { // a cut of a larger record has offsets
		cut := rec.NewSlice(1, int64(n))
		rec.Release()
		rec = cut
	}
	x := batch.New(rec)
	x.Arrived = time.Unix(1709210096, 123456789)
	if pick(2) == 0 {
		x.Sel = []int32{}
		for row := range int32(rec.NumRows()) {
			if pick(2) == 0 {
				x.Sel = append(x.Sel, row)
			}
		}
	}
	return x
}

// randomValue makes a value of the machine that is not null, though something in it may be.
func randomValue(t arrow.DataType, pick func(int) int) any {
	maybe := func(t arrow.DataType, nullable bool) any {
		if nullable && pick(5) == 0 {
			return nil
		}
		return randomValue(t, pick)
	}
	switch t := t.(type) {
	case *arrow.BooleanType:
		return pick(2) == 1
	case *arrow.Int64Type:
		return someInts[pick(len(someInts))]
	case *arrow.Float64Type:
		return someFloats[pick(len(someFloats))]
	case *arrow.StringType:
		return someTexts[pick(len(someTexts))]
	case *arrow.BinaryType:
		return []byte(someTexts[pick(len(someTexts))] + "\xff"[:pick(2)])
	case *arrow.TimestampType:
		return time.UnixMicro(someTimes[pick(len(someTimes))]).UTC()
	case *arrow.DurationType:
		return micros(someSpans[pick(len(someSpans))])
	case *arrow.Date32Type:
		return time.Unix(int64(someDays[pick(len(someDays))])*secondsPerDay, 0).UTC()
	case *arrow.MapType:
		m := map[string]any{}
		for range pick(4) {
			m[someTexts[pick(len(someTexts))]] = maybe(t.ItemType(), true)
		}
		return m
	case *arrow.ListType:
		list := []any{}
		for range pick(4) {
			list = append(list, maybe(t.Elem(), t.ElemField().Nullable))
		}
		return list
	case *arrow.StructType:
		m := map[string]any{}
		for _, f := range t.Fields() {
			m[f.Name] = maybe(f.Type, f.Nullable)
		}
		return m
	}
	panic("no random value of " + t.String())
}
