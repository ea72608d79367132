package pipetest

import (
	"encoding/base64"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/apache/arrow-go/v18/arrow"

	"flowrun/dag/batch"
	"flowrun/dag/diag"
	"flowrun/dag/schema"
	"flowrun/dag/spec"
)

// cells reads values, as they are written in a test, into columns: a scalar is read from its text by the column's type.
// What does not fit is reported and becomes null, so that columns keep the same length.
type cells struct{ list *diag.List }

func (r cells) wrong(v *spec.Value, name string, t arrow.DataType, hint string) {
	is := v.Kind.String()
	if v.Kind == spec.Scalar {
		is = strconv.Quote(v.Text.Value)
	}
	r.list.Add(diag.Diagnostic{Code: CodeRow, At: v.At, Hint: hint,
		Message: fmt.Sprintf("%s is %s, and the column is %s", name, is, article(schema.Name(t)))})
}

func article(word string) string {
	if strings.ContainsAny(word[:1], "aeiou") {
		return "an " + word
	}
	return "a " + word
}

// examples show how a type is written.
var examples = map[string]string{
	"bool": "true or false", "int": "42", "float": "1.5", "timestamp": "2026-01-01T00:00:00Z", "date": "2026-01-01", "duration": "1m30s",
}

// read appends v to c; name is the column, with what leads to it inside.
func (r cells) read(c *batch.Column, v *spec.Value, name string) {
	t := c.Type()
	if v == nil || v.Kind == spec.Null || v.Broken() {
		c.AppendNull()
		return
	}
	fits := false
	switch t := t.(type) {
	case *arrow.ListType:
		if v.Kind == spec.List {
			for i, item := range v.Items {
				r.read(c.Elem(), item, fmt.Sprintf("%s[%d]", name, i))
			}
			fits = true
		}
	case *arrow.MapType:
		if v.Kind == spec.Map {
			for _, e := range v.Entries {
				c.Key().AppendString(e.Key)
				r.read(c.Value(), e.Value, name+"."+e.Key)
			}
			fits = true
		}
	case *arrow.StructType:
		if v.Kind == spec.Map {
			r.fields(c, t, v, name)
			fits = true
		}
	default:
		if v.Kind == spec.Scalar && scalar(c, t, v) {
			return
		}
		r.wrong(v, name, t, "write "+examples[schema.Name(t)])
		c.AppendNull()
		return
	}
	if !fits {
		r.wrong(v, name, t, "write a list as [a, b], a map or struct as {key: value}")
		c.AppendNull()
		return
	}
	c.Append()
}

func (r cells) fields(c *batch.Column, t *arrow.StructType, v *spec.Value, name string) {
	var known []string
	for i, f := range t.Fields() {
		known = append(known, f.Name)
		r.read(c.Field(i), v.Get(f.Name), name+"."+f.Name)
	}
	for _, e := range v.Entries {
		if !slices.Contains(known, e.Key) {
			r.unknown(e, name, known)
		}
	}
}

// unknown reports a column, or a field of a struct, that is not there.
func (r cells) unknown(e spec.Entry, of string, known []string) {
	hint := of + " has: " + strings.Join(known, ", ")
	if near := diag.Suggest(e.Key, known); near != "" {
		hint = fmt.Sprintf("did you mean %q? %s", near, hint)
	}
	r.list.Add(diag.Diagnostic{Code: CodeRow, At: e.KeyAt, Hint: hint, Message: fmt.Sprintf("%s has no column %q", of, e.Key)})
}

// scalar appends a single value if its text is one of the type.
func scalar(c *batch.Column, t arrow.DataType, v *spec.Value) bool {
	text := v.Text.Value
	switch t.ID() {
	case arrow.BOOL:
		if text != "true" && text != "false" {
			return false
		}
		c.AppendBool(text == "true")
	case arrow.INT64:
		n, err := strconv.ParseInt(strings.ReplaceAll(text, "_", ""), 10, 64)
		if err != nil {
			return false
		}
		c.AppendInt(n)
	case arrow.FLOAT64:
		n, ok := float(text)
		if !ok {
			return false
		}
		c.AppendFloat(n)
	case arrow.STRING:
		c.AppendString(text)
	case arrow.BINARY:
		coded, ok := strings.CutPrefix(text, "base64:")
		if !ok {
			c.AppendString(text)
			break
		}
		b, err := base64.StdEncoding.DecodeString(coded)
		if err != nil {
			return false
		}
		c.AppendBytes(b)
	case arrow.TIMESTAMP:
		at, ok := moment(text)
		if !ok {
			return false
		}
		c.AppendInt(at.UnixMicro())
	case arrow.DATE32:
		at, err := time.Parse(time.DateOnly, text)
		if err != nil {
			return false
		}
		c.AppendInt(batch.Days(int64(at.Year()), int(at.Month()), at.Day()))
	case arrow.DURATION:
		d, err := spec.ParseDuration(text)
		if err != nil {
			return false
		}
		c.AppendInt(d.Microseconds())
	default:
		return false
	}
	return true
}

// float reads a number; besides digits, the names of what is no number, as YAML and as our formats write them.
func float(text string) (float64, bool) {
	switch strings.ToLower(strings.TrimLeft(text, "+-.")) {
	case "nan":
		return math.NaN(), true
	case "inf", "infinity":
		if strings.HasPrefix(text, "-") {
			return math.Inf(-1), true
		}
		return math.Inf(1), true
	}
	n, err := strconv.ParseFloat(strings.ReplaceAll(text, "_", ""), 64)
	return n, err == nil
}

// moment reads a timestamp: RFC 3339, with a space for the T if one likes, or a date, which is its midnight.
func moment(text string) (time.Time, bool) {
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02 15:04:05Z07:00", time.DateOnly} {
		if at, err := time.Parse(layout, text); err == nil {
			return at.UTC(), true
		}
	}
	return time.Time{}, false
}
