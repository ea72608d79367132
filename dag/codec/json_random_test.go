package codec

import (
	"fmt"
	"math/rand/v2"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"

	"flowrun/dag/schema"
)

// scribe writes records for a schema: most are rows, some have a value, a member or a byte that should not be there.
type scribe struct {
	*rand.Rand
	strings.Builder
	careless bool // with the record in hand
}

func newScribe(seed uint64) *scribe { return &scribe{Rand: rand.New(rand.NewPCG(seed, 7))} }

// one says yes once in n times.
func (s *scribe) one(n int) bool { return s.IntN(n) == 0 }

// slip says yes once in n times, in a record that is written carelessly.
func (s *scribe) slip(n int) bool { return s.careless && s.one(n) }

func (s *scribe) pick(words ...string) string { return words[s.IntN(len(words))] }

func (s *scribe) space() {
	if s.one(8) {
		s.WriteString(s.pick(" ", "  ", "\t", "\r", " \t \r "))
	}
}

// record is a record without its end.
func (s *scribe) record(fields []arrow.Field) string {
	s.Reset()
	s.careless = s.one(2)
	if s.slip(20) {
		return s.pick("", " ", "\t\r", "null", "[1]", `"text"`, "{", "{}{}", "}", "\xff", "{} ", "nul", "-", "{\"", `{"i"`, `{"i":`, `{"i":1`, `{"i":1,`, `{"i":1}x`)
	}
	s.space()
	s.members(fields)
	s.space()
	out := []byte(s.String())
	if s.slip(6) {
		out[s.IntN(len(out))] = s.pick("\"", "\\", "{", "}", "[", ",", ":", "0", "-", "e", " ", "\x00", "\xc3", "\x7f", "n")[0]
	}
	if s.slip(15) {
		out = out[:s.IntN(len(out))]
	}
	return string(out)
}

func (s *scribe) members(fields []arrow.Field) {
	order := s.Perm(len(fields))
	if s.one(2) {
		for i := range order {
			order[i] = i
		}
	}
	s.WriteByte('{')
	first := true
	begin := func() {
		if !first {
			s.WriteByte(',')
		}
		first = false
		s.space()
	}
	for _, i := range order {
		if s.one(6) && (fields[i].Nullable || s.slip(3)) {
			continue
		}
		for again := true; again; again = s.slip(60) {
			begin()
			s.key(fields[i].Name)
			s.value(fields[i])
		}
		if s.one(10) {
			begin()
			s.key(s.pick("other", "o", "", "äöü", "a key of more than sixteen bytes", "x"+fields[i].Name, strings.Repeat("k", s.IntN(90))))
			s.WriteString(s.any())
		}
		s.space()
	}
	s.WriteByte('}')
}

func (s *scribe) key(name string) {
	if s.one(20) && name != "" {
		name = fmt.Sprintf(`\u%04x`, []rune(name)[0]) + string([]rune(name)[1:])
	}
	s.WriteString(`"` + name + `"`)
	s.space()
	s.WriteByte(':')
	s.space()
}

// any is a value that may be of any type, or none.
func (s *scribe) any() string {
	if s.slip(15) {
		return strings.ReplaceAll(s.pick(invalidValues...), "\n", "")
	}
	return strings.ReplaceAll(s.pick(validValues...), "\n", "")
}

func (s *scribe) value(f arrow.Field) {
	switch {
	case s.one(10) && (f.Nullable || s.slip(2)):
		s.WriteString("null")
		return
	case s.slip(60):
		s.WriteString(s.any())
		return
	}
	switch t := f.Type.(type) {
	case *arrow.BooleanType:
		s.WriteString(s.pick("true", "false"))
	case *arrow.Int64Type:
		s.WriteString(s.int())
	case *arrow.Float64Type:
		s.WriteString(s.float())
	case *arrow.StringType:
		s.WriteString(s.text())
	case *arrow.BinaryType:
		s.WriteString(s.good([]string{`""`, `"YQ=="`, `"Yf9i"`, `"\u0059f9\u0069"`}, `"YQ="`, `"a"`, `"Y\nQ=="`))
	case *arrow.TimestampType:
		if _, ok := f.Metadata.GetValue(schema.UnitKey); ok {
			s.WriteString(s.good([]string{"0", "1767225600000", "1767225600000.25", "-0.1", "1e12"}, "1e300", s.int()))
		} else {
			s.WriteString(s.good([]string{`"2026-01-01T00:00:00Z"`, `"2026-01-01 10:00:00.123456789+01:00"`}, `"1969-12-31T23:59:60Z"`, `"today"`))
		}
	case *arrow.Date32Type:
		s.WriteString(s.good([]string{`"2026-02-28"`, `"2024-02-29"`, `"0001-01-01"`}, `"2023-02-29"`))
	case *arrow.DurationType:
		s.WriteString(s.good([]string{`"1h30m"`, `"-250ms"`, `"0"`, `"2d12h"`}, `"1"`))
	case *arrow.ListType:
		s.WriteByte('[')
		for i := range s.IntN(4) {
			if i > 0 {
				s.WriteByte(',')
			}
			s.space()
			s.value(t.ElemField())
			s.space()
		}
		s.WriteByte(']')
	case *arrow.MapType:
		s.WriteByte('{')
		for i := range s.IntN(20) / 4 {
			if i > 0 {
				s.WriteByte(',')
			}
			key := fmt.Sprint(s.pick("a", "b", "long enough for more than one word", "é"), i)
			if s.slip(5) {
				key = s.pick("a", "b") + "0"
			}
			s.key(key)
			s.value(t.ItemField())
		}
		s.WriteByte('}')
	case *arrow.StructType:
		s.members(t.Fields())
	}
}

// good is one of some values, or, by a slip, of others.
func (s *scribe) good(values []string, others ...string) string {
	if s.slip(8) {
		return s.pick(others...)
	}
	return s.pick(values...)
}

func (s *scribe) int() string {
	switch s.IntN(8) {
	case 0:
		return s.good(
			[]string{"9223372036854775807", "-9223372036854775808", "-0", "0", "99999999", "100000000", "9999999999999999", "10000000000000000"},
			"9223372036854775808", "-9223372036854775809", "18446744073709551616", "99999999999999999999", "1.0", "1e2", "01",
		)
	case 1:
		return fmt.Sprint(int64(s.Uint64()))
	}
	return fmt.Sprint(int64(s.Uint64()) >> s.IntN(64))
}

func (s *scribe) float() string {
	switch s.IntN(8) {
	case 0:
		return s.int()
	case 1:
		return s.good(
			[]string{"1e308", "-1e-400", "0.1234567890123456789012345", "123456789012345678901234567890e-20", "5e-324", "1E+2", "-0.0"},
			"1e309", "1.", "-.5",
		)
	case 2:
		return fmt.Sprintf("%d.%de%d", s.Uint64N(1e9), s.Uint64N(1e12), s.IntN(580)-300)
	}
	return fmt.Sprintf("%.*f", s.IntN(12), (s.Float64()-0.5)*float64(1+s.Uint64N(1e12)))
}

func (s *scribe) text() string {
	out := `"`
	for range s.IntN(7) {
		out += s.pick("a", "plain ", "0123456789abcdef", `\n`, `\"`, `\\`, `\/`, `\u0041`, `\ud83d\ude39`, "é", "東京", "🦉", strings.Repeat("x", s.IntN(40)))
	}
	if s.slip(50) {
		out += s.pick(`\ud800`, "\xff", "\xed\xa0\x80", `\x`, "\x1f", `\u00`)
	}
	return out + `"`
}
