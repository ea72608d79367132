package nodes

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"

	"flowrun/dag/codec"
	"flowrun/dag/diag"
	"flowrun/dag/plan"
	"flowrun/dag/schema"
	"flowrun/dag/spec"
)

// Format reads `format` for a kind that knows the given ones; def is used where nothing is said.
func (b *Builder) Format(def string, known ...string) plan.Format {
	b.usedFormat = true
	v := b.Node.Format
	if v == nil || v.Kind == spec.Null {
		f := plan.Format{Name: def, At: b.Node.KindAt}
		b.options(&f)
		return f
	}
	f := plan.Format{At: v.At}
	switch {
	case v.Kind == spec.Scalar:
		f.Name, f.At = v.Text.Value, v.Text.At
	case v.Kind == spec.Map && len(v.Entries) == 1:
		e := v.Entries[0]
		f.Name, f.Options, f.At = e.Key, e.Value, e.KeyAt
	default:
		b.Report(diag.Diagnostic{
			Code: CodeFormat, At: v.At,
			Message: "format is a name, or a map of one name to its options",
			Hint:    "format: " + known[0],
		})
		return plan.Format{Name: def, At: v.At}
	}
	if !slices.Contains(known, f.Name) {
		d := diag.Diagnostic{
			Code: CodeFormat, At: f.At,
			Message: fmt.Sprintf("unknown format %q for %s", f.Name, b.Node.Kind),
			Hint:    "known: " + strings.Join(known, ", "),
		}
		if near := diag.Suggest(f.Name, known); near != "" {
			d.Hint = fmt.Sprintf("did you mean %q? %s", near, d.Hint)
		}
		if slices.Contains(codec.FileFormats(), f.Name) {
			d.Message = fmt.Sprintf("%s is a format of whole files, and %s is a stream", f.Name, b.Node.Kind)
			d.Hint = fmt.Sprintf("file: {path: data.%s}; here: %s", f.Name, strings.Join(known, ", "))
		}
		b.Report(d)
		return plan.Format{Name: def, At: f.At}
	}
	b.options(&f)
	return f
}

// options decodes the options of a format into its Config, the defaults where nothing is said.
func (b *Builder) options(f *plan.Format) {
	into := codec.NewConfig(f.Name)
	if into == nil {
		if v := f.Options; v != nil && v.Kind != spec.Null && (len(v.Entries) > 0 || v.Kind != spec.Map) {
			b.Report(diag.Diagnostic{
				Code: CodeFormat, At: v.At,
				Message: fmt.Sprintf("format %s has no options", f.Name),
				Hint:    "format: " + f.Name,
			})
		}
		return
	}
	list := spec.Decode(f.Options, into, f.At, "format "+f.Name)
	b.diags.Add(list...)
	config := reflect.ValueOf(into).Elem().Interface()
	err := codec.CheckConfig(config)
	if list.HasErrors() || err == nil {
		f.Config = config
		return
	}
	d := diag.Diagnostic{Code: CodeFormat, At: f.Options.At, Message: fmt.Sprintf("format %s: %v", f.Name, err)}
	if p := (*codec.Problem)(nil); errors.As(err, &p) {
		d.Message, d.Hint = "format "+f.Name+": "+p.Message, p.Hint
	}
	b.Report(d)
}

// FileFormat is Format for what has a file's extension: in a .tsv tabs stand between the fields of csv, unless `delimiter`
// says otherwise.
func (b *Builder) FileFormat(extension, def string, known ...string) plan.Format {
	f := b.Format(def, known...)
	if c, ok := f.Config.(codec.CSV); ok && strings.EqualFold(extension, ".tsv") && f.Options.Get("delimiter") == nil {
		c.Delimiter = codec.TSV.Delimiter
		f.Config = c
	}
	return f
}

// Schema reads `schema` for rows of the format: text has one column of its own, the others need one. Nil: there was a
// mistake, which has been reported.
func (b *Builder) Schema(f plan.Format) *arrow.Schema {
	b.usedSchema = true
	v := b.Node.Schema
	missing := v == nil || v.Kind == spec.Null
	if f.Name == "text" {
		if !missing {
			b.Report(diag.Diagnostic{
				Code: CodeSchema, At: v.At,
				Message: "format text has one column, value: string, and takes no schema",
				Hint:    "remove `schema`, or say the format: format: json",
			})
			return nil
		}
		return arrow.NewSchema([]arrow.Field{{Name: "value", Type: schema.String, Nullable: true}}, nil)
	}
	if missing {
		b.Report(diag.Diagnostic{
			Code: CodeSchema, At: f.At,
			Message: fmt.Sprintf("format %s needs a schema: which columns there are, and of what type", f.Name),
			Hint:    "schema: {device: string, temp: float, at: timestamp}",
		})
		return nil
	}
	s, list := ReadSchema(v)
	b.diags.Add(list...)
	return s
}

// OwnSchema is Schema for a format that says itself what columns it has, so that `schema` may be left out, or be infer: then
// it is nil, and ok.
func (b *Builder) OwnSchema() (s *arrow.Schema, ok bool) {
	b.usedSchema = true
	v := b.Node.Schema
	if v == nil || v.Kind == spec.Null || isInfer(v) {
		return nil, true
	}
	s, list := ReadSchema(v)
	b.diags.Add(list...)
	return s, s != nil
}

// Column is the place of a column in `schema`, or that of `schema` where it has no such column.
func (b *Builder) Column(name string) diag.Span {
	for _, e := range b.Node.Schema.Entries {
		if strings.TrimSuffix(e.Key, "!") == name {
			return e.KeyAt
		}
	}
	return b.Node.Schema.At
}

// Unused reports the keys beside the kind that the kind has no use for.
func (b *Builder) Unused() {
	report := func(v *spec.Value, key, hint string) {
		if v == nil || v.Kind == spec.Null {
			return
		}
		b.Report(diag.Diagnostic{
			Code: CodeUnusedKey, At: v.At,
			Message: fmt.Sprintf("%s takes no %s", b.Node.Kind, key),
			Hint:    hint,
		})
	}
	if !b.usedFormat {
		report(b.Node.Format, "format", "remove `format`: only what reads or writes bytes has one")
	}
	if !b.usedSchema {
		report(b.Node.Schema, "schema", "remove `schema`: only a source that reads bytes has one, all others follow from what they read")
	}
}
