package spec

import (
	"errors"
	"fmt"
	"math"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"flowrun/dag/diag"
)

// leaf decodes a single value.
func (d *decoder) leaf(t reflect.Value, v *Value, f field) {
	expression := t.Type() == textType && len(f.enum) == 0
	if v == nil || v.Kind == Null {
		if expression {
			d.add(codeEmpty, d.place(v, f), f.name+" needs an expression", "write one behind the colon: "+f.name+": EXPR")
			return
		}
		d.missing(v, f, "")
		return
	}
	if v.Kind != Scalar {
		hint := "write a single value behind the colon"
		if v.source != "" && (expression || t.Kind() == reflect.String) {
			hint = "if this is meant as one value, quote it: " + f.name + ": " + quoteYAML(v.source)
		}
		d.wrong(v, f, article(wordOf(t.Type(), len(f.enum) > 0)), hint)
		return
	}
	text := v.Text.Value
	if expression {
		if e, ok := d.expression(v, f); ok {
			t.Set(reflect.ValueOf(e))
		}
		return
	}
	if len(f.enum) > 0 && !slices.Contains(f.enum, text) {
		hint := "for instance " + f.name + ": " + f.enum[0]
		if s := diag.Suggest(text, f.enum); s != "" {
			hint = fmt.Sprintf("did you mean %q?", s)
		}
		d.add(codeEnum, v.Text.At, fmt.Sprintf("%s is %q, and has to be one of %s", f.name, text, strings.Join(f.enum, ", ")), hint)
		return
	}
	switch t.Type() {
	case textType:
		t.Set(reflect.ValueOf(v.Text))
		return
	case nameType:
		t.Set(reflect.ValueOf(Name{v.Text}))
		return
	case durationType, goDuration:
		if n, ok := d.duration(v, f); ok {
			t.SetInt(int64(n))
		}
		return
	case sizeType:
		if n, ok := d.size(v, f); ok {
			t.SetInt(int64(n))
		}
		return
	case timeType:
		if at, ok := d.time(v, f); ok {
			t.Set(reflect.ValueOf(at))
		}
		return
	}
	switch t.Kind() {
	case reflect.String:
		t.SetString(text)
	case reflect.Bool:
		d.bool(t, v, f)
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		if n, ok := d.int(v, f); ok && d.within(v, f, float64(n), number) {
			if t.OverflowInt(n) {
				d.outside(v, f, fmt.Sprintf("does not fit %d bits", t.Type().Bits()))
				return
			}
			t.SetInt(n)
		}
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		if n, ok := d.int(v, f); ok && d.within(v, f, float64(n), number) {
			if n < 0 || t.OverflowUint(uint64(n)) {
				most := uint64(math.MaxUint64) >> (64 - t.Type().Bits())
				d.outside(v, f, fmt.Sprintf("has to be from 0 to %d", min(most, math.MaxInt64)))
				return
			}
			t.SetUint(uint64(n))
		}
	case reflect.Float32, reflect.Float64:
		d.float(t, v, f)
	default:
		panic(fmt.Sprintf("spec: no way to decode into %v", t.Type()))
	}
}

func (d *decoder) place(v *Value, f field) diag.Span {
	if f.at.File != "" || v == nil {
		return f.at
	}
	return v.At
}

func (d *decoder) outside(v *Value, f field, rule string) {
	hint := "write another value"
	switch {
	case f.min != "" && f.max != "":
		hint = "write a value from " + f.min + " to " + f.max
	case f.min != "":
		hint = "the smallest value is " + f.min
	case f.max != "":
		hint = "the largest value is " + f.max
	}
	d.add(codeRange, v.Text.At, fmt.Sprintf("%s is %s, and %s", f.name, v.Text.Value, rule), hint)
}

// within holds a value to the field's smallest and largest one.
func (d *decoder) within(v *Value, f field, n float64, parse func(string) float64) bool {
	low, high := f.min != "" && n < parse(f.min), f.max != "" && n > parse(f.max)
	switch {
	case !low && !high:
		return true
	case f.min != "" && f.max != "":
		d.outside(v, f, "has to be from "+f.min+" to "+f.max)
	case low:
		d.outside(v, f, "has to be at least "+f.min)
	default:
		d.outside(v, f, "has to be at most "+f.max)
	}
	return false
}

func number(s string) float64 {
	n, err := strconv.ParseFloat(s, 64)
	if err != nil {
		panic("spec: a bound is no number: " + s)
	}
	return n
}

func duration(s string) float64 {
	n, err := ParseDuration(s)
	if err != nil {
		panic("spec: a bound is no duration: " + s)
	}
	return float64(n)
}

func size(s string) float64 {
	n, err := ParseSize(s)
	if err != nil {
		panic("spec: a bound is no size: " + s)
	}
	return float64(n)
}

// not reports a single value of the wrong type.
func (d *decoder) not(v *Value, f field, wants, hint string) {
	is := strconv.Quote(v.Text.Value)
	if v.Quoted {
		is = "the text " + is
	}
	if len(is) > 80 {
		is = "a long text"
	}
	d.add(codeType, v.Text.At, fmt.Sprintf("%s is %s, and wants %s", f.name, is, wants), hint)
}

func (d *decoder) bool(t reflect.Value, v *Value, f field) {
	text := v.Text.Value
	hint := "write true or false"
	switch {
	case v.Quoted && (text == "true" || text == "false"):
		hint = "write it without quotes: " + f.name + ": " + text
	case text == "true", text == "false":
		t.SetBool(text == "true")
		return
	case slices.Contains([]string{"yes", "on", "y", "True", "TRUE"}, text):
		hint = "write true"
	case slices.Contains([]string{"no", "off", "n", "False", "FALSE"}, text):
		hint = "write false"
	}
	d.not(v, f, "true or false", hint)
}

var (
	intForm   = regexp.MustCompile(`^[-+]?(0|[1-9][0-9]*(_[0-9]+)*|0x[0-9a-fA-F]+(_[0-9a-fA-F]+)*|0o[0-7]+|0b[01]+)$`)
	floatForm = regexp.MustCompile(`^[-+]?([0-9]+(_[0-9]+)*)?\.?[0-9]*([eE][-+]?[0-9]+)?$`)
)

func (d *decoder) int(v *Value, f field) (int64, bool) {
	text := v.Text.Value
	if v.Quoted || !intForm.MatchString(text) {
		hint := "write digits, such as " + f.name + ": " + orNumber(f.min, "10")
		switch {
		case intForm.MatchString(text):
			hint = "write it without quotes: " + f.name + ": " + text
		case len(text) > 1 && strings.Trim(text, "0123456789") == "":
			hint = "write it without the leading 0"
		}
		d.not(v, f, "a whole number", hint)
		return 0, false
	}
	n, err := strconv.ParseInt(strings.ReplaceAll(text, "_", ""), 0, 64)
	if err != nil {
		d.outside(v, f, "does not fit 64 bits")
		return 0, false
	}
	return n, true
}

// orNumber is an example of a number: the smallest one where there is one.
func orNumber(smallest, example string) string {
	if smallest != "" {
		return smallest
	}
	return example
}

func (d *decoder) float(t reflect.Value, v *Value, f field) {
	text := v.Text.Value
	n, err := strconv.ParseFloat(strings.ReplaceAll(text, "_", ""), 64)
	if err != nil && errors.Is(err, strconv.ErrRange) {
		d.outside(v, f, "is too large")
		return
	}
	if v.Quoted || err != nil || !floatForm.MatchString(text) {
		example := "0.5"
		if f.min != "" && number(f.min) > 0.5 {
			example = f.min
		}
		hint := "write digits, such as " + f.name + ": " + example
		if err == nil && floatForm.MatchString(text) {
			hint = "write it without quotes: " + f.name + ": " + text
		}
		d.not(v, f, "a number", hint)
		return
	}
	if d.within(v, f, n, number) {
		t.SetFloat(n)
	}
}

func (d *decoder) duration(v *Value, f field) (time.Duration, bool) {
	n, err := ParseDuration(v.Text.Value)
	if err != nil {
		hint := "write a number with a unit, such as 10s, 500ms, 1m30s, 2h or 1d"
		if errors.Is(err, errNoUnit) {
			hint = fmt.Sprintf("write the unit: %s: %ss", f.name, strings.TrimSpace(v.Text.Value))
		}
		d.add(codeDuration, v.Text.At, fmt.Sprintf("%s is %q, which %v", f.name, v.Text.Value, err), hint)
		return 0, false
	}
	if n < 0 && f.min == "" {
		d.outside(v, f, "cannot be negative")
		return 0, false
	}
	return n, d.within(v, f, float64(n), duration)
}

func (d *decoder) size(v *Value, f field) (Size, bool) {
	n, err := ParseSize(v.Text.Value)
	if err != nil {
		d.add(codeSize, v.Text.At, fmt.Sprintf("%s is %q, which %v", f.name, v.Text.Value, err),
			"write a number of bytes, such as 65536, 64KiB, 1MiB or 10MB")
		return 0, false
	}
	return n, d.within(v, f, float64(n), size)
}

func (d *decoder) time(v *Value, f field) (time.Time, bool) {
	for _, layout := range []string{time.RFC3339Nano, time.DateOnly} {
		if at, err := time.Parse(layout, v.Text.Value); err == nil {
			return at, true
		}
	}
	d.not(v, f, "a time", "write it as 2026-03-01T12:00:00Z, or a date as 2026-03-01")
	return time.Time{}, false
}
