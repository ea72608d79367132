package sqltabletest

import (
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"

	"flowrun/dag/batch"
	"flowrun/dag/op"
	"flowrun/dag/schema"
)

// Columns are nullable columns: "id int".
func Columns(columns ...string) *arrow.Schema {
	types := map[string]arrow.DataType{"bool": schema.Bool, "int": schema.Int, "float": schema.Float, "string": schema.String, "bytes": schema.Bytes,
		"timestamp": schema.Timestamp, "date": schema.Date, "duration": schema.Duration}
	var list []arrow.Field
	for _, c := range columns {
		name, kind, _ := strings.Cut(c, " ")
		list = append(list, arrow.Field{Name: name, Type: types[kind], Nullable: true})
	}
	return arrow.NewSchema(list, nil)
}

// Read gives the rows of a table as it is now, with | between their values.
func Read(t testing.TB, table op.Table) (lines []string, err error) {
	t.Helper()
	err = table.Read(t.Context(), func(rec arrow.RecordBatch) error {
		for row := range int(rec.NumRows()) {
			var text []byte
			for i, c := range rec.Columns() {
				if i > 0 {
					text = append(text, '|')
				}
				text = batch.AppendText(text, c, row)
			}
			lines = append(lines, string(text))
		}
		return nil
	})
	return lines, err
}
