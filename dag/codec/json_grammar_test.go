package codec

import (
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"

	"flowrun/dag/schema"
)

// The classes of the public JSON parsing test suites, as values of a member that is not declared and of an object.
var validValues = []string{
	`[]`, `[ ]`, `[""]`, `["a"]`, `[false]`, `[null, 1, "1", {}]`, `[null]`, "[1\n]", ` [1]`, `[1,null,null,null,2]`, `[2] `,
	`[123e65]`, `[0e+1]`, `[0e1]`, `[ 4]`, `[-0.000000000000000000000000000000000000000000000000000000000000000000000000000001]`,
	`[20e1]`, `[-0]`, `[-123]`, `[-1]`, `[1E22]`, `[1E-2]`, `[1E+2]`, `[123e45]`, `[123.456e78]`, `[1e-2]`, `[1e+2]`,
	`[123]`, `[123.456789]`, `[1e9999]`, `[-1e-9999]`, `[18446744073709551616]`,
	`{"asd":"sdf", "dfg":"fgh"}`, `{"a":"b","a":"c"}`, `{}`, `{"":0}`, `{"foo\u0000bar": 42}`, `{ "min": -1.0e+28, "max": 1.0e+28 }`,
	`{"a":[]}`, "{\n\"a\": \"b\"\n}", `{"title":"\u041f\u043e\u043b"}`,
	`["\u0060\u012a\u12AB"]`, `["\uD801\udc37"]`, `["\ud83d\ude39\ud83d\udc8d"]`, `["\"\\\/\b\f\n\r\t"]`, `["\\u0000"]`, `["\""]`,
	`["a/*b*/c/*d//e"]`, `["\\a"]`, `["\\n"]`, `["\u0012"]`, `["\uFFFF"]`, `["\uDBFF\uDFFF"]`, `["new\u00A0line"]`, "[\"\u2028\u2029\"]",
	"[\"\x7f\"]", "[\"\U0010ffff\"]", "[\"\ufdd0\"]", `["\u0000"]`, `["\uFDD0"]`, `[" "]`, `["\uD834\uDd1e"]`, "[\"€𝄞\"]",
	`"space\u0020"`, `42`, `-0.1`, `null`, `true`, `"asd"`, `[[[[]]]]`, "\t[]", `1.5`, "[\r\n\t 1 ]",
}

var invalidValues = []string{
	// structure
	``, `[`, `]`, `[}`, `{]`, `[1`, `[1,`, `[1,]`, `[,1]`, `[1,,2]`, `[""`, `["",]`, `["x"]]`, `["": 1]`, `[1 true]`, `[3[4]]`, `[:]`, `[,]`,
	`["a"`, "[1,\n1\n,1", `[{}`, `[*]`, `{`, `{"a"}`, `{"a":`, `{"a" b}`, `{"a"::"b"}`, `{"a":1 "b":2}`, `{"a":1,}`, `{,"a":1}`,
	`{"a":1,,"b":2}`, `{1:1}`, `{a: 1}`, `{'a':0}`, `{"a":"a" 123}`, `{"a": true} "x"`, `{null:null}`, `{[]: 1}`, `{"x", null}`,
	`{"a":/*comment*/"b"}`, `{"a":"b"}/**/`, `{"a":"b"}//`, `{"a":"b"}#`, `{}}`, `[]]`, `[1]x`, `[1]1`, `<null>`, `[<null>]`, `🦉`,
	`{"id":0,,,,,}`, `{"asd":"asd"`, `[]` + "\u00a0", "\u2060[]", "\x0c[]", "[\x0b1]", "\x00", `[` + "\x00" + `]`, `aå`, `*`, `[1]` + "\xef\xbb\xbf",
	// numbers
	`[-]`, `[+1]`, `[++1234]`, `[-01]`, `[-1.0.]`, `[-2.]`, `[.-1]`, `[.2e-3]`, `[0.1.2]`, `[0.3e+]`, `[0.3e]`, `[0.e1]`, `[0E+]`, `[0E]`,
	`[0e+]`, `[0e]`, `[1.0e+]`, `[1.0e-]`, `[1.0e]`, `[1 000.0]`, `[1eE2]`, `[2.e+3]`, `[2.e-3]`, `[2.e3]`, `[9.e+]`, `[Inf]`, `[NaN]`,
	`[-Infinity]`, `[Infinity]`, `[-NaN]`, `[0x1]`, `[0x42]`, `[1+2]`, `[- 1]`, `[-012]`, `[-.123]`, `[-1x]`, `[1ea]`, `[1.]`, `[.123]`,
	`[1.2a-3]`, `[1.8011670033376514H-308]`, `[012]`, `[00]`, `[1_000]`, `[１]`, `[0.]`, `-`, `1e`, `1.`, `01`,
	// literals
	`[nul]`, `[tru]`, `[fals]`, `[True]`, `[NULL]`, `nul`, `[truth]`, `tru`, `f`,
	// strings
	`"`, `["`, `["asd]`, `'x'`, `['single']`, `["\x00"]`, `["\a"]`, `["\` + "\t" + `"]`, `["\🌀"]`, `["\"]`, `["\u00A"]`, `["\u00G0"]`, `["\u"]`,
	`["\uD834\uDd"]`, `["\uD800\u"]`, `["\uD800\u1"]`, `["\uD800\u1x"]`, `["\ `, `["\\\"]`, `["\{"]`, "[\"a\x00a\"]", "[\"new\nline\"]",
	"[\"\t\"]", "[\"\x1f\"]", `"\UA66D"`, `abc`, `[abc]`, `"abc" d`, `["a\` + "\n" + `"]`,
	// half surrogates: grammatical, but no text
	`["\uDADA"]`, `["\ud800"]`, `["\ud800abc"]`, `["\uDC00"]`, `["\uDd1e\uD834"]`, `["\uD888\u1234"]`, `["\uD800\uD800\n"]`, `["\uD800\n"]`,
	// no UTF-8
	"[\"\xff\"]", "[\"\xc0\xaf\"]", "[\"\xe0\x80\xaf\"]", "[\"\xed\xa0\x80\"]", "[\"\xf4\x90\x80\x80\"]", "[\"\x81\"]", "[\"\xe6\x97\"]",
	"[\"\xfc\x80\x80\x80\x80\xaf\"]", "[\xe5]", "{\"\xb9\":\"0\"}", "[\"a\xe5\"]", "[1\xe5]", "[1e1\xe5]", "[\"\\u\xe5\"]", "[\"\\\xe5\"]",
}

func TestGrammar(t *testing.T) {
	s := arrow.NewSchema([]arrow.Field{column("a", schema.Int)}, nil)
	d := decoder(t, "json", s)
	accepts := func(record string) bool {
		rows, rejects := taken(t, d, record)
		if len(rows)+len(rejects) != 1 {
			t.Errorf("%q has %d rows and %d rejects", record, len(rows), len(rejects))
		}
		return len(rows) == 1
	}
	for _, v := range validValues {
		for _, record := range []string{`{"other":` + v + `}`, `{"a":1,"other":` + v + `, "b":2}`, ` {"nested":{"x":[` + v + "]}}\t"} {
			if !accepts(record) {
				t.Errorf("rejected: %q", record)
			}
		}
	}
	for _, v := range invalidValues {
		for _, record := range []string{`{"other":` + v + `}`, `{"a":1,"other":` + v + `, "b":2}`, ` {"nested":{"x":[` + v + "]}}\t"} {
			if v == "" && strings.Contains(record, "[]") {
				continue
			}
			if accepts(record) {
				t.Errorf("accepted: %q", record)
			}
		}
	}
}

// The same in places that are declared: what is no JSON is rejected there too, whatever the type.
func TestGrammarOfDeclaredFields(t *testing.T) {
	for _, f := range everything.Fields() {
		d := decoder(t, "json", arrow.NewSchema([]arrow.Field{f}, nil))
		for _, v := range invalidValues {
			record := `{"` + f.Name + `":` + v + `}`
			if rows, rejects := taken(t, d, record); len(rows) != 0 || len(rejects) != 1 {
				t.Errorf("accepted: %q", record)
			}
		}
	}
}

func TestTruncatedRecordsAreRejected(t *testing.T) {
	record := `{"b":true,"i":-12,"f":1.5e-3,"s":"a\u0041\n","raw":"YQ==","at":"2026-01-01T00:00:00Z","ms":12,"day":"2026-01-01",` +
		`"took":"1s","list":[1,2],"lists":[["a"]],"map":{"k":1},"pos":{"name":"x"},"items":[{"sku":"a"}],"other":{"x":[null,false]}}`
	d := decoder(t, "json", everything)
	if rows, rejects := taken(t, d, record); len(rows) != 1 {
		t.Fatalf("%+v", rejects)
	}
	for n := 1; n < len(record); n++ {
		if rows, rejects := taken(t, d, record[:n]); len(rows) != 0 || len(rejects) != 1 {
			t.Errorf("accepted: %s", record[:n])
		}
	}
	if rows, _ := taken(t, d, record); len(rows) != 1 {
		t.Error("the record is no longer accepted")
	}
}
