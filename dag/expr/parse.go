package expr

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/file"
	"github.com/expr-lang/expr/parser"
	"github.com/expr-lang/expr/parser/lexer"

	"flowrun/dag/diag"
)

// Limits of one expression. expr's parser and compiler call themselves for every level, and this keeps their stack small.
const (
	maxRunes   = 1 << 16
	maxNesting = 150 // brackets, and prefix operators behind one another
	maxChained = 500 // tokens that nest to the right: let, ?:, else, **
)

// parse reads a text without an environment, so that a name before "(" is a function and any other name a column. inTake
// says that aggregate calls are welcome. The node is nil when something is wrong with the syntax.
func parse(text diag.Text, inTake bool) (*source, ast.Node, diag.List) {
	runes := []rune(text.Value)
	s := &source{text: text, runes: runes}
	if len(runes) > maxRunes {
		return s, nil, s.problem(codeLimit, span{0, 1}, fmt.Sprintf("the expression has %d characters, more than %d", len(runes), maxRunes), "")
	}
	if !utf8.ValidString(text.Value) {
		return s, nil, s.problem(codeSyntax, span{0, len(runes)}, "the expression is not valid UTF-8", "")
	}
	tokens, err := lexer.Lex(file.NewSource(text.Value))
	if err != nil {
		return s, nil, s.lexicalProblem(err)
	}
	tokens = tokens[:len(tokens)-1] // the end
	s = newSource(text, runes, tokens)
	if len(tokens) == 0 {
		return s, nil, s.empty()
	}
	if sp, what := s.tooDeep(); what != "" {
		return s, nil, s.problem(codeLimit, sp, what, "give parts of it names of their own in a derive")
	}
	renamed, calls := s.rename(inTake)
	s.aggregates = calls
	tree, err := parser.Parse(renamed)
	if err != nil {
		return s, nil, s.syntaxProblem(err)
	}
	return s, tree.Node, s.comments()
}

// problem is a list of one error.
func (s *source) problem(code diag.Code, sp span, message, hint string) diag.List {
	sp.to = max(sp.to, sp.from+1)
	if hint == "" {
		hint = plainHint(message)
	}
	return diag.List{{Code: code, Message: message, Hint: hint, At: s.at(sp)}}
}

// plainHint says what to do where nothing better can be guessed from the text around the mistake.
func plainHint(message string) string {
	switch {
	case strings.HasPrefix(message, "an operand is missing"):
		return "write a column or a value there, or take the operator out"
	case strings.HasSuffix(message, "is not closed"):
		return "close it, or take it out"
	case strings.HasSuffix(message, "closes nothing"):
		return "take it out, or open it further left"
	case strings.Contains(message, "closes a"):
		return "brackets close in the order in which they were opened, each with its own kind"
	case strings.Contains(message, "behind the dot"):
		return "a field of a struct is a.b, an element of a list a[0]"
	case strings.HasPrefix(message, "the number"):
		return "an int goes from -9223372036854775808 to 9223372036854775807; a float is written 1.5 or 1e9"
	case strings.HasPrefix(message, "the expression is empty"):
		return "write one; in YAML an unquoted ` #` begins a comment"
	}
	return "an expression is one value made of columns, such as temp * 9 / 5 + 32"
}

func (s *source) empty() diag.List {
	if strings.Contains(s.text.Value, "//") || strings.Contains(s.text.Value, "/*") {
		return s.problem(codeEmpty, span{0, len(s.runes)}, "the expression is empty: there is only a comment", "")
	}
	return s.problem(codeEmpty, span{0, len(s.runes)}, "the expression is empty", "")
}

// tooDeep finds the place where the text nests deeper than it may.
func (s *source) tooDeep() (span, string) {
	depth, prefixes, chained := 0, 0, 0
	for _, t := range s.tokens {
		sp := span{t.From, t.To}
		switch {
		case t.Kind == lexer.Bracket && strings.Contains("([{", t.Value):
			depth++
		case t.Kind == lexer.Bracket:
			depth--
		}
		if t.Kind == lexer.Operator && (t.Value == "-" || t.Value == "+" || t.Value == "!" || t.Value == "not") {
			prefixes++
		} else {
			prefixes = 0
		}
		switch t.Value {
		case "let", "?", "else", "**", "^", "?:":
			if t.Kind == lexer.Operator {
				chained++
			}
		}
		switch {
		case depth > maxNesting || prefixes > maxNesting:
			return sp, fmt.Sprintf("the expression is nested more than %d levels deep", maxNesting)
		case chained > maxChained:
			return sp, fmt.Sprintf("the expression has more than %d conditionals and variables", maxChained)
		}
	}
	return span{}, ""
}

// comments warns of a // behind the last token on its line: in most other languages it divides integers.
func (s *source) comments() diag.List {
	last := s.tokens[len(s.tokens)-1]
	rest := string(s.runes[last.To:])
	line, _, _ := strings.Cut(rest, "\n")
	before, _, found := strings.Cut(line, "//")
	if !found || strings.TrimSpace(before) != "" {
		return nil
	}
	from := last.To + len([]rune(before))
	return diag.List{{
		Code: codeComment, Severity: diag.Warning,
		Message: "// begins a comment: what follows is not computed",
		Hint:    "did you mean int(a / b)?",
		At:      s.at(span{from, last.To + len([]rune(strings.TrimRightFunc(line, unicode.IsSpace)))}),
	}}
}

// lexicalProblem rewords an error of expr's lexer, which knows neither where a quote was opened nor what was meant.
func (s *source) lexicalProblem(err error) diag.List {
	var e *file.Error
	if !errors.As(err, &e) {
		return s.problem(codeSyntax, span{0, len(s.runes)}, err.Error(), "")
	}
	sp := s.clamp(span{e.From, e.To})
	switch {
	case strings.HasPrefix(e.Message, "literal not terminated"):
		open := s.openQuote()
		return s.problem(codeSyntax, span{open, open + 1}, "the text that begins here has no closing quote", "a text stands between two \" or two '; a \\ before a quote makes it part of the text")
	case strings.HasPrefix(e.Message, "unclosed comment"):
		open := len([]rune(s.text.Value[:max(strings.LastIndex(s.text.Value, "/*"), 0)]))
		return s.problem(codeSyntax, span{open, open + 2}, "the comment that begins with /* has no */", "")
	case strings.HasPrefix(e.Message, "bad number syntax"):
		return s.problem(codeSyntax, sp, "a number runs into a letter here", "a name cannot begin with a digit; a column of such a name is written $env[\"1st\"]")
	case strings.HasPrefix(e.Message, "invalid char escape"), strings.HasPrefix(e.Message, "unable to unescape"), strings.HasPrefix(e.Message, "invalid"):
		return s.problem(codeSyntax, sp, "the text has a \\ that begins no known escape", "write \\\\ for a backslash, or put the text between backticks: `\\d+`")
	case strings.HasPrefix(e.Message, "unrecognized character"):
		r := string(s.runes[sp.from])
		return s.problem(codeSyntax, sp, fmt.Sprintf("unexpected character %q", r), foreignCharacter(r))
	}
	return s.problem(codeSyntax, sp, e.Message, "")
}

func foreignCharacter(r string) string {
	switch r {
	case "“", "”", "„", "‘", "’", "«", "»":
		return "use the plain quotes \" or '"
	case "\\":
		return ""
	case "~":
		return "for a pattern write: text matches \"^a\""
	}
	return ""
}

// openQuote finds the quote that is not closed, reading as the lexer does.
func (s *source) openQuote() int {
	for i := 0; i < len(s.runes); i++ {
		switch q := s.runes[i]; q {
		case '/':
			if i+1 < len(s.runes) && s.runes[i+1] == '/' {
				for i < len(s.runes) && s.runes[i] != '\n' {
					i++
				}
			}
		case '"', '\'', '`':
			j := i + 1
			for j < len(s.runes) && s.runes[j] != q && (q == '`' || s.runes[j] != '\n') {
				if s.runes[j] == '\\' && q != '`' {
					j++
				}
				j++
			}
			if j >= len(s.runes) || s.runes[j] != q {
				return i
			}
			i = j
		}
	}
	return max(len(s.runes)-1, 0)
}

func (s *source) clamp(sp span) span {
	sp.from = max(min(sp.from, len(s.runes)-1), 0)
	sp.to = max(min(sp.to, len(s.runes)), sp.from+1)
	return sp
}
