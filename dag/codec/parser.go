package codec

import (
	"fmt"
	"regexp"
	"unicode/utf8"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"flowrun/dag/batch"
	"flowrun/dag/schema"
)

// ParserOptions configure NewParser.
type ParserOptions struct {
	As        string         // "json", "csv", "kv" or "regex"
	Config    any            // the options of the format; nil: its defaults
	Pattern   *regexp.Regexp // of regex: its named groups are the columns
	Schema    *arrow.Schema  // the columns to make, with unit metadata
	Allocator memory.Allocator
}

// Parser reads columns out of texts that lie in a column, a text a row. It is used by one goroutine.
type Parser struct {
	rows *batch.Builder
	read func(text []byte, row int) bool
	why  *fault
	cols []*reader
}

// fault is why a text was not read.
type fault struct{ reason, detail string }

// Parsers are what [NewParser] reads texts as, in the order in which messages list them.
func Parsers() []string { return []string{jsonFormat, csvFormat, regexParser, kvFormat} }

const regexParser = "regex"

// NewParser makes a parser; the options must be right. The caller must Close it.
func NewParser(o ParserOptions) *Parser {
	p := &Parser{rows: batch.NewBuilder(schema.Plain(o.Schema), o.Allocator), why: &fault{}}
	c := newCells(o.Schema, p.rows)
	p.cols = c.readers
	switch o.As {
	case jsonFormat:
		p.read = p.jsonReader(o.Schema)
	case csvFormat:
		r := &csvReader{cells: c, delimiter: csvOf(o.Config).byte(), count: "the schema"}
		p.read = func(text []byte, _ int) bool {
			return p.noted(r.record(text, r.readers), &r.cells)
		}
	case kvFormat:
		r := newKVReader(c, o.Config)
		p.read = func(text []byte, row int) bool { return p.noted(r.record(text, row), &r.cells) }
	case regexParser:
		p.read = p.regexReader(&c, o.Pattern)
	default:
		panic("codec: no parser " + o.As)
	}
	return p
}

func (p *Parser) noted(ok bool, c *cells) bool {
	if !ok {
		p.why.reason, p.why.detail = c.reason, c.detail
	}
	return ok
}

func (p *Parser) jsonReader(s *arrow.Schema) func([]byte, int) bool {
	d := &jsonDecoder{top: newRecord(s, p.rows)}
	return func(text []byte, row int) bool {
		b := d.alone(text)
		switch end := d.row(b, 0); {
		case end >= 0 && p.rows.Rows() > row:
			return true
		case end >= 0:
			d.syntax(b, end, "an object")
		}
		p.why.reason, p.why.detail = d.reason, fmt.Sprintf("%s at byte %d", d.detail, d.at)
		return false
	}
}

// regexReader takes the columns from the groups of their names. A group that took no part in the match is null.
func (p *Parser) regexReader(c *cells, pattern *regexp.Regexp) func([]byte, int) bool {
	groups := make([]int, len(c.readers))
	for i, r := range c.readers {
		groups[i] = pattern.SubexpIndex(r.name)
	}
	return func(text []byte, _ int) bool {
		if !utf8.Valid(text) {
			return p.noted(c.fail(InvalidUTF8, "at byte %d", firstInvalid(text)), c)
		}
		at := pattern.FindSubmatchIndex(text)
		if at == nil {
			return p.noted(c.fail(NoMatch, "%s does not match the pattern", quoteText(text)), c)
		}
		for i, r := range c.readers {
			from, to := at[2*groups[i]], at[2*groups[i]+1]
			var ok bool
			if from < 0 || from == to && r.kind != stringKind {
				ok = c.null(r)
			} else {
				ok = c.value(r, text[from:to])
			}
			if !ok {
				return p.noted(false, c)
			}
		}
		return true
	}
}

// Parse appends the columns of a text as a row. If it has not what the columns need, a row of nulls is appended, and the
// reason and what was wrong with this one are returned.
func (p *Parser) Parse(text []byte) (reason, detail string, ok bool) {
	row := p.rows.Rows()
	if p.read(text, row) {
		return "", "", true
	}
	p.rows.Truncate(row)
	p.Skip()
	return p.why.reason, p.why.detail, false
}

// Null appends a row of nulls for a text that is null; ok is false where a column is never null.
func (p *Parser) Null() (reason, detail string, ok bool) {
	p.Skip()
	for _, c := range p.cols {
		if !c.nullable {
			return UnwantedNull, c.name + " is never null, and there is no text", false
		}
	}
	return "", "", true
}

// Skip appends a row of nulls for one that nobody reads.
func (p *Parser) Skip() {
	for _, c := range p.cols {
		c.column.AppendNull()
	}
}

// Record returns the rows appended since the last one; the caller must release it.
func (p *Parser) Record() arrow.RecordBatch { return p.rows.Record() }

// Close releases what was appended and not taken.
func (p *Parser) Close() { p.rows.Release() }
