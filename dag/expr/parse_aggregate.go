package expr

import (
	"slices"
	"strings"

	"github.com/expr-lang/expr/parser/lexer"
)

// rename gives aggregate calls names that expr's parser does not know, since it reads some of them as list functions
// and refuses `count()`, `any(x)` and `all(x)`. A new name is as long as the old one, so that positions hold. calls says at
// which runes such names begin, and what they are.
//
// In `take` the outermost call of an aggregate's name is one; inside its brackets the names are expr's own. There and
// outside of `take` only calls that expr could not parse are renamed, so that the checker can say where they belong.
func (s *source) rename(inTake bool) (text string, calls map[int]string) {
	calls = map[int]string{}
	runes := slices.Clone(s.runes)
	inside := 0 // the token that closes the aggregate call around
	for i, t := range s.tokens {
		if t.Kind != lexer.Identifier || i+1 >= len(s.tokens) || s.tokens[i+1].Value != "(" || s.mate[i+1] < 0 {
			continue
		}
		if i > 0 && (s.tokens[i-1].Value == "." || s.tokens[i-1].Value == "?." || s.tokens[i-1].Value == "::") {
			continue
		}
		args := s.arguments(i)
		outermost := inTake && i >= inside && isAggregateCall(t.Value, args)
		if outermost {
			inside = s.mate[i+1]
		}
		if outermost || breaksParser(t.Value, args) {
			calls[t.From] = t.Value
			copy(runes[t.From:t.To], []rune(mask(t.Value)))
		}
	}
	return string(runes), calls
}

// arguments counts the arguments of the call whose name is token i, with what a pipe hands over.
func (s *source) arguments(i int) int {
	n := 0
	end := s.mate[i+1]
	for j := i + 2; j < end; j++ {
		n = max(n, 1)
		if s.mate[j] > j {
			j = s.mate[j]
		} else if s.tokens[j].Value == "," && j+1 < end {
			n++
		}
	}
	if i > 0 && s.tokens[i-1].Value == "|" && s.tokens[i-1].Kind == lexer.Operator {
		n++
	}
	return n
}

// breaksParser reports whether expr's parser refuses a call with a message about something else.
func breaksParser(name string, args int) bool {
	switch name {
	case "count":
		return args == 0
	case "any", "all":
		return args == 1
	}
	return false
}

// mask replaces the letters of a name by their full-width forms: as many, and letters to expr, but nobody types them.
func mask(name string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' {
			return r - 'a' + 'ａ'
		}
		return r
	}, name)
}

// unmask undoes mask.
func unmask(name string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'ａ' && r <= 'ｚ' {
			return r - 'ａ' + 'a'
		}
		return r
	}, name)
}
