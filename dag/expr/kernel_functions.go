package expr

import (
	"bytes"
	"maps"
	"math"

	"github.com/apache/arrow-go/v18/arrow"
)

// functionKernels finds the kernel of a call by the function's name; nil: these arguments run row by row.
var functionKernels = map[string]func(t *Typed) builder{}

func init() {
	maps.Copy(functionKernels, map[string]func(t *Typed) builder{
		"upper":       on(caseTexts(true), arrow.STRING),
		"lower":       on(caseTexts(false), arrow.STRING),
		"trim":        textFunction(light(strictOf(trimSpaces)), cutTexts(func(b, set []byte) []byte { return bytes.Trim(b, str(set)) })),
		"trimPrefix":  textFunction(cutTexts(func(b, _ []byte) []byte { return bytes.TrimPrefix(b, space) }), cutTexts(bytes.TrimPrefix)),
		"trimSuffix":  textFunction(cutTexts(func(b, _ []byte) []byte { return bytes.TrimSuffix(b, space) }), cutTexts(bytes.TrimSuffix)),
		"hasPrefix":   planEdge(bytes.HasPrefix, false),
		"hasSuffix":   planEdge(bytes.HasSuffix, true),
		"indexOf":     on(indexTexts(bytes.Index), arrow.STRING, arrow.STRING),
		"lastIndexOf": on(indexTexts(bytes.LastIndex), arrow.STRING, arrow.STRING),
		"len":         planLen,
		"get":         planGet,
		"first":       planEnd(0),
		"last":        planEnd(-1),
		"split":       planSplit(false),
		"splitAfter":  planSplit(true),
		"replace":     on(replaceTexts, arrow.STRING, arrow.STRING, arrow.STRING),
		"abs":         planAbs,
		"min":         planExtreme(less),
		"max":         planExtreme(more),
		"int":         planInt,
		"float":       planFloat,
		"bool":        planBool,
		"string":      planString,

		"now":       planNow,
		"timestamp": planTimestamp,
		"epoch":     planEpoch,
		"trunc":     planTrunc,
		".Hours":    partOfDuration(microsPerHour),
		".Minutes":  partOfDuration(microsPerMinute),
		".Seconds":  partOfDuration(microsPerSecond),
		"ceil":      floatFunction(math.Ceil),
		"floor":     floatFunction(math.Floor),
		"round":     floatFunction(math.Round),
		"sqrt":      floatFunction(math.Sqrt),
		"exp":       floatFunction(math.Exp),
		"log":       floatFunction(math.Log),
		"pow":       numbers(floatLoop(powFloats), 2),
		"mean":      planStatistic(mean),
		"median":    planStatistic(median),
	})
}

var space = []byte(" ")

// on uses a kernel for arguments of exactly these types.
func on(b builder, ids ...arrow.Type) func(t *Typed) builder {
	return func(t *Typed) builder {
		if t.is(ids...) {
			return b
		}
		return nil
	}
}

// textFunction uses one kernel for one text, another for two.
func textFunction(one, two builder) func(t *Typed) builder {
	return func(t *Typed) builder {
		switch {
		case t.is(arrow.STRING):
			return one
		case t.is(arrow.STRING, arrow.STRING):
			return two
		}
		return nil
	}
}

func planAbs(t *Typed) builder {
	switch {
	case t.is(arrow.INT64):
		return negInts(true)
	case t.is(arrow.FLOAT64):
		return light(mapFloats(math.Abs))
	case t.is(arrow.DURATION):
		return tryInts(absMicros)
	}
	return nil
}

// numbers uses a kernel for n numbers, int or float.
func numbers(b builder, n int) func(t *Typed) builder {
	return func(t *Typed) builder {
		if len(t.Args) == n && t.numeric() {
			return b
		}
		return nil
	}
}

// floatFunction uses a function of one float; ints become floats.
func floatFunction(do func(float64) float64) func(t *Typed) builder {
	return numbers(asFloats(mapFloats(do)), 1)
}

func planLen(t *Typed) builder {
	switch {
	case t.is(arrow.STRING):
		return light(strictOf(lenTexts))
	case t.is(arrow.BINARY):
		return light(strictOf(func(f *frame, args []column, out *column) {
			a, n := args[0].text, f.intsOut(out)
			for i := range n {
				n[i] = int64(a.end[i] - a.start[i])
			}
		}))
	case t.is(arrow.LIST), t.is(arrow.MAP):
		return light(strictOf(lenLists))
	case t.is(arrow.STRUCT):
		fields := int64(t.Args[0].Type.(*arrow.StructType).NumFields())
		return light(strictOf(func(f *frame, _ []column, out *column) { fill(f.intsOut(out), fields) }))
	}
	return nil
}

func planSplit(after bool) func(t *Typed) builder {
	return func(t *Typed) builder {
		if !t.is(arrow.STRING, arrow.STRING) && !t.is(arrow.STRING, arrow.STRING, arrow.INT64) {
			return nil
		}
		return func(t *Typed, args []*compiled) *compiled {
			return &compiled{kernel: &splitKernel{args: args, typ: t.Type, after: after}}
		}
	}
}
