package diff

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"flowrun/dag/batch"
	"flowrun/dag/codec"
	"flowrun/dag/plan"
	"flowrun/dag/schema"
	"flowrun/nodes"
)

// columns finds the columns of all records of a format that does not say them, in words of YAML; "": there is no record. A column that is
// not found would not be compared.
func columns(ctx context.Context, path, format string) (string, error) {
	probe, list := parse(ctx, path, format, "{a: string}")
	if probe == nil {
		return "", wrong(path, list)
	}
	f := probe.Nodes[0].Op.(*plan.Scan).Format
	var s *arrow.Schema
	var err error
	if f.Name == "csv" {
		s, err = headers(ctx, path, format)
	} else {
		s, err = members(ctx, path, f)
	}
	if err != nil || s == nil {
		return "", err
	}
	return nodes.SchemaText(s), nil
}

// members finds the columns of formats in which each record says its own.
func members(ctx context.Context, path string, f plan.Format) (*arrow.Schema, error) {
	lines, list := parse(ctx, path, "text", "")
	if lines == nil {
		return nil, wrong(path, list)
	}
	found := codec.NewInference(codec.DecoderOptions{Format: f.Name, Config: f.Config})
	err := (&input{path: path, plan: lines}).each(ctx, func(b *batch.Batch) error {
		values := b.Record.Column(0).(*array.String)
		for i := range b.Rows() {
			if err := found.Add([]byte(values.Value(b.Row(i)))); err != nil {
				return err
			}
		}
		return nil
	})
	var s *arrow.Schema
	if err == nil {
		s, err = found.Schema()
	}
	switch p := (*codec.Problem)(nil); {
	case errors.Is(err, codec.ErrNoRecord):
		return nil, nil
	case errors.As(err, &p):
		return nil, fmt.Errorf("read %s: %s; --schema says which columns there are", path, p.Message)
	}
	return s, err
}

// headers finds the columns of files that say them in their first line. One that is of another type in another file is a text, as far as it
// is not a number in both.
func headers(ctx context.Context, path, format string) (*arrow.Schema, error) {
	all := []string{path}
	if info, err := os.Stat(path); err != nil {
		all, _ = filepath.Glob(path)
	} else if info.IsDir() {
		if all, _, err = files(path); err != nil {
			return nil, err
		}
	}
	var fields []arrow.Field
	for _, name := range all {
		p, list := parse(ctx, name, format, "infer")
		if p == nil {
			if list[0].Code == nodes.CodeSchema && noRecord(ctx, name) {
				continue
			}
			return nil, wrong(name, list)
		}
		for _, f := range p.Nodes[0].Output("").Schema.Fields() {
			f.Metadata = arrow.Metadata{}
			at := slices.IndexFunc(fields, func(g arrow.Field) bool { return g.Name == f.Name })
			switch {
			case at < 0:
				fields = append(fields, f)
			case arrow.TypeEqual(fields[at].Type, f.Type):
			case number(fields[at].Type) && number(f.Type):
				fields[at].Type = schema.Float
			default:
				fields[at].Type = schema.String
			}
		}
	}
	if len(fields) == 0 {
		return nil, nil
	}
	return arrow.NewSchema(fields, nil), nil
}

func number(t arrow.DataType) bool { return t.ID() == arrow.INT64 || t.ID() == arrow.FLOAT64 }

// noRecord reports whether a file has no line behind a header.
func noRecord(ctx context.Context, path string) bool {
	lines, _ := parse(ctx, path, "text", "")
	if lines == nil {
		return false
	}
	n := 0
	err := (&input{path: path, plan: lines}).each(ctx, func(b *batch.Batch) error {
		values := b.Record.Column(0).(*array.String)
		for i := range b.Rows() {
			if values.Value(b.Row(i)) != "" {
				n++
			}
		}
		if n > 1 {
			return errEnough
		}
		return nil
	})
	return err == nil && n <= 1
}
