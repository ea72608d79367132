package columnar

import (
	"fmt"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"

	"flowrun/dag/diag"
	"flowrun/dag/schema"
)

// Fitted is a file of which the columns of a schema are to be read.
type Fitted struct {
	file    *File
	schema  *arrow.Schema // of the records
	columns []fitted
}

// fitted is a column of the schema.
type fitted struct {
	name  string
	field int // of the file
	conv  *conversion
	never bool // a null is a fault: the schema rules it out, and the file does not
}

// fails reports whether there may be a fault in the column, as far as the types tell.
func (c *fitted) fails() bool { return c.never || c.conv.mayFail }

// Fit chooses the columns of a schema, which may be some of the file's in any order, and may keep the metadata of
// [schema.UnitKey]. The problems each name the column that does not fit.
func (f *File) Fit(s *arrow.Schema) (*Fitted, []*Problem) {
	fit := &Fitted{file: f, schema: schema.Plain(s)}
	fields := f.stored.fields()
	byName := make(map[string][]int, len(fields))
	names := make([]string, len(fields))
	for i, field := range fields {
		byName[field.Name] = append(byName[field.Name], i)
		names[i] = field.Name
	}
	var problems []*Problem
	report := func(column, hint, format string, args ...any) {
		problems = append(problems, &Problem{Column: column, Hint: hint, Message: fmt.Sprintf(format, args...)})
	}
	for _, want := range s.Fields() {
		at := byName[want.Name]
		switch len(at) {
		case 0:
			hint := "it has: " + listed(names)
			if near := diag.Suggest(want.Name, names); near != "" {
				hint = fmt.Sprintf("did you mean %q? %s", near, hint)
			}
			report(want.Name, hint, "the file has no column %q", want.Name)
			continue
		case 1:
		default:
			report(want.Name, "", "the file has %d columns called %q", len(at), want.Name)
			continue
		}
		field := fields[at[0]]
		own, err := typeOf(field.Type)
		if err != nil {
			report(want.Name, "leave the column out of `schema`, or let who writes the file convert it", "column %q cannot be read: %v", want.Name, err)
			continue
		}
		unit := ""
		if i := want.Metadata.FindKey(schema.UnitKey); i >= 0 {
			unit = want.Metadata.Values()[i]
		}
		if !stands(own, want.Type, unit) {
			report(want.Name, hintFor(want, own, field), "column %q is of type %s in the file, and is declared %s", want.Name, describe(field.Type), schema.Name(want.Type))
			continue
		}
		if path := looser(want.Name, want.Type, own); path != "" {
			report(want.Name, "leave out the ! at "+path, "%s can be null in the file, and is declared to be never null", path)
			continue
		}
		c := fitted{name: want.Name, field: at[0], conv: convert(field.Type, want.Type, unit),
			never: !want.Nullable && (field.Nullable || field.Type.ID() == arrow.NULL)}
		if c.conv == nil {
			report(want.Name, "", "column %q cannot be read: it is of type %s", want.Name, field.Type)
			continue
		}
		fit.columns = append(fit.columns, c)
	}
	if len(problems) > 0 {
		return nil, problems
	}
	return fit, nil
}

// stands reports whether a column of a file may stand for a declared one: it is of that type, or of one that only the reader
// can tell apart.
func stands(own, declared arrow.DataType, unit string) bool {
	switch {
	case schema.Equal(own, declared):
		return true
	case own.ID() == arrow.STRING && declared.ID() == arrow.BINARY, own.ID() == arrow.BINARY && declared.ID() == arrow.STRING:
		return true
	}
	return own.ID() == arrow.INT64 && declared.ID() == arrow.TIMESTAMP && unit != ""
}

func hintFor(want arrow.Field, own arrow.DataType, field arrow.Field) string {
	mark := ""
	if !want.Nullable {
		mark = "!"
	}
	switch {
	case own.ID() == arrow.INT64 && want.Type.ID() == arrow.TIMESTAMP:
		return "say what the number counts: " + want.Name + ": timestamp(ms)" + mark
	case strings.ContainsAny(schema.Name(own), "{"):
		return "write the type that it has, or leave `schema` out: the file says its own"
	}
	return fmt.Sprintf("%s: %s%s, and convert it in a derive", want.Name, schema.Name(own), mark)
}

// looser finds a part of a declared nested type that is never null and may be so in the file. Of whole columns that is
// checked row by row.
func looser(path string, declared, own arrow.DataType) string {
	switch declared := declared.(type) {
	case *arrow.ListType:
		if own, ok := own.(*arrow.ListType); ok {
			return looser(path, declared.Elem(), own.Elem())
		}
	case *arrow.MapType:
		if own, ok := own.(*arrow.MapType); ok {
			return looser(path, declared.ItemType(), own.ItemType())
		}
	case *arrow.StructType:
		own, ok := own.(*arrow.StructType)
		if !ok {
			return ""
		}
		for i, f := range declared.Fields() {
			inner := path + "." + f.Name
			if !f.Nullable && own.Field(i).Nullable {
				return inner
			}
			if found := looser(inner, f.Type, own.Field(i).Type); found != "" {
				return found
			}
		}
	}
	return ""
}

// listed is how many columns a hint lists.
const listedColumns = 20

func listed(names []string) string {
	if more := len(names) - listedColumns; more > 0 {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:listedColumns], ", "), more)
	}
	return strings.Join(names, ", ")
}
