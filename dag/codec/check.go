package codec

import (
	"errors"
	"fmt"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"

	"flowrun/dag/codec/columnar"
	"flowrun/dag/diag"
	"flowrun/dag/schema"
)

const (
	textFormat = "text"
	jsonFormat = "json"
	csvFormat  = "csv"
	kvFormat   = "kv"
)

// TextSchema is the schema of a text source.
var TextSchema = arrow.NewSchema([]arrow.Field{{Name: "value", Type: schema.String, Nullable: true}}, nil)

// Formats are the names of the formats of streams, in the order in which messages list them.
func Formats() []string { return []string{textFormat, jsonFormat, csvFormat, kvFormat} }

// FileFormats are the names of all formats: those of streams, and those of whole files, which package columnar reads.
func FileFormats() []string { return append(Formats(), columnar.Formats()...) }

// Problem says why a format and a schema do not fit.
type Problem struct {
	Message string
	Hint    string // may be empty
	// Format is set when the format itself is at fault: nothing was said of the schema.
	Format bool
}

func (p *Problem) Error() string {
	if p.Hint == "" {
		return p.Message
	}
	return p.Message + "; " + p.Hint
}

// Check reports whether rows of the schema can be read (or, with write, written) in a format. A nil schema is one that was
// not declared; a text source needs none, since it always has [TextSchema]. The error is a *[Problem].
func Check(format string, s *arrow.Schema, write bool) error {
	switch format {
	case textFormat:
		return checkText(s, write)
	case jsonFormat:
		return checkJSON(s, write)
	case csvFormat, kvFormat:
		return checkFields(format, s, write)
	}
	if columnar.Knows(format) {
		if write {
			if p := columnar.CheckWrite(format, s); p != nil {
				return &Problem{Message: p.Message, Hint: p.Hint}
			}
		}
		return nil
	}
	p := &Problem{Message: fmt.Sprintf("unknown format %q", format), Format: true}
	if near := diag.Suggest(format, FileFormats()); near != "" {
		p.Hint = fmt.Sprintf("did you mean %q?", near)
	} else {
		p.Hint = "formats: " + strings.Join(FileFormats(), ", ")
	}
	return p
}

func checkText(s *arrow.Schema, write bool) error {
	switch {
	case s == nil && !write:
		return nil
	case s != nil && s.NumFields() == 1 && s.Field(0).Type.ID() == arrow.STRING:
		return nil
	case !write:
		return &Problem{
			Message: "format text reads one column, value: string",
			Hint:    "leave out schema, or say format: json",
		}
	}
	found := "none"
	if s != nil && s.NumFields() > 0 {
		columns := make([]string, s.NumFields())
		for i, f := range s.Fields() {
			columns[i] = f.Name + ": " + schema.Name(f.Type)
		}
		found = strings.Join(columns, ", ")
	}
	return &Problem{
		Message: "format text writes exactly one string column; here: " + found,
		Hint:    "select one, or say format: json",
	}
}

func checkJSON(s *arrow.Schema, write bool) error {
	if s == nil || (s.NumFields() == 0 && !write) {
		return &Problem{
			Message: "format json needs a schema",
			Hint:    "add schema: {column: type}, or say format: text to have each line as it is",
		}
	}
	var problems []error
	for _, f := range s.Fields() {
		if bad := noJSON(f.Type, write); bad != nil {
			problems = append(problems, fmt.Errorf("%s: type %s", f.Name, schema.Name(bad)))
		}
	}
	if err := errors.Join(problems...); err != nil {
		verb := "read"
		if write {
			verb = "write"
		}
		return &Problem{Message: "format json cannot " + verb + " " + strings.ReplaceAll(err.Error(), "\n", ", ")}
	}
	return nil
}

// noJSON returns t or the type inside of it that has no form in JSON, or nil.
func noJSON(t arrow.DataType, write bool) arrow.DataType {
	switch t := t.(type) {
	case *arrow.ListType:
		return noJSON(t.Elem(), write)
	case *arrow.MapType:
		if t.KeyType().ID() != arrow.STRING {
			return t
		}
		return noJSON(t.ItemType(), write)
	case *arrow.StructType:
		for _, f := range t.Fields() {
			if bad := noJSON(f.Type, write); bad != nil {
				return bad
			}
		}
		return nil
	case *arrow.NullType:
		if write {
			return nil
		}
		return t
	}
	if kindOf(t) == noKind {
		return t
	}
	return nil
}
