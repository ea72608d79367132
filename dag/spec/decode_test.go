package spec

import (
	"bytes"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"flowrun/dag/diag"
)

// configOf loads the settings of one node.
func configOf(t *testing.T, settings string) *Value {
	t.Helper()
	f, list := Load("f.yaml", []byte("nodes:\n  a:\n    kind: "+settings+"\n"), Options{})
	if len(list) > 0 {
		t.Fatal(list)
	}
	return f.Nodes[0].Config
}

func TestDefaults(t *testing.T) {
	want := rollConfig{10 * time.Second, 128 << 20}
	for _, settings := range []string{"", "{}", "~", "null"} {
		var got rollConfig
		if list := Decode(configOf(t, settings), &got, diag.Span{}, "roll"); len(list) > 0 || got != want {
			t.Errorf("%q: %+v %v", settings, got, list)
		}
	}
	var got rollConfig
	if list := Decode(nil, &got, diag.Span{}, "roll"); len(list) > 0 || got != want {
		t.Errorf("nil: %+v %v", got, list)
	}
	var c socketConfig
	if list := Decode(configOf(t, "{port: 1, host: ~}"), &c, diag.Span{}, "socket"); len(list) > 0 {
		t.Error(list)
	}
	if c.Host != "localhost" || c.Timeout != Duration(5*time.Second) || c.Buffer != 64<<10 || c.OnEOF != "reconnect" || c.Rate != 0.5 ||
		cmp.Diff([]string{"a", "b"}, c.Tags) != "" || c.Roll != nil || c.Options != nil {
		t.Errorf("%+v", c)
	}
}

func TestDecodeEveryType(t *testing.T) {
	var c socketConfig
	list := Decode(configOf(t, `
      host: 127
      port: 0x44_c
      timeout: 1d12h
      buffer: 1.5KiB
      on_eof: "end"
      timestamp: true
      rate: 1e3
      tags: [x, "y", 5]
      start: 2026-03-01
      roll:
      options: {a: b, c: 5}`), &c, diag.Span{}, "socket")
	want := socketConfig{
		Host: "127", Port: 0x44c, Timeout: Duration(36 * time.Hour), Buffer: 1536, OnEOF: "end", Stamp: true, Rate: 1000,
		Tags: []string{"x", "y", "5"}, Start: time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC),
		Roll: &rollConfig{10 * time.Second, 128 << 20}, Options: map[string]string{"a": "b", "c": "5"},
	}
	if diff := cmp.Diff(want, c); diff != "" || len(list) > 0 {
		t.Error(diff, list)
	}
}

type lent struct {
	Lent string `yaml:"lent" default:"x"`
}

func TestDecodeUnusualTypes(t *testing.T) {
	defer func() {
		if r := recover(); r == nil || !strings.Contains(fmt.Sprint(r), "Rolls") {
			t.Errorf("a field without a tag gives %v", r)
		}
	}()
	var c struct {
		lent
		U8     uint8           `yaml:"u8" default:"7"`
		U64    uint64          `yaml:"u64"`
		I8     int8            `yaml:"i8"`
		F32    float32         `yaml:"f32"`
		Name   Name            `yaml:"name"`
		Any    *Value          `yaml:"any"`
		Ptr    *int            `yaml:"ptr"`
		Waits  Duration        `yaml:"waits" min:"-1h"`
		Rolls  []rollConfig    `yaml:"rolls"`
		Modes  []string        `yaml:"modes" enum:"a,b"`
		Nested rollConfig      `yaml:"nested"`
		Sizes  map[string]Size `yaml:"sizes"`
	}
	list := Decode(configOf(t, `{u64: 9223372036854775807, i8: -128, f32: 1.5, name: "${X:-col}", any: [1], ptr: 3, waits: -30m,
      rolls: [{every: 1s}, {}], modes: [a, b], sizes: {x: 1KiB}, lent: y}`), &c, diag.Span{}, "it")
	if len(list) > 0 {
		t.Fatal(list)
	}
	if c.U8 != 7 || c.U64 != math.MaxInt64 || c.I8 != -128 || c.F32 != 1.5 || c.Name.Value != "col" || len(c.Any.Items) != 1 || *c.Ptr != 3 ||
		c.Waits != Duration(-30*time.Minute) || c.Rolls[0].Every != time.Second || c.Rolls[1].Every != 10*time.Second ||
		c.Modes[1] != "b" || c.Nested.Size != 128<<20 || c.Sizes["x"] != 1024 || c.Lent != "y" {
		t.Errorf("%+v", c)
	}
	list = Decode(configOf(t, `{u8: 256, u64: -1, i8: 128, waits: -2h, modes: [c, [a]], rolls: [5, {every: x}], nested: [1], sizes: {x: y}, ptr: z}`),
		&c, diag.Span{}, "it")
	var messages []string
	for _, d := range list {
		messages = append(messages, d.Message)
	}
	want := []string{
		"u8 is 256, and has to be from 0 to 255",
		"u64 is -1, and has to be from 0 to 9223372036854775807",
		"i8 is 128, and does not fit 8 bits",
		`ptr is "z", and wants a whole number`,
		"waits is -2h, and has to be at least -1h",
		"entry 1 of rolls is a single value, and wants a map of settings",
		`every is "x", which is not a duration at "x"`,
		`entry 1 of modes is "c", and has to be one of a, b`,
		"entry 2 of modes is a list, and wants text",
		"nested is a list, and wants a map of settings",
		`x is "y", which is not a size`,
	}
	if diff := cmp.Diff(want, messages); diff != "" {
		t.Error(diff)
	}
	var bad struct{ Rolls []rollConfig }
	Decode(nil, &bad, diag.Span{}, "it")
	t.Error("a field without a tag is taken")
}

func TestBrokenValueIsNotBlamedTwice(t *testing.T) {
	f, list := Load("f.yaml", []byte("nodes:\n  a: {socket: {port: \"${NOT_SET}\"}}\n"), testOptions())
	before := len(list)
	var c socketConfig
	list.Add(Decode(f.Nodes[0].Config, &c, f.Nodes[0].KindAt, "socket")...)
	if before != 1 || len(list) != 1 {
		t.Errorf("%v", list)
	}
	if c.Host != "localhost" {
		t.Error("the defaults are missing")
	}
	if !f.Nodes[0].Config.Get("port").Broken() || !f.Nodes[0].Config.Broken() || f.Nodes[0].Config.Get("none").Broken() {
		t.Error("Broken does not tell")
	}
}

func TestKeys(t *testing.T) {
	var b bytes.Buffer
	for _, into := range []any{new(socketConfig), new(aggregateConfig), new(diag.Text), new(int64), new(Fields), new(Items), new(struct{})} {
		fmt.Fprintf(&b, "%T\n", into)
		var write func(keys []KeyDoc, indent string)
		write = func(keys []KeyDoc, indent string) {
			for _, k := range keys {
				fmt.Fprintf(&b, "%s%q: %s", indent, k.Name, k.Type)
				for _, p := range []struct{ name, value string }{{"doc", k.Doc}, {"default", k.Default}, {"enum", strings.Join(k.Enum, " | ")}, {"min", k.Min}, {"max", k.Max}} {
					if p.value != "" {
						fmt.Fprintf(&b, ", %s %s", p.name, p.value)
					}
				}
				if k.Required {
					b.WriteString(", required")
				}
				b.WriteString("\n")
				write(k.Keys, indent+"  ")
			}
		}
		write(Keys(into), "  ")
	}
	golden(t, "testdata/keys.txt", b.Bytes())
}

func TestParseDuration(t *testing.T) {
	for _, c := range []struct {
		text string
		want time.Duration
	}{
		{"0", 0}, {"-0", 0}, {"10s", 10 * time.Second}, {"1m30s", 90 * time.Second}, {"1d12h", 36 * time.Hour}, {"2w", 14 * 24 * time.Hour},
		{"1.5h", 90 * time.Minute}, {".5s", 500 * time.Millisecond}, {"1.s", time.Second}, {"-1.5s", -1500 * time.Millisecond},
		{"5us", 5 * time.Microsecond}, {"5µs", 5 * time.Microsecond}, {"5μs", 5 * time.Microsecond}, {"7ns", 7}, {" 3ms ", 3 * time.Millisecond},
		{"0.1s", 100 * time.Millisecond}, {"0.000000001s", 1}, {"0.0000000001s", 0}, {"1.123456789s", 1123456789},
		{"0.1w", 16*time.Hour + 48*time.Minute}, {"0.3d", 7*time.Hour + 12*time.Minute}, {"0.007w", 4233600 * time.Millisecond}, {"106751d", 106751 * 24 * time.Hour},
	} {
		if got, err := ParseDuration(c.text); err != nil || got != c.want {
			t.Errorf("ParseDuration(%q) = %v, %v, want %v", c.text, got, err, c.want)
		}
	}
	for text, want := range map[string]string{
		"": "is empty", "-": "is empty", "10": "has no unit", "1.5": "has no unit", "-3": "has no unit", "x": `is not a duration at "x"`,
		"1x": `is not a duration at "1x"`, "1s2": `is not a duration at "2"`, "1 s": `is not a duration at "1 s"`, "1h-2m": `is not a duration at "-2m"`,
		"100000w": "is longer than 292 years", "9223372036854775808ns": "is longer than 292 years", "106751d24h": "is longer than 292 years",
	} {
		if got, err := ParseDuration(text); err == nil || err.Error() != want {
			t.Errorf("ParseDuration(%q) = %v, %v, want %q", text, got, err, want)
		}
	}
}

func TestParseSize(t *testing.T) {
	for text, want := range map[string]Size{
		"0": 0, "65536": 65536, "64KiB": 64 << 10, "1.5MiB": 3 << 19, "10MB": 1e7, "1 GiB": 1 << 30, "2tb": 2e12, "3B": 3, "0.5KiB": 512, "1.0009765625KiB": 1025,
	} {
		if got, err := ParseSize(text); err != nil || got != want {
			t.Errorf("ParseSize(%q) = %v, %v, want %v", text, got, err, want)
		}
	}
	for size, want := range map[Size]string{0: "0", 1000: "1000", 1025: "1025", 64 << 10: "64KiB", 1536 << 20: "1536MiB", 3 << 40: "3TiB"} {
		back, err := ParseSize(size.String())
		if got := size.String(); got != want || err != nil || back != size {
			t.Errorf("%d is written %q, want %q, and read as %d, %v", int64(size), got, want, int64(back), err)
		}
	}
	for _, text := range []string{"", "x", "-1", "1K", "1e3", "9000000TiB", "99999999999999999999", "1KiB2"} {
		if got, err := ParseSize(text); err == nil {
			t.Errorf("ParseSize(%q) = %v, want an error", text, got)
		}
	}
}
