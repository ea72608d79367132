package columnar

import (
	"fmt"
	"io"

	"github.com/apache/arrow-go/v18/arrow"
)

// File is a file of columns that was looked at. It is used by one goroutine.
type File struct {
	format string
	stored stored
}

// stored is a file as its format has it.
type stored interface {
	// fields are the columns of the file, in its own types.
	fields() []arrow.Field
	// groups are the numbers of rows of its parts; known is false where they are seen only when they are read.
	groups() (rows []int64, known bool)
	// bounds is what is known of a column in a group.
	bounds(group, field int) bounds
	// read reads columns of groups, which follow one another, or of all where they are not known.
	read(fields []int, groups []int) (cursor, error)
}

// cursor gives rows of some columns.
type cursor interface {
	// next gives at least one row and about max at the most, or io.EOF. The arrays are the caller's.
	next(max int) (arrays []arrow.Array, rows int, err error)
	close()
}

// Open looks at a file of size bytes. r is read until the last use of what Open gave, and stays the caller's to close.
func Open(format string, r io.ReaderAt, size int64) (*File, error) {
	f := &File{format: format}
	err := guard(format, func() (err error) {
		section := io.NewSectionReader(r, 0, size)
		if format == parquetFormat {
			f.stored, err = openParquet(section)
		} else {
			f.stored, err = openArrow(section)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return f, nil
}

// Column is a column of a file.
type Column struct {
	Name string
	// Type is the column in flowrun's types; nil: there is none for it.
	Type     arrow.DataType
	Nullable bool
	Why      string // where there is none
}

// Columns are the columns of the file.
func (f *File) Columns() []Column {
	fields := f.stored.fields()
	columns := make([]Column, len(fields))
	for i, field := range fields {
		c := Column{Name: field.Name, Nullable: field.Nullable || field.Type.ID() == arrow.NULL}
		var err error
		if c.Type, err = typeOf(field.Type); err != nil {
			c.Why = err.Error()
		}
		columns[i] = c
	}
	return columns
}

// Schema is the schema of all columns of the file. The error is a *[Problem] that names the first column which has no type
// here; the columns that have one are given all the same.
func (f *File) Schema() (*arrow.Schema, error) {
	var fields []arrow.Field
	var wrong error
	for _, c := range f.Columns() {
		switch {
		case c.Type != nil:
			fields = append(fields, arrow.Field{Name: c.Name, Type: c.Type, Nullable: c.Nullable})
		case wrong == nil:
			wrong = &Problem{Message: fmt.Sprintf("column %q cannot be read: %s", c.Name, c.Why)}
		}
	}
	if len(fields) == 0 && wrong == nil {
		wrong = &Problem{Message: "it has no columns"}
	}
	s := arrow.NewSchema(fields, nil)
	for _, field := range fields {
		if len(s.FieldIndices(field.Name)) > 1 && wrong == nil {
			wrong = &Problem{Message: fmt.Sprintf("two columns are called %q", field.Name)}
		}
	}
	return s, wrong
}
