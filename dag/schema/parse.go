package schema

import (
	"slices"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"

	"flowrun/dag/diag"
)

// maxDepth bounds how deep list<list<...>> may go.
const maxDepth = 16

// ParseError says what is wrong with the text of a type.
type ParseError struct {
	Message string
	Hint    string // may be empty
}

func (e *ParseError) Error() string {
	if e.Hint == "" {
		return e.Message
	}
	return e.Message + "; " + e.Hint
}

var simple = map[string]arrow.DataType{
	"bool": Bool, "int": Int, "float": Float, "string": String, "bytes": Bytes,
	"timestamp": Timestamp, "date": Date, "duration": Duration,
}

// Words are the names that a type can begin with, in the order in which documentation lists them.
var Words = []string{"bool", "int", "float", "string", "bytes", "timestamp", "date", "duration", "list", "map"}

// Units are the units that timestamp(...) takes.
var Units = []string{"s", "ms", "us", "ns"}

// foreign are words of other systems, and ours for the same.
var foreign = map[string]string{
	"boolean": "bool", "integer": "int", "long": "int", "bigint": "int", "int64": "int", "int32": "int", "short": "int",
	"double": "float", "float64": "float", "float32": "float", "number": "float", "real": "float",
	"text": "string", "varchar": "string", "str": "string", "utf8": "string", "char": "string",
	"binary": "bytes", "blob": "bytes", "datetime": "timestamp", "time": "timestamp", "interval": "duration",
	"array": "list<T>", "object": "map<T>, or a nested map of columns", "struct": "a nested map of columns",
	"record": "a nested map of columns", "dict": "map<T>",
}

// Parse reads the text of a column's type: int, string!, timestamp(ms), list<int>, map<float>. The `!` makes the column
// one that is never null. unit is what [UnitKey] shall hold for the column, "" for none; that of an element of a list or a
// map is kept inside the type. The error is a *[ParseError].
func Parse(text string) (t arrow.DataType, nullable bool, unit string, err error) {
	s := strings.TrimSpace(text)
	nullable = true
	if rest, ok := strings.CutSuffix(s, "!"); ok {
		nullable = false
		s = strings.TrimSpace(rest)
	}
	t, unit, e := parse(s, 0)
	if e != nil {
		return nil, false, "", e
	}
	return t, nullable, unit, nil
}

// Unit is the metadata that makes a decoder read a timestamp as a number of the unit; none for "".
func Unit(unit string) arrow.Metadata {
	if unit == "" {
		return arrow.Metadata{}
	}
	return arrow.NewMetadata([]string{UnitKey}, []string{unit})
}

func parse(s string, depth int) (arrow.DataType, string, *ParseError) {
	if depth > maxDepth {
		return nil, "", &ParseError{Message: "the type is nested too deeply"}
	}
	if s == "" {
		return nil, "", &ParseError{Message: "a type is missing", Hint: "types: " + strings.Join(Words, " ")}
	}
	if strings.HasSuffix(s, "!") {
		return nil, "", &ParseError{Message: `"!" stands once, behind the whole type`}
	}
	if t, ok := simple[s]; ok {
		return t, "", nil
	}
	word, inner, end := cut(s)
	switch {
	case word == "timestamp" && end == ')':
		if u := strings.TrimSpace(inner); slices.Contains(Units, u) {
			return Timestamp, u, nil
		}
		return nil, "", &ParseError{
			Message: `unknown unit in "` + s + `"`,
			Hint:    "units: s ms us ns; plain timestamp reads RFC 3339 text",
		}
	case word == "map" && end == '>' && strings.HasPrefix(strings.TrimSpace(inner), "string,"):
		_, value, _ := strings.Cut(inner, ",")
		return nil, "", &ParseError{
			Message: "the keys of a map are always strings",
			Hint:    "write map<" + strings.TrimSpace(value) + ">",
		}
	case (word == "list" || word == "map") && end == '>':
		elem, unit, err := parse(strings.TrimSpace(inner), depth+1)
		if err != nil {
			return nil, "", err
		}
		f := arrow.Field{Name: "item", Type: elem, Nullable: true, Metadata: Unit(unit)}
		if word == "list" {
			return arrow.ListOfField(f), "", nil
		}
		f.Name = "value"
		return arrow.MapOfFields(arrow.Field{Name: "key", Type: String}, f), "", nil
	case s == "list" || s == "map":
		return nil, "", &ParseError{Message: `"` + s + `" of what?`, Hint: s + "<int>, " + s + "<string>"}
	}
	return nil, "", unknown(s, word)
}

// cut splits `word<inner>` and `word(inner)`; end is the last character, 0 where there is no such form.
func cut(s string) (word, inner string, end byte) {
	at := strings.IndexAny(s, "<(")
	if at < 0 {
		return s, "", 0
	}
	word, last := strings.TrimSpace(s[:at]), len(s)-1
	if (s[at] == '<' && s[last] == '>') || (s[at] == '(' && s[last] == ')') {
		return word, s[at+1 : last], s[last]
	}
	return word, s[at+1:], 0
}

func unknown(s, word string) *ParseError {
	e := &ParseError{Message: `unknown type "` + s + `"`}
	lower := strings.ToLower(word)
	switch {
	case lower == "decimal" || lower == "numeric" || lower == "money":
		e.Message = "there is no decimal type"
		e.Hint = "use int in minor units (cents)"
	case slices.Contains(Words, word):
		e.Message = `"` + s + `" is no type`
		e.Hint = "write " + map[bool]string{true: word + "<int>", false: word}[word == "list" || word == "map"]
		if word == "timestamp" {
			e.Hint = "write timestamp or timestamp(ms)"
		}
	case foreign[lower] != "":
		e.Hint = "write " + foreign[lower]
	default:
		if near := diag.Suggest(lower, Words); near != "" {
			e.Hint = `did you mean "` + near + `"?`
			break
		}
		e.Hint = "types: " + strings.Join(Words, " ")
	}
	return e
}
