package expr

import (
	"sort"

	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/parser/lexer"

	"flowrun/dag/diag"
)

// source is a text with its tokens. Syntax nodes of expr carry the place of one token only (a comparison: its operator), so
// the place of a whole node is computed here: from the first to the last token of it and its children, and as far as
// needed for every bracket inside to have its other half inside.
type source struct {
	text   diag.Text
	runes  []rune
	tokens []lexer.Token
	mate   []int // of a bracket: the token that opens or closes it; else -1
	spans  map[ast.Node]span
	// aggregates holds the names of aggregate calls by the rune at which they begin; see rename.
	aggregates map[int]string
}

// span is a stretch of the text, in runes.
type span struct{ from, to int }

func newSource(text diag.Text, runes []rune, tokens []lexer.Token) *source {
	s := &source{text: text, runes: runes, tokens: tokens, mate: make([]int, len(tokens)), spans: map[ast.Node]span{}}
	var open []int
	for i, t := range tokens {
		s.mate[i] = -1
		switch {
		case t.Kind != lexer.Bracket:
		case t.Value == "(" || t.Value == "[" || t.Value == "{":
			open = append(open, i)
		case len(open) > 0:
			s.mate[i] = open[len(open)-1]
			s.mate[open[len(open)-1]] = i
			open = open[:len(open)-1]
		}
	}
	return s
}

// at is the place of a span in the file.
func (s *source) at(sp span) diag.Span { return s.text.Slice(sp.from, sp.to) }

// quote is the text of a span.
func (s *source) quote(sp span) string { return string(s.runes[sp.from:sp.to]) }

// token is the index of the first token that begins at or behind a rune.
func (s *source) token(from int) int {
	return sort.Search(len(s.tokens), func(i int) bool { return s.tokens[i].From >= from })
}

// of is the place of a node.
func (s *source) of(n ast.Node) span {
	if sp, ok := s.spans[n]; ok {
		return sp
	}
	sp := s.measure(n)
	s.spans[n] = sp
	return sp
}

func (s *source) measure(n ast.Node) span {
	kids := children(n)
	parts := make([]span, 0, len(kids)+1)
	if own, ok := s.own(n); ok {
		parts = append(parts, own)
	}
	for _, k := range kids {
		parts = append(parts, s.of(k))
	}
	if len(parts) == 0 {
		return span{0, len(s.runes)}
	}
	sort.Slice(parts, func(i, j int) bool { return parts[i].from < parts[j].from })
	return s.balance(parts)
}

// own is the place of the node's own token, where it has one that belongs to it.
func (s *source) own(n ast.Node) (span, bool) {
	loc := n.Location()
	sp := span{loc.From, loc.To}
	switch n := n.(type) {
	case *ast.ConditionalNode: // the token behind it, or none
		return span{}, false
	case *ast.ChainNode, *ast.PredicateNode, *ast.PairNode, *ast.SequenceNode:
		return span{}, false
	case *ast.VariableDeclaratorNode: // the name; let stands before it
		if i := s.token(sp.from); i > 0 && i < len(s.tokens) {
			sp.from = s.tokens[i-1].From
		}
	case *ast.PointerNode: // "#", with the name behind it; "." belongs to the member
		if n.Name != "" {
			sp.to += len([]rune(n.Name))
		}
	case *ast.CallNode:
		sp = s.call(sp)
	case *ast.BuiltinNode:
		sp = s.call(sp)
	case *ast.ArrayNode, *ast.MapNode, *ast.MemberNode, *ast.SliceNode: // perhaps the opening bracket
		if i := s.token(sp.from); i < len(s.tokens) && s.mate[i] > i {
			sp.to = s.tokens[s.mate[i]].To
		}
	}
	return sp, sp.to > sp.from
}

// call stretches the name of a function over its brackets.
func (s *source) call(name span) span {
	if i := s.token(name.to); i < len(s.tokens) && s.tokens[i].Value == "(" && s.mate[i] >= 0 {
		name.to = s.tokens[s.mate[i]].To
	}
	return name
}

// balance joins the parts, which are balanced but for brackets between them, and stretches the whole until it is balanced.
func (s *source) balance(parts []span) span {
	whole := parts[0]
	for _, p := range parts[1:] {
		whole = s.cover(whole, span{whole.to, p.from})
		whole = span{min(whole.from, p.from), max(whole.to, p.to)}
	}
	return s.cover(whole, parts[0])
}

// cover stretches sp over the mates of the brackets in gap.
func (s *source) cover(sp, gap span) span {
	for i := s.token(gap.from); i < len(s.tokens) && s.tokens[i].From < gap.to; i++ {
		if m := s.mate[i]; m >= 0 {
			sp.from, sp.to = min(sp.from, s.tokens[m].From), max(sp.to, s.tokens[m].To)
		}
	}
	return sp
}

// children lists the nodes below a node, in no special order.
func children(n ast.Node) []ast.Node {
	var out []ast.Node
	add := func(nodes ...ast.Node) {
		for _, k := range nodes {
			if k != nil {
				out = append(out, k)
			}
		}
	}
	switch n := n.(type) {
	case *ast.UnaryNode:
		add(n.Node)
	case *ast.BinaryNode:
		add(n.Left, n.Right)
	case *ast.ChainNode:
		add(n.Node)
	case *ast.MemberNode:
		add(n.Node, n.Property)
	case *ast.SliceNode:
		add(n.Node, n.From, n.To)
	case *ast.CallNode:
		add(n.Callee)
		add(n.Arguments...)
	case *ast.BuiltinNode:
		add(n.Arguments...)
	case *ast.PredicateNode:
		add(n.Node)
	case *ast.VariableDeclaratorNode:
		add(n.Value, n.Expr)
	case *ast.SequenceNode:
		add(n.Nodes...)
	case *ast.ConditionalNode:
		add(n.Cond, n.Exp1, n.Exp2)
	case *ast.ArrayNode:
		add(n.Nodes...)
	case *ast.MapNode:
		add(n.Pairs...)
	case *ast.PairNode:
		add(n.Key, n.Value)
	}
	return out
}
