package expr

import (
	"errors"
	"fmt"
	"strings"

	"github.com/expr-lang/expr/file"
	"github.com/expr-lang/expr/parser/lexer"

	"flowrun/dag/diag"
)

// syntaxProblem rewords an error of expr's parser: it names the token where reading stopped, and says what was probably
// meant.
func (s *source) syntaxProblem(err error) diag.List {
	var e *file.Error
	if !errors.As(err, &e) {
		return s.problem(codeSyntax, span{0, len(s.runes)}, err.Error(), "")
	}
	i := s.token(e.From)
	if i == len(s.tokens) || strings.HasSuffix(e.Message, "unexpected token EOF") || e.Message == "unexpected end of expression" {
		if list := s.problemAtEnd(e.Message); list != nil {
			return list
		}
	}
	i = min(i, len(s.tokens)-1)
	t := s.tokens[i]
	sp := span{t.From, t.To}
	switch {
	case strings.HasPrefix(e.Message, "unexpected token"):
		message, hint := s.unexpected(i)
		return s.problem(codeSyntax, sp, message, hint)
	case strings.HasPrefix(e.Message, "Operator ("):
		return s.problem(codeSyntax, sp, fmt.Sprintf("?? cannot stand beside %s without parentheses", t.Value), "write (a ?? b) "+t.Value+" c")
	case strings.HasPrefix(e.Message, "expected at least"):
		return s.problem(codeArguments, sp, "the predicate is missing", "as in filter(list, # > 1)")
	case strings.HasPrefix(e.Message, "wrap predicate"):
		return s.problem(codeSyntax, sp, "a predicate of several parts stands between { and }", "")
	case strings.HasPrefix(e.Message, "expected name"):
		return s.problem(codeSyntax, sp, fmt.Sprintf("expected a name behind the dot, found %s", describe(t)), "")
	case strings.HasPrefix(e.Message, "a map key"):
		return s.problem(codeSyntax, sp, fmt.Sprintf("expected a key of the map, found %s", describe(t)), `as in {name: 1, "other name": 2}`)
	case strings.Contains(e.Message, "maximum allowed nodes"):
		return s.problem(codeLimit, sp, "the expression has too many parts", "split it over several columns of a derive")
	case strings.Contains(e.Message, "integer literal"), strings.Contains(e.Message, "hex literal"),
		strings.Contains(e.Message, "binary literal"), strings.Contains(e.Message, "octal literal"):
		return s.numberProblem(i, "the number does not fit into 64 bits, or is none")
	case strings.Contains(e.Message, "float literal"):
		return s.numberProblem(i, "the number does not fit into a float, or is none")
	}
	return s.problem(codeSyntax, sp, e.Message, "")
}

// numberProblem points at the number, which stands before the token at which the parser noticed.
func (s *source) numberProblem(i int, message string) diag.List {
	for i > 0 && s.tokens[i].Kind != lexer.Number {
		i--
	}
	return s.problem(codeSyntax, span{s.tokens[i].From, s.tokens[i].To}, message, "")
}

// problemAtEnd is for a text that ends too early: the caret stands at the bracket that was left open, or behind the text.
func (s *source) problemAtEnd(message string) diag.List {
	last := s.tokens[len(s.tokens)-1]
	if strings.Contains(message, "float literal") {
		return s.numberProblem(len(s.tokens)-1, "the number does not fit into a float, or is none")
	}
	if strings.Contains(message, "literal") {
		return s.numberProblem(len(s.tokens)-1, "the number does not fit into 64 bits, or is none")
	}
	if strings.Contains(message, "expected name") || last.Value == "." || last.Value == "?." {
		return s.problem(codeSyntax, span{last.From, last.To}, "expected a name behind the dot", "")
	}
	if !strings.HasPrefix(message, "unexpected token") {
		return nil
	}
	for i := len(s.tokens) - 1; i >= 0; i-- {
		if t := s.tokens[i]; t.Kind == lexer.Bracket && strings.Contains("([{", t.Value) && s.mate[i] < 0 {
			return s.problem(codeSyntax, span{t.From, t.To}, fmt.Sprintf("this %s is not closed", t.Value), "")
		}
	}
	end, hint := span{last.From, last.To}, ""
	for _, t := range s.tokens {
		switch {
		case t.Kind != lexer.Operator:
		case t.Value == "if" || t.Value == "?":
			hint = "a conditional is: c ? a : b, or if c { a } else { b }"
		case t.Value == "let":
			hint = "behind a let come ; and an expression: let x = 1; x + 1"
		}
	}
	if last.Kind == lexer.Operator {
		return s.problem(codeSyntax, end, fmt.Sprintf("an operand is missing behind %s", last.Value), hint)
	}
	if len(s.tokens) > 1 && s.tokens[len(s.tokens)-2].Value == "|" {
		return s.problem(codeSyntax, end, fmt.Sprintf("| hands its left side to a function, and %s is not called", describe(last)), "for `or` write ||, for a call add brackets: | lower()")
	}
	return s.problem(codeSyntax, end, "the expression ends too early", hint)
}

// unexpected explains a token that cannot stand where it does, from what stands around it.
func (s *source) unexpected(i int) (message, hint string) {
	t := s.tokens[i]
	message = "unexpected " + describe(t)
	before := lexer.Token{}
	if i > 0 {
		before = s.tokens[i-1]
	}
	word := strings.ToLower(t.Value)
	after := lexer.Token{}
	if i+1 < len(s.tokens) {
		after = s.tokens[i+1]
	}
	switch {
	case before.Value == "let":
		return fmt.Sprintf("expected a name behind let, found %s", describe(t)), "as in let x = 1; x + 1"
	case t.Value == "=" && after.From == t.To && after.Value == ">" && s.opens(i) == "(":
		return message, "an element is # and needs no name: map(list, # + 1)"
	case t.Value == "=" && after.From == t.To && (after.Value == "<" || after.Value == ">"):
		return message, "did you mean " + after.Value + "=?"
	case t.Value == "=":
		return message, "did you mean ==?"
	case s.opens(i) == "{" && before.Value != "{" && s.inMap(i):
		return fmt.Sprintf("expected : between a key and its value, found %s", describe(t)), "as in {name: 1}"
	case t.Value == "&":
		return message, "did you mean &&?"
	case before.Value == "|" && t.Kind != lexer.Identifier:
		return message, "did you mean ||? One | hands its left side to a function: name | lower()"
	case i > 1 && s.tokens[i-2].Value == "|" && before.Kind == lexer.Identifier:
		return fmt.Sprintf("| hands its left side to a function, and %s is not called", describe(before)), "for `or` write ||, for a call add brackets: | lower()"
	case before.Value == "<" && t.Value == ">":
		return message, "did you mean !=?"
	case t.Value == "#" && s.methodCall(i) != "":
		return message, s.methodCall(i)
	case t.Value == "#":
		return message, "# is the element inside a predicate, as in filter(list, # > 1)"
	case t.Kind == lexer.Bracket && strings.Contains(")]}", t.Value) && s.mate[i] < 0:
		return fmt.Sprintf("this %s closes nothing", t.Value), ""
	case t.Kind == lexer.Bracket && strings.Contains(")]}", t.Value) && before.Kind == lexer.Operator:
		return fmt.Sprintf("an operand is missing between %s and %s", before.Value, t.Value), ""
	case t.Kind == lexer.Bracket && strings.Contains(")]}", t.Value):
		if o := s.tokens[s.mate[i]]; !closes(o.Value, t.Value) {
			return fmt.Sprintf("%s closes a %s", t.Value, o.Value), ""
		}
		return message, ""
	case t.Kind == lexer.Identifier && (word == "and" || word == "or" || word == "not" || word == "in"):
		return message, "did you mean " + word + "?"
	case t.Kind == lexer.Identifier && word == "as" && s.opens(i) == "(":
		return message, "a cast is: int(x), float(x), string(x), bool(x)"
	case t.Kind == lexer.Identifier && word == "as":
		return message, "a column's name stands before its expression: {name: EXPR}"
	case strings.EqualFold(before.Value, "interval") && t.Kind != lexer.Operator:
		return message, `a length of time is: duration("1h30m")`
	case t.Value == "," && s.calls(i, "if"):
		return message, "a conditional is: c ? a : b, or if c { a } else { b }"
	case t.Kind == lexer.Identifier && word == "is":
		return message, "a test for null is: x == nil, x != nil"
	case t.Kind == lexer.Identifier && (word == "like" || word == "regexp" || word == "rlike"):
		return message, "did you mean matches, contains, startsWith or endsWith?"
	case t.Kind == lexer.Identifier && word == "between":
		return message, "did you mean: x >= a and x <= b?"
	case t.Kind == lexer.Identifier && (word == "mod" || word == "div"):
		return message, "did you mean % or int(a / b)?"
	case t.Kind == lexer.Identifier && (word == "then" || word == "when" || word == "end"):
		return message, "a conditional is: c ? a : b, or if c { a } else { b }"
	case t.Kind == lexer.Operator && before.Kind == lexer.Operator:
		return fmt.Sprintf("an operand is missing between %s and %s", before.Value, t.Value), ""
	case t.Kind == lexer.Operator && i == 0:
		return fmt.Sprintf("an operand is missing before %s", t.Value), ""
	case operand(t) && operand(before):
		return message, "an operator is missing before it"
	}
	return message, ""
}

// opener is the token of the bracket around a token, -1 if there is none.
func (s *source) opener(i int) int {
	for j := i - 1; j >= 0; j-- {
		if m := s.mate[j]; m >= 0 && m < j {
			j = m
		} else if t := s.tokens[j]; t.Kind == lexer.Bracket && strings.Contains("([{", t.Value) {
			return j
		}
	}
	return -1
}

// opens is the bracket around a token.
func (s *source) opens(i int) string {
	if o := s.opener(i); o >= 0 {
		return s.tokens[o].Value
	}
	return ""
}

// calls reports whether a token stands among the arguments of a name.
func (s *source) calls(i int, name string) bool {
	o := s.opener(i)
	return o > 0 && s.tokens[o].Value == "(" && s.tokens[o-1].Value == name
}

// inMap reports whether a token stands where a map wants the colon behind a key.
func (s *source) inMap(i int) bool {
	o := s.opener(i)
	key := s.tokens[i-1]
	if key.Kind != lexer.Identifier && key.Kind != lexer.String && key.Kind != lexer.Number {
		return false
	}
	// A { behind an operand or a bracket is the body of an if or of a predicate.
	if o > 0 && (operand(s.tokens[o-1]) || s.tokens[o-1].Value == ")" || s.tokens[o-1].Value == "else") {
		return false
	}
	return i-2 == o || s.tokens[i-2].Value == ","
}

// methodCall says how a function is called that was called as a method, with the token among its arguments.
func (s *source) methodCall(i int) string {
	o := s.opener(i)
	if o < 2 || s.tokens[o-2].Value != "." && s.tokens[o-2].Value != "?." {
		return ""
	}
	if f := functions[s.tokens[o-1].Value]; f != nil {
		return fmt.Sprintf("%s is a function: %s", f.name, f.signature)
	}
	return ""
}

func closes(open, close string) bool {
	return open == "(" && close == ")" || open == "[" && close == "]" || open == "{" && close == "}"
}

func operand(t lexer.Token) bool {
	return t.Kind == lexer.Identifier || t.Kind == lexer.Number || t.Kind == lexer.String || t.Kind == lexer.Bytes
}

// describe names a token as the user wrote it.
func describe(t lexer.Token) string {
	switch t.Kind {
	case lexer.String:
		return "text " + quoteShort(t.Value)
	case lexer.Bytes:
		return "bytes"
	case lexer.EOF, "":
		return "the end"
	}
	return unmask(t.Value)
}
