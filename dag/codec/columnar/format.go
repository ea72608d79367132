package columnar

import (
	"fmt"
	"slices"

	"github.com/apache/arrow-go/v18/arrow"

	"flowrun/dag/schema"
)

const (
	parquetFormat = "parquet"
	arrowFormat   = "arrow"
)

// Formats are the names of the formats of this package.
func Formats() []string { return []string{parquetFormat, arrowFormat} }

// Knows reports whether a format is one of this package.
func Knows(format string) bool { return slices.Contains(Formats(), format) }

// Parquet is the options of format parquet. They are for writing: a file says itself how it is to be read.
type Parquet struct {
	Compression  string `yaml:"compression" doc:"how pages are packed" enum:"zstd,snappy,gzip,none" default:"zstd"`
	RowGroupRows int64  `yaml:"row_group_rows" doc:"rows of a row group, which is held in memory until it is full" default:"100000" min:"1"`
}

// Arrow is the options of format arrow. They are for writing.
type Arrow struct {
	Compression string `yaml:"compression" doc:"how buffers are packed" enum:"zstd,lz4,none" default:"none"`
}

// NewConfig returns a pointer to the options of a format, with nothing filled in.
func NewConfig(format string) any {
	if format == parquetFormat {
		return new(Parquet)
	}
	return new(Arrow)
}

// Problem says why something cannot be read or written, and what to do about it.
type Problem struct {
	Message string
	Hint    string // may be empty
	// Column is the column of a declared schema that is at fault, "" where it is none of them.
	Column string
}

func (p *Problem) Error() string {
	if p.Hint == "" {
		return p.Message
	}
	return p.Message + "; " + p.Hint
}

// CheckWrite says why rows of a schema cannot be written in a format, nil where they can.
func CheckWrite(format string, s *arrow.Schema) *Problem {
	if s == nil || s.NumFields() == 0 {
		return &Problem{Message: "format " + format + " needs a column to write"}
	}
	seen := map[string]bool{}
	for _, f := range s.Fields() {
		if seen[f.Name] {
			return &Problem{Message: fmt.Sprintf("format %s tells columns apart by name, and two are called %q", format, f.Name)}
		}
		seen[f.Name] = true
		if why := unwritable(format, f.Type); why != "" {
			return &Problem{Message: fmt.Sprintf("format %s cannot write %s: %s", format, f.Name, why)}
		}
	}
	return nil
}

func unwritable(format string, t arrow.DataType) string {
	switch t := t.(type) {
	case *arrow.ListType:
		return unwritable(format, t.Elem())
	case *arrow.MapType:
		if t.KeyType().ID() != arrow.STRING {
			return "type " + schema.Name(t)
		}
		return unwritable(format, t.ItemType())
	case *arrow.StructType:
		if t.NumFields() == 0 && format == parquetFormat {
			return "it has no fields"
		}
		for _, f := range t.Fields() {
			if why := unwritable(format, f.Type); why != "" {
				return why
			}
		}
		return ""
	}
	for _, simple := range []arrow.DataType{schema.Bool, schema.Int, schema.Float, schema.String, schema.Bytes,
		schema.Timestamp, schema.Date, schema.Duration} {
		if schema.Equal(t, simple) {
			return ""
		}
	}
	return "type " + schema.Name(t)
}
