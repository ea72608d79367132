package expr

import (
	"strconv"
	"strings"

	"github.com/expr-lang/expr/file"
	"github.com/expr-lang/expr/parser/lexer"
)

// Canonical is the expression as it would be written by everyone: without comments, one space between two words, and texts in
// double quotes. Programs that differ in no more than that have one canonical form.
func (p *Program) Canonical() string {
	tokens, err := lexer.Lex(file.NewSource(p.text.Value))
	if err != nil {
		return p.text.Value
	}
	var b strings.Builder
	for i, t := range tokens {
		if t.Kind == lexer.EOF {
			break
		}
		if i > 0 && !tight(tokens[i-1].Value, t.Value) {
			b.WriteByte(' ')
		}
		switch t.Kind {
		case lexer.String:
			b.WriteString(strconv.Quote(t.Value))
		case lexer.Bytes:
			b.WriteString("b" + strconv.Quote(t.Value))
		default:
			b.WriteString(t.Value)
		}
	}
	return b.String()
}

// tight reports whether two words are written without a space.
func tight(before, behind string) bool {
	return strings.Contains("([.", before) || strings.Contains(")],.([", behind)
}
