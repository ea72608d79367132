package expr

import "github.com/apache/arrow-go/v18/arrow"

// About how many nanoseconds a part of a program takes for a row, measured over short texts.
const (
	costNumber  = 3   // an operator over numbers, bools or times
	costText    = 6   // one that compares texts
	costFind    = 20  // one that looks for a text in another
	costCall    = 50  // a function
	costPattern = 200 // a regular expression
	costRow     = 300 // what the machine runs
)

// Cost is about how many nanoseconds the program takes for a row. It tells cheap from costly and no more.
func (p *Program) Cost() int { return p.root.cost() }

func (t *Typed) cost() int {
	if t.Form == FormColumn || t.Form == FormLiteral {
		return 0
	}
	if build, _ := plan(t); build == nil {
		return costRow
	}
	sum := t.own()
	for _, a := range t.parts() {
		sum += a.cost()
	}
	return sum
}

// own is the cost of the operation itself.
func (t *Typed) own() int {
	switch {
	case t.Form == FormCall:
		return costCall
	case t.Form != FormBinary:
		return costNumber
	case t.Name == "matches":
		return costPattern
	case t.Name == "contains" || t.Name == "endsWith" || t.Name == "startsWith" || t.Name == "in":
		return costFind
	}
	switch t.Args[0].Type.ID() {
	case arrow.STRING, arrow.BINARY:
		return costText
	}
	return costNumber
}
