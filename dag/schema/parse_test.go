package schema

import (
	"errors"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
)

func TestParse(t *testing.T) {
	for _, c := range []struct {
		text     string
		t        arrow.DataType
		nullable bool
		unit     string
	}{
		{"int", Int, true, ""},
		{"string!", String, false, ""},
		{" float ! ", Float, false, ""},
		{"timestamp", Timestamp, true, ""},
		{"timestamp(ms)", Timestamp, true, "ms"},
		{"timestamp( ns )!", Timestamp, false, "ns"},
		{"list<int>", List(Int), true, ""},
		{"list< list<bytes> >!", List(List(Bytes)), false, ""},
		{"map<duration>", Map(Duration), true, ""},
	} {
		got, nullable, unit, err := Parse(c.text)
		if err != nil {
			t.Errorf("Parse(%q): %v", c.text, err)
			continue
		}
		if !Equal(got, c.t) || nullable != c.nullable || unit != c.unit {
			t.Errorf("Parse(%q) = %v, %v, %q", c.text, got, nullable, unit)
		}
	}
}

func TestParseKeepsTheUnitOfAnElement(t *testing.T) {
	list, _, unit, err := Parse("list<timestamp(ms)>")
	if err != nil || unit != "" {
		t.Fatal(unit, err)
	}
	if got, _ := list.(*arrow.ListType).ElemField().Metadata.GetValue(UnitKey); got != "ms" {
		t.Errorf("unit of the element: %q", got)
	}
}

func TestParseErrorsSayWhatToDo(t *testing.T) {
	for text, want := range map[string]string{
		"decimal":          "there is no decimal type; use int in minor units (cents)",
		"decimal(10,2)":    "there is no decimal type; use int in minor units (cents)",
		"strng":            `unknown type "strng"; did you mean "string"?`,
		"Timestmap":        `unknown type "Timestmap"; did you mean "timestamp"?`,
		"long":             `unknown type "long"; write int`,
		"DOUBLE":           `unknown type "DOUBLE"; write float`,
		"quaternion":       `unknown type "quaternion"; types: bool int float string bytes timestamp date duration list map`,
		"":                 "a type is missing; types: bool int float string bytes timestamp date duration list map",
		"timestamp(min)":   `unknown unit in "timestamp(min)"; units: s ms us ns; plain timestamp reads RFC 3339 text`,
		"timestamp[ms]":    `unknown type "timestamp[ms]"; did you mean "timestamp"?`,
		"list":             `"list" of what?; list<int>, list<string>`,
		"list<int":         `"list<int" is no type; write list<int>`,
		"list<int!>":       `"!" stands once, behind the whole type`,
		"int!!":            `"!" stands once, behind the whole type`,
		"list<>":           "a type is missing; types: bool int float string bytes timestamp date duration list map",
		"int(64)":          `"int(64)" is no type; write int`,
		"map<decimal>":     "there is no decimal type; use int in minor units (cents)",
		"array<int>":       `unknown type "array<int>"; write list<T>`,
		"timestamp<ms>":    `"timestamp<ms>" is no type; write timestamp or timestamp(ms)`,
		"map<string, int>": "the keys of a map are always strings; write map<int>",
	} {
		_, _, _, err := Parse(text)
		var e *ParseError
		if !errors.As(err, &e) {
			t.Errorf("Parse(%q): %v", text, err)
			continue
		}
		if err.Error() != want {
			t.Errorf("Parse(%q):\n got %s\nwant %s", text, err, want)
		}
	}
	deep := strings.Repeat("list<", 1000) + "int" + strings.Repeat(">", 1000)
	if _, _, _, err := Parse(deep); err == nil || !strings.Contains(err.Error(), "nested too deeply") {
		t.Errorf("deep nesting: %v", err)
	}
}
