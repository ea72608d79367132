// Package parse is the kind that makes columns of the texts in a column.
package parse

import (
	_ "embed"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"

	"flowrun/dag/codec"
	"flowrun/dag/diag"
	"flowrun/dag/plan"
	"flowrun/dag/schema"
	"flowrun/dag/spec"
	"flowrun/nodes"
)

// Config is the settings of a parse.
type Config struct {
	Column    spec.Name   `yaml:"column" doc:"the column of texts" default:"value"`
	As        string      `yaml:"as" doc:"what the texts are" enum:"json,csv,regex,kv" required:"true"`
	Pattern   string      `yaml:"pattern" doc:"of regex: an RE2 expression; each named group, (?P<name>...), is a column"`
	Schema    *spec.Value `yaml:"schema" doc:"the columns to make and their types; a group of a regex that it does not name is a string"`
	Delimiter string      `yaml:"delimiter" doc:"of csv and kv: what stands between two fields; a comma in csv and blanks in kv unless said"`
	Assign    string      `yaml:"assign" doc:"of kv: what stands between a key and its value; = unless said"`
	Keep      bool        `yaml:"keep" doc:"keep the column of texts as well"`
}

//go:embed doc.md
var doc string

func init() {
	nodes.Register(nodes.Kind[Config]{Name: "parse", Role: nodes.Transform, Doc: doc, Lanes: true, Lower: lower})
}

func lower(b *nodes.Builder, c Config) plan.Op {
	o := &plan.Parse{Column: c.Column.Text, As: c.As, Keep: c.Keep}
	if !o.Column.At.Known() {
		o.Column.At = b.Config()
	}
	ok := options(b, c, o)
	declared, declares := fields(b, c.Schema)
	if c.As == "regex" {
		ok = pattern(b, c, o, declared) && ok
	} else {
		o.Schema = declared
		switch {
		case c.Pattern != "":
			b.Wrong("pattern", c.As+" takes no pattern", "remove `pattern`, or say as: regex")
			ok = false
		case !declares:
			b.Wrong("as", fmt.Sprintf("parse as %s needs a schema: which columns to make, and of what type", c.As), "schema: {status: int, path: string}")
			ok = false
		}
	}
	if !ok || o.Schema == nil {
		return nil
	}
	return o
}

// fields reads the schema, nil where there is none or it is wrong; declares says that there is one.
func fields(b *nodes.Builder, v *spec.Value) (s *arrow.Schema, declares bool) {
	if v == nil || v.Kind == spec.Null {
		return nil, false
	}
	s, list := nodes.ReadSchema(v)
	for _, d := range list {
		b.Report(d)
	}
	return s, true
}

// options checks the signs that csv and kv take.
func options(b *nodes.Builder, c Config, o *plan.Parse) bool {
	var config any
	switch c.As {
	case "csv":
		csv := codec.CSV{Delimiter: codec.DefaultCSV.Delimiter}
		if c.Delimiter != "" {
			csv.Delimiter = c.Delimiter
		}
		config = csv
	case "kv":
		kv := codec.DefaultKV
		if c.Delimiter != "" {
			kv.Delimiter = c.Delimiter
		}
		if c.Assign != "" {
			kv.Assign = c.Assign
		}
		config = kv
	}
	o.Config = config
	if _, kv := config.(codec.KV); c.Assign != "" && !kv {
		b.Wrong("assign", c.As+" takes no assign", "remove `assign`, or say as: kv")
		return false
	}
	if config == nil && c.Delimiter != "" {
		b.Wrong("delimiter", c.As+" takes no delimiter", "remove `delimiter`, or say as: csv")
		return false
	}
	var p *codec.Problem
	if err := codec.CheckConfig(config); errors.As(err, &p) {
		key := "delimiter"
		if strings.HasPrefix(p.Message, "assign") {
			key = "assign"
		}
		b.Wrong(key, p.Message, p.Hint)
		return false
	}
	return true
}

// pattern compiles the expression, whose groups give the columns.
func pattern(b *nodes.Builder, c Config, o *plan.Parse, declared *arrow.Schema) bool {
	if c.Pattern == "" {
		b.Wrong("as", "parse as regex needs a pattern", `pattern: '^(?P<ip>\S+) (?P<path>\S+)$'`)
		return false
	}
	re, err := regexp.Compile(c.Pattern)
	if err != nil {
		message := strings.TrimPrefix(err.Error(), "error parsing regexp: ")
		b.Wrong("pattern", "the pattern is no regular expression: "+message, "it is RE2: no look-around and no back-references; write it in single quotes")
		return false
	}
	o.Pattern = re
	var names []string
	var made []arrow.Field
	for _, name := range re.SubexpNames() {
		if name == "" {
			continue
		}
		if slices.Contains(names, name) {
			b.Wrong("pattern", fmt.Sprintf("two groups are named %q", name), "give one of them another name")
			return false
		}
		names = append(names, name)
		f := arrow.Field{Name: name, Type: schema.String, Nullable: true}
		if declared != nil && declared.HasField(name) {
			f = declared.Field(declared.FieldIndices(name)[0])
		}
		made = append(made, f)
	}
	if len(names) == 0 {
		b.Wrong("pattern", "no group of the pattern has a name, so it makes no column", `name what you want: (?P<status>\d+)`)
		return false
	}
	o.Schema = arrow.NewSchema(made, nil)
	if declared == nil {
		return true
	}
	ok := true
	for i, f := range declared.Fields() {
		if slices.Contains(names, f.Name) {
			continue
		}
		hint := "the groups are: " + strings.Join(names, ", ")
		if near := diag.Suggest(f.Name, names); near != "" {
			hint = fmt.Sprintf("did you mean %q? %s", near, hint)
		}
		at := c.Schema.At
		if i < len(c.Schema.Entries) {
			at = c.Schema.Entries[i].KeyAt
		}
		b.Report(diag.Diagnostic{Code: nodes.CodeSetting, At: at, Message: fmt.Sprintf("the pattern has no group %q", f.Name), Hint: hint})
		ok = false
	}
	return ok
}
