package pipetest

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"flowrun/dag/batch"
	"flowrun/dag/diag"
	"flowrun/dag/expr"
	"flowrun/dag/schema"
)

// ExpressionFile is what stands for a file in the places of a lone expression's mistakes.
const ExpressionFile = "expression"

// Evaluation is what an expression makes of rows.
type Evaluation struct {
	Type     string    `json:"type"` // in flowrun's words
	Nullable bool      `json:"nullable"`
	Columnar bool      `json:"columnar"` // all of it runs by column
	Notes    []string  `json:"notes"`    // what runs row by row, and why
	Rows     []Outcome `json:"rows"`
}

// Outcome is what became of one row: a value, or the reason for which it is rejected.
type Outcome struct {
	Value    json.RawMessage `json:"value,omitempty"`
	Text     string          `json:"-"` // the value as it can stand in a test
	Rejected string          `json:"rejected,omitempty"`
}

// Evaluate computes an expression over rows of JSON: one object behind another, or an array of them. path names them in
// errors. With no input at all there is one row without columns. What is wrong with the expression is in the list, at
// places in [ExpressionFile]; the error is about the rows.
func Evaluate(text, path string, rows []byte, given bool) (*Evaluation, diag.List, error) {
	in, err := inputOf(path, rows, given)
	if err != nil {
		return nil, nil, err
	}
	defer in.Release()
	p, list := expr.Compile(placed(text), &expr.Env{Schema: in.Schema(), Of: "the input"})
	if p == nil || list.HasErrors() {
		return nil, list, nil
	}
	e := &Evaluation{Type: schema.Name(p.Type()), Nullable: p.Nullable(), Notes: []string{}, Rows: make([]Outcome, in.Rows())}
	all, notes := p.Columnar()
	if e.Columnar = all; notes != nil {
		e.Notes = notes
	}
	ev := p.Evaluator(memory.DefaultAllocator)
	defer ev.Close()
	values, failed, err := ev.Eval(in)
	if err != nil {
		return nil, list, err
	}
	defer values.Release()
	for _, f := range failed {
		e.Rows[f.Row].Rejected = f.Reason
		if f.Detail != "" {
			e.Rows[f.Row].Rejected += ": " + f.Detail
		}
	}
	for i := range e.Rows {
		if e.Rows[i].Rejected != "" {
			continue
		}
		v := valueOf(values, i)
		e.Rows[i].Text = textOf(v)
		if e.Rows[i].Value, err = marshal(v); err != nil {
			return nil, list, err
		}
	}
	return e, list, nil
}

// inputOf makes a batch of the rows.
func inputOf(path string, rows []byte, given bool) (*batch.Batch, error) {
	arrived := time.Now()
	if !given {
		b := batch.New(array.NewRecordBatch(arrow.NewSchema(nil, nil), nil, 1))
		b.Arrived = arrived
		return b, nil
	}
	items, err := parseJSON(path, rows)
	if err != nil {
		return nil, fmt.Errorf("%s%w", path, err)
	}
	s, err := infer(items)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if s.NumFields() == 0 {
		b := batch.New(array.NewRecordBatch(s, nil, int64(len(items))))
		b.Arrived = arrived
		return b, nil
	}
	var list diag.List
	b := batch.NewBuilder(s, memory.DefaultAllocator)
	defer b.Release()
	for _, item := range items {
		readRow(b, item, "the input", true, &list)
	}
	if err := list.Err(); err != nil {
		return nil, err
	}
	in := b.Batch()
	in.Arrived = arrived
	return in, nil
}

// placed is an expression that stands in no file, with the places of its lines.
func placed(text string) diag.Text {
	first, _, _ := strings.Cut(text, "\n")
	t := diag.Text{Value: text, At: diag.Span{File: ExpressionFile, Line: 1, Column: 1, Length: len([]rune(first))}}
	if first == text {
		return t
	}
	runes := []rune(text)
	t.Map = func(from, to int) diag.Span {
		s := diag.Span{File: ExpressionFile, Line: 1, Column: 1, Length: 1}
		for i, r := range runes {
			switch {
			case i >= from && (i >= to || r == '\n'):
				s.Length = max(i-from, 1)
				return s
			case i >= from:
			case r == '\n':
				s.Line, s.Column = s.Line+1, 1
			default:
				s.Column++
			}
		}
		s.Length = max(len(runes)-from, 1)
		return s
	}
	return t
}

// textOf writes a value for a reader: text in quotes, so that it is told apart from all else.
func textOf(v any) string {
	if s, ok := v.(string); ok {
		out, _ := marshal(s)
		return string(out)
	}
	return text(v)
}
