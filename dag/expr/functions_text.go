package expr

import (
	"encoding/base64"
	"regexp"
	"strings"
	"unicode/utf8"

	"flowrun/dag/schema"
)

func textFunctions() []*function {
	s, i := schema.String, schema.Int
	return []*function{
		{name: "trim", signature: `trim(text[, chars])`, doc: "Without white space, or the given characters, at both ends.",
			overloads: []overload{fnN(params(s, s), 1, s, func(a []any) (any, error) {
				if len(a) == 2 {
					return strings.Trim(a[0].(string), a[1].(string)), nil
				}
				return strings.TrimSpace(a[0].(string)), nil
			})}},
		{name: "trimPrefix", signature: `trimPrefix(text[, prefix])`, doc: "Without the prefix (a blank unless said), if it begins with it.",
			overloads: []overload{fnN(params(s, s), 1, s, func(a []any) (any, error) {
				return strings.TrimPrefix(a[0].(string), textOr(a, 1, " ")), nil
			})}},
		{name: "trimSuffix", signature: `trimSuffix(text[, suffix])`, doc: "Without the suffix (a blank unless said), if it ends with it.",
			overloads: []overload{fnN(params(s, s), 1, s, func(a []any) (any, error) {
				return strings.TrimSuffix(a[0].(string), textOr(a, 1, " ")), nil
			})}},
		{name: "upper", signature: `upper(text)`, doc: "In upper case.", overloads: []overload{fn1(s, s, func(a any) (any, error) {
			return strings.ToUpper(a.(string)), nil
		})}},
		{name: "lower", signature: `lower(text)`, doc: "In lower case.", overloads: []overload{fn1(s, s, func(a any) (any, error) {
			return strings.ToLower(a.(string)), nil
		})}},
		{name: "split", signature: `split(text, separator[, n])`, doc: "The parts between separators, a list<string>; at most n parts.",
			overloads: []overload{fnN(params(s, s, i), 1, textList, func(a []any) (any, error) {
				if len(a) == 3 {
					return textsOf(strings.SplitN(a[0].(string), a[1].(string), intArg(a[2]))), nil
				}
				return textsOf(strings.Split(a[0].(string), a[1].(string))), nil
			})}},
		{name: "splitAfter", signature: `splitAfter(text, separator[, n])`, doc: "As split, but each part keeps its separator.",
			overloads: []overload{fnN(params(s, s, i), 1, textList, func(a []any) (any, error) {
				if len(a) == 3 {
					return textsOf(strings.SplitAfterN(a[0].(string), a[1].(string), intArg(a[2]))), nil
				}
				return textsOf(strings.SplitAfter(a[0].(string), a[1].(string))), nil
			})}},
		{name: "replace", signature: `replace(text, old, new[, n])`, doc: "With every old part, or the first n, replaced by new.",
			overloads: []overload{fnN(params(s, s, s, i), 1, s, replaceText)}},
		{name: "repeat", signature: `repeat(text, n)`, doc: "The text n times. A negative n rejects the row.",
			overloads: []overload{fnN(params(s, i), 0, s, func(a []any) (any, error) {
				text, n := a[0].(string), a[1].(int64)
				if err := repeats(len(text), n); err != nil {
					return nil, err
				}
				return strings.Repeat(text, int(n)), nil
			})}},
		{name: "join", signature: `join(list[, separator])`, doc: "The texts of a list as one text. Null elements are skipped.",
			overloads: []overload{fnN(params(textList, s), 1, s, joinTexts)}},
		{name: "indexOf", signature: `indexOf(text, part)`, doc: "The byte at which part first begins, from 0; -1 if it does not occur.",
			overloads: []overload{fnN(params(s, s), 0, i, func(a []any) (any, error) {
				return int64(strings.Index(a[0].(string), a[1].(string))), nil
			})}},
		{name: "lastIndexOf", signature: `lastIndexOf(text, part)`, doc: "The byte at which part last begins, from 0; -1 if it does not occur.",
			overloads: []overload{fnN(params(s, s), 0, i, func(a []any) (any, error) {
				return int64(strings.LastIndex(a[0].(string), a[1].(string))), nil
			})}},
		{name: "hasPrefix", signature: `hasPrefix(text, prefix)`, doc: "Whether the text begins with prefix.",
			overloads: []overload{fnN(params(s, s), 0, schema.Bool, func(a []any) (any, error) {
				return strings.HasPrefix(a[0].(string), a[1].(string)), nil
			})}},
		{name: "hasSuffix", signature: `hasSuffix(text, suffix)`, doc: "Whether the text ends with suffix.",
			overloads: []overload{fnN(params(s, s), 0, schema.Bool, func(a []any) (any, error) {
				return strings.HasSuffix(a[0].(string), a[1].(string)), nil
			})}},
		{name: "capture", signature: `capture(text, pattern, group)`, doc: "What the group of a regular expression matched, group 0 being all of it; null where it did not match.",
			overloads: []overload{{params: params(s, s, i), result: s, nullable: true, call: captureDynamic, compile: captureWith}}},
		{name: "toBase64", signature: `toBase64(x)`, doc: "A text or bytes in base64.",
			overloads: []overload{
				fn1(s, s, func(a any) (any, error) { return base64.StdEncoding.EncodeToString([]byte(a.(string))), nil }),
				fn1(schema.Bytes, s, func(a any) (any, error) { return base64.StdEncoding.EncodeToString(a.([]byte)), nil }),
			}},
		{name: "fromBase64", signature: `fromBase64(text)`, doc: "The text that was encoded in base64. What is not base64 or not text rejects the row.",
			overloads: []overload{fn1(s, s, func(a any) (any, error) {
				b, err := base64.StdEncoding.DecodeString(a.(string))
				if err != nil {
					return nil, reject(reasonBase64, "fromBase64(%s)", quoteShort(a.(string)))
				}
				return textOfBytes(b)
			})}},
	}
}

// repeats checks a repetition of a text of some bytes.
func repeats(bytes int, n int64) error {
	switch {
	case n < 0:
		return reject(reasonArgument, "repeat %d times", n)
	case n > 0 && int64(bytes) > maxText/n, n > 1e6:
		return tooLarge("repeat")
	}
	return nil
}

func textOr(args []any, i int, otherwise string) string {
	if i < len(args) {
		return args[i].(string)
	}
	return otherwise
}

// intArg cuts an integer to what fits Go's int of this machine.
func intArg(v any) int { return int(v.(int64)) }

func textsOf(parts []string) any {
	list := make([]any, len(parts))
	for i, p := range parts {
		list[i] = p
	}
	return list
}

func replaceText(a []any) (any, error) {
	text, old, with, n := a[0].(string), a[1].(string), a[2].(string), -1
	if len(a) == 4 {
		n = intArg(a[3])
	}
	if len(with) > len(old) {
		hits := strings.Count(text, old)
		if n >= 0 {
			hits = min(hits, n)
		}
		if hits > 0 && len(with)-len(old) > (maxText-len(text))/hits {
			return nil, tooLarge("replace")
		}
	}
	return strings.Replace(text, old, with, n), nil
}

func joinTexts(a []any) (any, error) {
	separator := textOr(a, 1, "")
	var b strings.Builder
	first := true
	for _, e := range a[0].([]any) {
		if e == nil {
			continue
		}
		if !first {
			b.WriteString(separator)
		}
		first = false
		b.WriteString(e.(string))
		if b.Len() > maxText {
			return nil, tooLarge("join")
		}
	}
	return b.String(), nil
}

// textOfBytes reads bytes as text and rejects what is not UTF-8, since a string column holds nothing else.
func textOfBytes(b []byte) (any, error) {
	if !utf8.Valid(b) {
		return nil, reject(reasonUTF8, "%s", quoteShort(string(b)))
	}
	return string(b), nil
}

func captureDynamic(a []any) (any, error) {
	re, err := compilePattern(a[1].(string))
	if err != nil {
		return nil, err
	}
	return capture(re, a[0].(string), a[2].(int64))
}

// captureWith compiles a pattern that is a literal, and checks a group that is one.
func captureWith(literals []any) (func(args []any) (any, error), error) {
	pattern, ok := literals[1].(string)
	if !ok {
		return nil, nil
	}
	re, err := compilePattern(pattern)
	if err != nil {
		return nil, err
	}
	if group, ok := literals[2].(int64); ok && (group < 0 || group > int64(re.NumSubexp())) {
		return nil, reject(reasonIndex, "the pattern has groups 0 to %d, not %d", re.NumSubexp(), group)
	}
	return func(a []any) (any, error) { return capture(re, a[0].(string), a[2].(int64)) }, nil
}

func capture(re *regexp.Regexp, text string, group int64) (any, error) {
	if group < 0 || group > int64(re.NumSubexp()) {
		return nil, reject(reasonIndex, "the pattern has groups 0 to %d, not %d", re.NumSubexp(), group)
	}
	at := re.FindStringSubmatchIndex(text)
	if at == nil || at[2*group] < 0 {
		return nil, nil
	}
	return text[at[2*group]:at[2*group+1]], nil
}
