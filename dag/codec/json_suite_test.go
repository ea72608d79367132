package codec

import (
	"encoding/json"
	"math"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"flowrun/dag/schema"
)

// The public suites of JSON texts have three classes: what every parser must accept, what every parser must reject, and what
// the standard leaves to it. The first two are validValues and invalidValues; these are the third, and what we do.
var leftToUs = []struct {
	text     string
	reason   string // "": accepted where no field is declared
	declared map[string]string
}{
	// Numbers beyond a type are numbers; a field of that type cannot hold them.
	{`123123e100000`, "", map[string]string{"f": OutOfRange, "i": WrongType}},
	{`-123123e100000`, "", map[string]string{"f": OutOfRange}},
	{`0.4e00669999999999999999999999999999999999999999999999999999999999999999999999999999999999999999969999999006`, "", map[string]string{"f": OutOfRange}},
	{`-1e+9999`, "", map[string]string{"f": OutOfRange}},
	{`1.5e+9999`, "", map[string]string{"f": OutOfRange}},
	{`123.456e-789`, "", map[string]string{"f": ""}},
	{`1e-9999`, "", map[string]string{"f": ""}},
	{`-123123123123123123123123123123`, "", map[string]string{"i": OutOfRange, "f": ""}},
	{`100000000000000000000`, "", map[string]string{"i": OutOfRange, "f": ""}},
	{`-237462374673276894279832749832423479823246327846`, "", map[string]string{"i": OutOfRange, "f": ""}},
	// Escapes that are half a surrogate pair stand for no character.
	{`"\uDADA"`, InvalidJSON, map[string]string{"s": InvalidJSON}},
	{`"\uD888\u1234"`, InvalidJSON, nil},
	{`"\uD800\n"`, InvalidJSON, nil},
	{`"\uDd1ea"`, InvalidJSON, nil},
	{`"\uD800\uD800\n"`, InvalidJSON, nil},
	{`"\ud800"`, InvalidJSON, nil},
	{`"\ud800abc"`, InvalidJSON, nil},
	{`"\uDd1e\uD834"`, InvalidJSON, nil},
	{`"\uDFAA"`, InvalidJSON, nil},
	// Only UTF-8 is text: no other encoding, no overlong form, no surrogate, nothing beyond U+10FFFF.
	{"\"\xe6\x97\xa5\xd1\x88\xfa\"", InvalidUTF8, map[string]string{"s": InvalidUTF8}},
	{"\"\xed\xa0\x80\"", InvalidUTF8, nil},
	{"\"\xff\"", InvalidUTF8, nil},
	{"\"\xe9\"", InvalidUTF8, nil},
	{"\"\x81\"", InvalidUTF8, nil},
	{"\"\xf4\xbf\xbf\xbf\"", InvalidUTF8, nil},
	{"\"\xc0\xaf\"", InvalidUTF8, nil},
	{"\"\xfc\x83\xbf\xbf\xbf\xbf\"", InvalidUTF8, nil},
	{"\"\xfc\x80\x80\x80\x80\x80\"", InvalidUTF8, nil},
	{"\"\xe0\xff\"", InvalidUTF8, nil},
	{"\x00\"\x00\xe9\x00\"\x00", InvalidJSON, nil},
	// Nesting is held to a bound, which a record's own object counts for.
	{strings.Repeat("[", maxDepth-1) + strings.Repeat("]", maxDepth-1), "", nil},
	{strings.Repeat("[", maxDepth) + strings.Repeat("]", maxDepth), NestedTooDeep, nil},
	{strings.Repeat("[", 100_000), NestedTooDeep, nil},
	{strings.Repeat(`[{"":`, 50_000), NestedTooDeep, nil},
	// A key may come twice where nobody asked for it; of a declared field there is one.
	{`{"a":"b","a":"c"}`, "", map[string]string{"m": DuplicateKey}},
	{`{"s":"b","s":"b"}`, "", map[string]string{"o": DuplicateKey, "m": DuplicateKey}},
}

func TestWhatTheStandardLeavesToUs(t *testing.T) {
	reason := func(record string) string {
		_, rejects := taken(t, decoder(t, "json", fuzzed), record)
		if len(rejects) == 0 {
			return ""
		}
		d := decoder(t, "json", fuzzed).(Bulk)
		if n := d.DecodeLines([]byte(record+"\n"), 10, math.MaxInt); n != len(record)+1 || d.Pending() != 1 {
			t.Errorf("%.60q: DecodeLines took %d bytes and has %d records", record, n, d.Pending())
		}
		return rejects[0].Reason
	}
	for _, c := range leftToUs {
		if got := reason(`{"other":` + c.text + `}`); got != c.reason {
			t.Errorf("%.60q: %q, want %q", c.text, got, c.reason)
		}
		for name, want := range c.declared {
			if got := reason(`{"` + name + `":` + c.text + `}`); got != want {
				t.Errorf("%.60q as %s: %q, want %q", c.text, name, got, want)
			}
		}
	}
	for _, record := range []string{"\ufeff{}", "{}\ufeff", "\xfe\xff\x00{\x00}", "{\x00}\x00"} {
		if got := reason(record); got != InvalidJSON {
			t.Errorf("%q: %q", record, got)
		}
	}
}

// What the suites ask for is what encoding/json does too, so the tables cannot be wrong by a slip of ours.
func TestTheSuitesAgreeWithTheLibrary(t *testing.T) {
	for _, v := range validValues {
		if !json.Valid([]byte(v)) || !utf8.ValidString(v) {
			t.Errorf("not valid: %q", v)
		}
	}
	for _, v := range invalidValues {
		if json.Valid([]byte(v)) && utf8.ValidString(v) && !halfSurrogate([]byte(v)) {
			t.Errorf("valid: %q", v)
		}
	}
}

// Numbers of every number of digits, and next to the limits of 64 bits and of floats, as ints and as floats.
func TestNumbersAtTheirLimits(t *testing.T) {
	s := arrow.NewSchema([]arrow.Field{column("i", schema.Int), column("f", schema.Float)}, nil)
	d := decoder(t, "json", s).(Bulk)
	check := func(text string) {
		t.Helper()
		// What stands behind a number in memory must not become a part of it.
		for _, end := range []string{"}", " }", ",\"x\":123456789}", "\t,\"y\":\"1\"}"} {
			for _, name := range []string{"i", "f"} {
				line := `{"` + name + `":` + text + end + "\n"
				if d.DecodeLines([]byte(line+strings.Repeat("1234567890", 8)), 1, 1000) != len(line) {
					t.Fatalf("%s: not taken", text)
				}
				b := d.Batch(noon)
				var ok bool
				var want, got any
				if name == "i" {
					v, err := strconv.ParseInt(text, 10, 64)
					want, ok = v, err == nil
				} else {
					v, err := strconv.ParseFloat(text, 64)
					want, ok = math.Float64bits(v), err == nil
				}
				switch {
				case ok != (b.Rows() == 1):
					t.Errorf("%s as %s: row %v, rejects %v", text, name, b.Rows() == 1, b.Rejects)
				case !ok && b.Rejects[0].Reason != OutOfRange && b.Rejects[0].Reason != WrongType:
					t.Errorf("%s as %s: %v", text, name, b.Rejects)
				case ok:
					if name == "i" {
						got = b.Record.Column(0).(*array.Int64).Value(0)
					} else {
						got = math.Float64bits(b.Record.Column(1).(*array.Float64).Value(0))
					}
					if got != want {
						t.Errorf("%s as %s is %v, want %v", text, name, got, want)
					}
				}
				b.Release()
			}
		}
	}
	for n := 1; n <= 22; n++ {
		for _, digits := range []string{strings.Repeat("9", n), "1" + strings.Repeat("0", n-1), strings.Repeat("1234567890", 3)[:n]} {
			for _, sign := range []string{"", "-"} {
				check(sign + digits)
				for _, behind := range []string{".5", ".0", ".25", ".123456789012345678", "e0", "e-3", "E+5", ".75e2", ".00000001"} {
					check(sign + digits + behind)
				}
				check(sign + "0." + digits)
			}
		}
	}
	for _, text := range []string{
		"9223372036854775807", "9223372036854775808", "-9223372036854775808", "-9223372036854775809", "18446744073709551615", "18446744073709551616",
		"99999999999999999999", "9007199254740991", "9007199254740992", "9007199254740993", "9007199254740993.0", "1e22", "1e23", "9007199254740991e22",
		"1.7976931348623157e308", "1.7976931348623159e308", "5e-324", "2.4703282292062327e-324", "2.2250738585072011e-308", "2.2250738585072014e-308",
		"0.1", "0.2", "0.3", "8.5", "123456.7", "1234567.8", "12345678.9", "-0", "-0.0", "0e999999999999", "0.000000000000000000000000000000e400",
	} {
		check(text)
	}
}
