package nodes

import (
	"regexp"
	"strconv"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"

	"flowrun/dag/schema"
)

// SchemaText writes a schema without units on one line, as the value of `schema` that [ReadSchema] reads.
func SchemaText(s *arrow.Schema) string { return fieldsText(s.Fields()) }

func fieldsText(fields []arrow.Field) string {
	parts := make([]string, len(fields))
	for i, f := range fields {
		text, never := typeText(f.Type), ""
		if !f.Nullable {
			never = "!"
		}
		if strings.HasPrefix(text, "{") || strings.HasPrefix(text, "[") {
			parts[i] = keyText(f.Name+never) + ": " + text
		} else {
			parts[i] = keyText(f.Name) + ": " + text + never
		}
	}
	return "{" + strings.Join(parts, ", ") + "}"
}

func typeText(t arrow.DataType) string {
	switch t := t.(type) {
	case *arrow.StructType:
		return fieldsText(t.Fields())
	case *arrow.ListType:
		if s, ok := t.Elem().(*arrow.StructType); ok {
			return "[" + fieldsText(s.Fields()) + "]"
		}
	}
	return schema.Name(t)
}

// plainKey matches a name that needs no quotes in YAML, unless it is a word with a meaning.
var plainKey = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_-]*$`)

func keyText(name string) string {
	switch strings.ToLower(name) {
	case "null", "true", "false":
	default:
		if plainKey.MatchString(name) {
			return name
		}
	}
	return strconv.QuoteToGraphic(name)
}
