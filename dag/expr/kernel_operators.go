package expr

import (
	"bytes"
	"regexp"

	"github.com/apache/arrow-go/v18/arrow"

	"flowrun/dag/schema"
)

func planUnary(t *Typed) builder {
	switch t.Name {
	case "not":
		if t.is(arrow.BOOL) {
			return light(func(_ *Typed, args []*compiled) *compiled { return &compiled{kernel: &notKernel{args[0]}} })
		}
	case "+":
		if t.numeric() || t.is(arrow.DURATION) {
			return func(_ *Typed, args []*compiled) *compiled { return args[0] }
		}
	case "-":
		switch {
		case t.is(arrow.INT64):
			return negInts(false)
		case t.is(arrow.FLOAT64):
			return light(strictOf(negFloats))
		case t.is(arrow.DURATION):
			return may(light(strictOf(negMicros)))
		}
	}
	return nil
}

// isNil reports whether the node is the literal nil.
func (t *Typed) isNil() bool { return t.Form == FormLiteral && t.Value == nil }

func planBinary(t *Typed) builder {
	left, right := t.Args[0], t.Args[1]
	switch t.Name {
	case "and", "or":
		if !t.is(arrow.BOOL, arrow.BOOL) {
			return nil
		}
		return light(func(_ *Typed, args []*compiled) *compiled {
			return &compiled{kernel: &logicKernel{or: t.Name == "or", left: args[0], right: args[1]}}
		})
	case "==", "!=":
		if left.isNil() != right.isNil() {
			return planNil(t)
		}
	}
	if t.Name == "in" {
		return planIn(t)
	}
	if left.Type.ID() == arrow.NULL || right.Type.ID() == arrow.NULL {
		return nil
	}
	if rel, ok := relations[t.Name]; ok {
		return planCompare(t, rel)
	}
	switch t.Name {
	case "+", "-", "*", "/", "%", "**":
		return planArithmetic(t)
	case "contains", "startsWith", "endsWith":
		if t.is(arrow.STRING, arrow.STRING) {
			return planTextTest(t)
		}
	case "matches":
		return planMatches(t)
	}
	return nil
}

var textTests = map[string]func(a, b []byte) bool{
	"contains":   bytes.Contains,
	"startsWith": bytes.HasPrefix,
	"endsWith":   bytes.HasSuffix,
}

// planTextTest makes contains, startsWith and endsWith.
func planTextTest(t *Typed) builder {
	if want, ok := t.Args[1].Value.(string); ok && t.Args[1].Form == FormLiteral {
		switch t.Name {
		case "contains":
			return containing(want)
		case "startsWith":
			return edge([]byte(want), false)
		case "endsWith":
			return edge([]byte(want), true)
		}
	}
	return testTexts(textTests[t.Name])
}

func planNil(t *Typed) builder {
	return light(func(t *Typed, args []*compiled) *compiled {
		arg := args[0]
		if t.Args[0].isNil() {
			arg = args[1]
		}
		return &compiled{kernel: &nilKernel{not: t.Name == "!=", arg: arg}}
	})
}

func planCompare(t *Typed, rel relation) builder {
	left, right := t.Args[0].Type, t.Args[1].Type
	same := schema.Equal(left, right) && kindOf(left) != kindArray
	if !same && !t.numeric() {
		return nil
	}
	if left.ID() == arrow.BOOL && rel != equal && rel != notEqual {
		return nil
	}
	return light(func(t *Typed, args []*compiled) *compiled {
		if !same {
			args[0], args[1] = floated(args[0]), floated(args[1])
		}
		return &compiled{kernel: &compareKernel{relation: rel, left: args[0], right: args[1]}}
	})
}

func planArithmetic(t *Typed) builder {
	switch {
	case t.is(arrow.STRING, arrow.STRING) && t.Name == "+":
		return may(strictOf(concatTexts))
	case t.is(arrow.INT64, arrow.INT64):
		switch t.Name {
		case "+":
			return intLoop(addInts, addsOver, overflowOf("+"))
		case "-":
			return intLoop(subInts, subsOver, overflowOf("-"))
		case "*":
			return intLoop(mulInts, mulsOver, overflowOf("*"))
		case "%":
			return may(light(strictOf(modInts)))
		}
	}
	if chain := planChain(t); chain != nil {
		return chain
	}
	if t.numeric() {
		switch t.Name {
		case "+":
			return floatLoop(addFloats)
		case "-":
			return floatLoop(subFloats)
		case "*":
			return floatLoop(mulFloats)
		case "/":
			return floatLoop(divFloats)
		case "**":
			return floatLoop(powFloats)
		}
		return nil
	}
	return planTimes(t)
}

func overflowOf(op string) func(x, y int64) error {
	return func(x, y int64) error { return overflow(x, op, y) }
}

// planMatches makes `text matches pattern`. A literal pattern is compiled once, another one where it changes.
func planMatches(t *Typed) builder {
	if !t.is(arrow.STRING, arrow.STRING) && !t.is(arrow.BINARY, arrow.STRING) {
		return nil
	}
	if re := t.Args[1].pattern(); re != nil {
		return planPattern(re)
	}
	return may(strictWith(secondOne, func(f *frame, args []column, out *column) {
		a, patterns, truths := args[0].text, args[1], f.boolsOut(out)
		var re *regexp.Regexp
		var err error
		for i := range truths {
			truths[i] = false
			if out.nulls != nil && out.nulls[i] {
				continue
			}
			if p := patterns.text.at(patterns.at(i)); re == nil || re.String() != str(p) {
				re, err = compilePattern(string(p))
			}
			if err != nil {
				f.fail(i, err)
				continue
			}
			truths[i] = re.Match(a.at(i))
		}
	}))
}

// planChoice makes `?:` and `??`, whose branches have the type of the result, or are the literal nil, or ints where the result
// is a float.
func planChoice(t *Typed) builder {
	k := kindOf(t.Type)
	branches := t.Args
	if t.Form == FormConditional {
		if t.Args[0].Type.ID() != arrow.BOOL {
			return nil
		}
		branches = t.Args[1:]
	}
	if k == kindNull {
		return nil
	}
	for _, b := range branches {
		if !b.isNil() && !schema.Equal(b.Type, t.Type) && !(k == kindFloat && b.Type.ID() == arrow.INT64) {
			return nil
		}
	}
	return func(t *Typed, args []*compiled) *compiled {
		args = append([]*compiled{}, args...)
		for i, b := range branches {
			at := len(args) - len(branches) + i
			if k == kindFloat && b.Type.ID() == arrow.INT64 {
				args[at] = floated(args[at])
			}
		}
		if t.Form == FormConditional {
			return &compiled{kernel: &conditionalKernel{kind: k, condition: args[0], then: args[1], otherwise: args[2]}}
		}
		return &compiled{kernel: &coalesceKernel{kind: k, left: args[0], right: args[1]}}
	}
}
