package expr

import (
	"regexp"
	"regexp/syntax"
	"strings"
)

// planPattern makes `text matches pattern` with a literal pattern. One that is no more than a text is a plain search; of the
// others many ask for a text that every match has, and entries without it are not looked at twice.
func planPattern(re *regexp.Regexp) builder {
	whole, begins, ends, needs := literalIn(re.String())
	switch {
	case whole && begins && ends:
		return func(t *Typed, args []*compiled) *compiled {
			literal := &compiled{kernel: &literalKernel{literalColumn(needs, t.Args[1].Type)}, typ: t.Args[1].Type, cheap: true}
			return &compiled{kernel: &compareKernel{relation: equal, left: args[0], right: literal}}
		}
	case whole && begins:
		return edge([]byte(needs), false)
	case whole && ends:
		return edge([]byte(needs), true)
	case whole:
		return containing(needs)
	}
	var find *finder
	if needs != "" {
		find = newFinder([]byte(needs))
	}
	return strictWith(secondOne, func(f *frame, args []column, out *column) {
		a, truths := args[0].text, f.boolsOut(out)
		if find == nil {
			for i := range truths {
				truths[i] = re.Match(a.at(i))
			}
			return
		}
		clear(truths)
		find.hits(a, f.n, func(i int) { truths[i] = re.Match(a.at(i)) })
	})
}

// literalIn looks into a pattern for a text that every match has. whole: the pattern asks for nothing else, at the begin or at the
// end of the text where begins or ends says so.
func literalIn(pattern string) (whole, begins, ends bool, text string) {
	re, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		return false, false, false, ""
	}
	parts := []*syntax.Regexp{re}
	if re.Op == syntax.OpConcat {
		parts = re.Sub
	}
	if len(parts) > 0 && parts[0].Op == syntax.OpBeginText {
		begins, parts = true, parts[1:]
	}
	if n := len(parts); n > 0 && parts[n-1].Op == syntax.OpEndText {
		ends, parts = true, parts[:n-1]
	}
	if len(parts) == 1 && parts[0].Op == syntax.OpLiteral {
		if text = required(parts[0]); text != "" {
			return true, begins, ends, text
		}
	}
	return false, false, false, required(re)
}

// required is a text that every match of a part has, the longest that is found; empty: there is none.
func required(re *syntax.Regexp) (text string) {
	switch re.Op {
	case syntax.OpLiteral:
		if re.Flags&syntax.FoldCase != 0 || strings.ContainsRune(string(re.Rune), '\ufffd') {
			return "" // which stands for broken bytes, too
		}
		return string(re.Rune)
	case syntax.OpCapture, syntax.OpPlus:
		return required(re.Sub[0])
	case syntax.OpRepeat:
		if re.Min > 0 {
			return required(re.Sub[0])
		}
	case syntax.OpConcat:
		for _, part := range re.Sub {
			if t := required(part); len(t) > len(text) {
				text = t
			}
		}
	}
	return text
}
