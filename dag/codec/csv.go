package codec

import (
	"fmt"

	"github.com/apache/arrow-go/v18/arrow"

	"flowrun/dag/codec/columnar"
	"flowrun/dag/schema"
)

// CSV is the options of format csv.
type CSV struct {
	Header    bool   `yaml:"header" doc:"the first record of a stream names its columns; without it they come in the order of the schema" default:"true"`
	Delimiter string `yaml:"delimiter" doc:"what stands between two fields: one ASCII character, or tab" default:","`
}

// DefaultCSV is what format csv means where nothing is said.
var DefaultCSV = CSV{Header: true, Delimiter: ","}

// TSV is CSV with a tab between the fields.
var TSV = CSV{Header: true, Delimiter: "\t"}

func csvOf(config any) CSV {
	if c, ok := config.(CSV); ok {
		return c
	}
	return DefaultCSV
}

// byte is the delimiter of options that have no problem.
func (c CSV) byte() byte {
	if b, ok := delimiter(c.Delimiter); ok {
		return b
	}
	panic(fmt.Sprintf("codec: %q is no delimiter", c.Delimiter))
}

func (c CSV) problem() *Problem {
	b, ok := delimiter(c.Delimiter)
	switch {
	case !ok:
		return &Problem{Message: fmt.Sprintf("delimiter is %q, and has to be one ASCII character", c.Delimiter), Hint: `delimiter: ";", or tab`, Format: true}
	case !separates(b) || b == ' ':
		return &Problem{Message: fmt.Sprintf("delimiter is %q, which fields themselves hold", c.Delimiter), Hint: `delimiter: ";", or tab`, Format: true}
	}
	return nil
}

// delimiter reads one ASCII character or a name of the tab, which is hard to write in YAML.
func delimiter(s string) (byte, bool) {
	switch {
	case s == "tab" || s == `\t`:
		return '\t', true
	case len(s) == 1 && s[0] < 0x80:
		return s[0], true
	}
	return 0, false
}

// separates reports whether a character can stand between values: it is no part of a number, a word or a quote.
func separates(b byte) bool {
	switch {
	case b >= '0' && b <= '9', b|0x20 >= 'a' && b|0x20 <= 'z', b >= 0x80:
		return false
	case b == '"', b == '\\', b == '\n', b == '\r', b == '-', b == '+', b == '.', b == '_', b == 0:
		return false
	}
	return true
}

// checkFields is the check of a format of named columns whose values are texts, nested ones as JSON.
func checkFields(format string, s *arrow.Schema, write bool) error {
	if s == nil || s.NumFields() == 0 {
		if write {
			return &Problem{Message: "format " + format + " needs a column to write"}
		}
		return &Problem{
			Message: "format " + format + " needs a schema",
			Hint:    "add schema: {column: type}, or say format: text to have each line as it is",
		}
	}
	seen := make(map[string]bool, s.NumFields())
	for _, f := range s.Fields() {
		if bad := noJSON(f.Type, write); bad != nil {
			verb := "read"
			if write {
				verb = "write"
			}
			return &Problem{Message: fmt.Sprintf("format %s cannot %s %s: type %s", format, verb, f.Name, schema.Name(bad))}
		}
		seen[f.Name] = true
	}
	if len(seen) != s.NumFields() {
		return &Problem{Message: "format " + format + " tells columns apart by name, and two have the same"}
	}
	return nil
}

// NewConfig returns a pointer to the options of a format, for a decoder of settings to fill in; nil: it has none. What it
// points to, and not the pointer, is the Config of [DecoderOptions] and [EncoderOptions].
func NewConfig(format string) any {
	switch format {
	case csvFormat:
		return new(CSV)
	case kvFormat:
		return new(KV)
	}
	if columnar.Knows(format) {
		return columnar.NewConfig(format)
	}
	return nil
}

// CheckConfig says what is wrong with the options of a format, or nil. The error is a *[Problem].
func CheckConfig(config any) error {
	if c, ok := config.(interface{ problem() *Problem }); ok {
		if p := c.problem(); p != nil {
			return p
		}
	}
	return nil
}
